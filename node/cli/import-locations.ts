/** `atoll import-locations FILE --to URL`: a list of stores into a node, as locations of stock. */

import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { readStoreList, storeLocation } from '../inventory/store-list.ts'
import { ok, refused, type Result } from '../result.ts'
import {
  exitCodes,
  isSystemError,
  nodeUrl,
  parseCommand,
  printable,
  type CommandDeps,
} from './command.ts'
import { jsonOf } from './json.ts'
import { createNodeClient, type Credentials, type NodeClient } from './node-client.ts'
import type { CallFailure } from './patient-fetch.ts'
import { createProgress, type Progress } from './progress.ts'

const usage = `atoll import-locations FILE --to URL [options]

  FILE             a JSON array of stores, each with id, name, address, city …
  --to URL         the node, such as http://127.0.0.1:4001
  --country CODE   of stores that do not say it (US)
  --email TEXT     an admin of the node (or ATOLL_ADMIN_EMAIL)
  --password TEXT  and the password (or ATOLL_ADMIN_PASSWORD)
  --token TEXT     an access token instead of both
`

interface Options {
  readonly file: string
  readonly to: URL
  readonly country: string
  readonly credentials: Credentials
}

interface Entry {
  /** Its place in the file, from 1. */
  readonly place: number
  readonly location: Result<object, string>
}

interface Tally {
  created: number
  updated: number
  unchanged: number
  readonly rejections: { readonly place: number; readonly reason: string }[]
}

/** Stores of one request: a short step of the progress, and a few commits of the node. */
const batchStoresMax = 250

/** A list of every shop of a large chain has a megabyte. */
const fileBytesMax = 64 * 1_024 * 1_024

export const importLocationsCommand = async (
  deps: CommandDeps,
  args: readonly string[],
): Promise<number> => {
  const parsed = parseOptions(deps, args)
  if (!parsed.ok) {
    deps.stderr.write(`atoll import-locations: ${parsed.refusal}\n\n${usage}`)
    return exitCodes.failed
  }
  if (parsed.value === 'help') {
    deps.stdout.write(usage)
    return exitCodes.done
  }
  const done = await importLocations(deps, parsed.value)
  if (!done.ok) {
    deps.stderr.write(`atoll import-locations: ${printable(done.refusal.detail)}\n`)
    return done.refusal.kind === 'interrupted' ? exitCodes.interrupted : exitCodes.failed
  }
  const { created, updated, unchanged, rejections } = done.value
  for (const { place, reason } of rejections) {
    deps.stderr.write(`store ${place}: ${printable(reason)}\n`)
  }
  deps.stdout.write(
    `${created + updated + unchanged + rejections.length} locations: ${created} created, ` +
      `${updated} updated, ${unchanged} unchanged, ${rejections.length} rejected\n`,
  )
  return rejections.length > 0 ? exitCodes.rejected : exitCodes.done
}

const parseOptions = (
  { env }: CommandDeps,
  args: readonly string[],
): Result<Options | 'help', string> => {
  const parsed = parseCommand(args, {
    to: { type: 'string' },
    country: { type: 'string' },
    token: { type: 'string' },
    email: { type: 'string' },
    password: { type: 'string' },
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
  const country = values.country ?? 'US'
  if (!/^[A-Z]{2}$/.test(country)) return refused('--country takes two capital letters')
  const email = values.email ?? env['ATOLL_ADMIN_EMAIL']
  const password = values.password ?? env['ATOLL_ADMIN_PASSWORD']
  const account = email && password ? { email, password } : undefined
  const credentials = values.token === undefined ? account : { token: values.token }
  return credentials === undefined
    ? refused('importing needs an admin: --email and --password, or --token')
    : ok({ file, to: to.value, country, credentials })
}

type Failure = CallFailure | { readonly kind: 'unreadable'; readonly detail: string }

const importLocations = async (
  deps: CommandDeps,
  { file, to, country, credentials }: Options,
): Promise<Result<Tally, Failure>> => {
  const text = await readText(file)
  if (!text.ok) return text
  const stores = readStoreList(text.value)
  if (!stores.ok) return refused({ kind: 'unreadable', detail: stores.refusal })
  const entries = stores.value.map((store, index): Entry => {
    return { place: index + 1, location: storeLocation(store, country) }
  })
  const progress = createProgress(
    { output: deps.stderr, clock: deps.clock },
    { label: 'importing', unit: 'locations', bytesTotal: entries.length },
  )
  const client = createNodeClient(deps, {
    node: to,
    credentials,
    onTrouble: (trouble) => progress.note(printable(trouble)),
    ...(deps.signal && { signal: deps.signal }),
  })
  try {
    return await sendAll(client, entries, progress)
  } finally {
    progress.close()
  }
}

const readText = async (file: string): Promise<Result<string, Failure>> => {
  try {
    const bytes = await readFile(file)
    return bytes.length > fileBytesMax
      ? refused({ kind: 'unreadable', detail: `${file} is larger than ${fileBytesMax} bytes` })
      : ok(bytes.toString())
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    return refused({ kind: 'unreadable', detail: cause.message })
  }
}

const sendAll = async (
  client: NodeClient,
  entries: readonly Entry[],
  progress: Progress,
): Promise<Result<Tally, Failure>> => {
  const tally: Tally = { created: 0, updated: 0, unchanged: 0, rejections: [] }
  for (let at = 0; at < entries.length; at += batchStoresMax) {
    const sent = await send(client, entries.slice(at, at + batchStoresMax), tally)
    if (!sent.ok) return sent
    const count = Math.min(at + batchStoresMax, entries.length)
    progress.update({ count, bytes: count })
  }
  return ok(tally)
}

const LineResult = z.object({
  status: z.enum(['created', 'updated', 'unchanged', 'rejected']),
  problem: z.object({ detail: z.string() }).optional(),
})

const send = async (
  client: NodeClient,
  entries: readonly Entry[],
  tally: Tally,
): Promise<Result<null, Failure>> => {
  const readable = entries.flatMap(({ place, location }) => {
    if (location.ok) return [{ place, location: location.value }]
    tally.rejections.push({ place, reason: location.refusal })
    return []
  })
  if (readable.length === 0) return ok(null)
  const answer = await client.call({
    method: 'POST',
    path: 'api/v1/locations:batch',
    body: readable.map(({ location }) => `${JSON.stringify(location)}\n`).join(''),
    contentType: 'application/x-ndjson',
  })
  if (!answer.ok) return answer
  const lines = answer.value.split('\n').filter((line) => line !== '')
  if (lines.length !== readable.length) {
    const detail = `the node answers ${lines.length} of ${readable.length} lines`
    return refused({ kind: 'unexpected_answer', detail })
  }
  for (const [index, line] of lines.entries()) {
    const result = LineResult.safeParse(jsonOf(line))
    if (!result.success) {
      return refused({ kind: 'unexpected_answer', detail: 'the node answers what is no result' })
    }
    const { status, problem } = result.data
    if (status === 'rejected') {
      const place = readable[index]?.place ?? 0
      tally.rejections.push({ place, reason: problem?.detail ?? 'the node gives no reason' })
    } else tally[status]++
  }
  return ok(null)
}
