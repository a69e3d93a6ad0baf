/**
 * `atoll import FILE --to URL`: a catalog file into a node, with a progress bar.
 *
 * It can be interrupted and run again: it goes on after the last line that was answered. Whatever
 * the file's size, it holds a few batches of products and the first rejections.
 */

import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { formatOf } from '../catalog/files/format.ts'
import { exponentOf } from '../catalog/money.ts'
import { ok, refused, type Result } from '../result.ts'
import {
  checkpointPath,
  identify,
  readCheckpoint,
  removeCheckpoint,
  writeCheckpoint,
  type Checkpoint,
} from './checkpoint.ts'
import {
  exitCodes,
  isSystemError,
  nodeUrl,
  parseCommand,
  printable,
  type CommandDeps,
  type ProcessDeps,
} from './command.ts'
import { countOf, importStream, type ImportTally } from './import-stream.ts'
import { createNodeClient, type Credentials } from './node-client.ts'
import type { CallFailure } from './patient-fetch.ts'
import { createProgress, durationText } from './progress.ts'
import { createRejectsFile } from './rejects-file.ts'

export const importUsage = `atoll import FILE --to URL [options]

  FILE             NDJSON (one product a line) or Shopify product CSV
  --to URL         the node, such as http://127.0.0.1:4001
  --email TEXT     an admin of the node (or ATOLL_ADMIN_EMAIL)
  --password TEXT  and the password (or ATOLL_ADMIN_PASSWORD)
  --token TEXT     an access token instead of both
  --currency CODE  of the prices in a CSV file (USD)
  --rejects FILE   writes every rejected line and its reason there
  --state DIR      keeps the place to go on from there and not beside FILE
`

export interface ImportOptions {
  readonly file: string
  readonly to: URL
  readonly credentials: Credentials
  readonly concurrency?: number
  readonly currency?: string
  readonly rejects?: string
  readonly state?: string
}

export type ImportFailure =
  | CallFailure
  /** The file cannot be read, or is no catalog. */
  | { readonly kind: 'unreadable'; readonly detail: string }

/** Runs the command and answers its exit code. */
export const importCommand = async (
  deps: ProcessDeps,
  args: readonly string[],
): Promise<number> => {
  const parsed = parseImport(deps, args)
  if (!parsed.ok) {
    deps.stderr.write(`atoll import: ${parsed.refusal}\n\n${importUsage}`)
    return exitCodes.failed
  }
  if (parsed.value === 'help') {
    deps.stdout.write(importUsage)
    return exitCodes.done
  }
  deps.keepHeapSmall()
  const startMs = deps.clock.now()
  const result = await importCatalog(deps, parsed.value)
  if (!result.ok) {
    deps.stderr.write(`atoll import: ${printable(result.refusal.detail)}\n`)
    if (result.refusal.kind === 'interrupted') return exitCodes.interrupted
    return exitCodes.failed
  }
  report(deps, { tally: result.value, elapsedMs: deps.clock.now() - startMs })
  return result.value.rejected > 0 ? exitCodes.rejected : exitCodes.done
}

const parseImport = (
  { env }: CommandDeps,
  args: readonly string[],
): Result<ImportOptions | 'help', string> => {
  const parsed = parseCommand(args, {
    to: { type: 'string' },
    token: { type: 'string' },
    email: { type: 'string' },
    password: { type: 'string' },
    currency: { type: 'string' },
    rejects: { type: 'string' },
    state: { type: 'string' },
    help: { type: 'boolean' },
  })
  if (!parsed.ok) return parsed
  const { values, positionals } = parsed.value
  if (values.help) return ok('help')
  const [file, ...others] = positionals
  if (file === undefined || others.length > 0) return refused('one FILE is needed')
  if (values.to === undefined) return refused('--to URL is needed')
  const to = nodeUrl(values.to)
  if (!to.ok) return to
  const { token, currency, rejects, state } = values
  if (currency !== undefined && exponentOf(currency) === undefined) {
    return refused(`--currency: ${currency} is no ISO 4217 currency`)
  }
  const email = values.email ?? env['ATOLL_ADMIN_EMAIL']
  const password = values.password ?? env['ATOLL_ADMIN_PASSWORD']
  const account = email && password ? { email, password } : undefined
  const credentials = token === undefined ? account : { token }
  if (credentials === undefined) {
    return refused('importing needs an admin: --email and --password, or --token')
  }
  return ok({
    file,
    to: to.value,
    credentials,
    ...(currency !== undefined && { currency }),
    ...(rejects !== undefined && { rejects }),
    ...(state !== undefined && { state }),
  })
}

/** Imports a file with a progress bar on stderr, going on where an interrupted run stopped. */
export const importCatalog = async (
  deps: CommandDeps,
  options: ImportOptions,
): Promise<Result<ImportTally, ImportFailure>> => {
  try {
    return await importFile(deps, options)
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    return refused({ kind: 'unreadable', detail: cause.message })
  }
}

const importFile = async (
  deps: CommandDeps,
  options: ImportOptions,
): Promise<Result<ImportTally, ImportFailure>> => {
  const { file, to, credentials, concurrency, currency } = options
  const { identity, head } = await identify(file, { node: to, currency })
  const format = formatOf(basename(file), head)
  if (!format.ok) return refused({ kind: 'unreadable', detail: format.refusal })

  const path = checkpointPath(file, options.state)
  const checkpoint = await readCheckpoint(path, identity)
  const rejects =
    options.rejects === undefined
      ? undefined
      : await createRejectsFile(options.rejects, checkpoint?.rejectsBytes ?? 0)
  const progress = createProgress(
    { output: deps.stderr, clock: deps.clock },
    { label: 'importing', unit: 'products', bytesTotal: identity.bytes },
  )
  if (checkpoint)
    progress.note(`going on after line ${checkpoint.line}, where the last run stopped`)
  const keep = createKeeper(path, (text) => progress.note(text))
  let answeredLine = checkpoint?.line ?? 0
  try {
    const client = createNodeClient(deps, {
      node: to,
      credentials,
      onTrouble: (text) => progress.note(printable(text)),
      ...(deps.signal && { signal: deps.signal }),
    })
    const result = await importStream(
      client,
      {
        chunks: createReadStream(file, { highWaterMark: readBytes }),
        format: format.value,
        ...(currency !== undefined && { currency }),
      },
      {
        ...(checkpoint && { from: checkpoint }),
        ...(concurrency !== undefined && { requestsMax: concurrency }),
        onProgress: (state) => progress.update(state),
        onAnswered: async ({ line, tally, rejections }) => {
          await rejects?.add(rejections)
          answeredLine = line
          await keep({ of: identity, line, tally, rejectsBytes: rejects?.bytes() ?? 0 })
        },
      },
    )
    if (result.ok) {
      await removeCheckpoint(path)
      return result
    }
    const { kind, detail } = result.refusal
    const again =
      answeredLine > 0 ? `; up to line ${answeredLine} all is in, run it again to go on` : ''
    return refused({ kind, detail: `${detail}${again}` })
  } finally {
    progress.close()
    await rejects?.close()
  }
}

/** Read at once; the reader's memory beside the batches. */
const readBytes = 256 * 1024

type Keep = (checkpoint: Checkpoint) => Promise<void>

// A catalog may lie where nothing can be written. That is no reason not to import it.
const createKeeper = (path: string, note: (text: string) => void): Keep => {
  let works = true
  return async (checkpoint) => {
    if (!works) return
    try {
      await writeCheckpoint(path, checkpoint)
    } catch (cause) {
      if (!isSystemError(cause)) throw cause
      works = false
      note(`an interrupted run will start over (${cause.message}); --state DIR keeps its place`)
    }
  }
}

const counted = new Intl.NumberFormat('en-US')

const report = (
  { stdout, stderr }: CommandDeps,
  { tally, elapsedMs }: { readonly tally: ImportTally; readonly elapsedMs: number },
): void => {
  for (const { line, reason, sku } of tally.rejections) {
    const which = sku === undefined ? '' : ` (${sku})`
    stderr.write(`line ${line}${printable(which)}: ${printable(reason)}\n`)
  }
  const untold = tally.rejected - tally.rejections.length
  if (untold > 0) {
    stderr.write(`and ${counted.format(untold)} more; --rejects FILE writes all of them\n`)
  }
  const { created, updated, unchanged, rejected } = tally
  const outcomes = Object.entries({ created, updated, unchanged, rejected })
    .map(([outcome, count]) => `${counted.format(count)} ${outcome}`)
    .join(', ')
  stdout.write(
    `${counted.format(countOf(tally))} products in ${durationText(elapsedMs)}: ${outcomes}\n`,
  )
}
