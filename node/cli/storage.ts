/** The commands on a data directory: verify, rebuild, backup, restore. */

import { backup, restore } from '../core/backup.ts'
import { openDataDirectory } from '../core/data-directory.ts'
import * as digest from '../core/digest.ts'
import { lineOf } from '../core/findings.ts'
import { rebuild } from '../core/rebuild.ts'
import { createSqliteStore } from '../core/sqlite-store.ts'
import { verify } from '../core/verify.ts'
import { Fault } from '../fault.ts'
import * as shop from '../shop.ts'
import { exitCodes, parseCommand, type CommandDeps } from './command.ts'
import { createProgress } from './progress.ts'

/** `atoll verify DIR`: exit 0 if the directory is proven, 1 if something was found. */
export const verifyCommand = command('verify', ['DIR'], (deps, [path = '']) => {
  const progress = createProgress({ output: deps.stderr, clock: deps.clock }, counting('verifying'))
  const report = verify(
    path,
    shop.kinds,
    { sql: shop.readModelSql, tables: shop.readModelTables },
    (changes) => progress.update({ count: changes, bytes: 0 }),
  )
  progress.close()
  for (const note of report.notes) deps.stdout.write(`${note}\n`)
  for (const finding of report.findings) deps.stdout.write(`${lineOf(finding)}\n`)
  const { changes, documents, folded } = report
  if (report.findings.length > 0) {
    deps.stdout.write(`${path} is not proven: ${report.findings.length} findings\n`)
    return exitCodes.rejected
  }
  deps.stdout.write(
    `${path} is proven: ${count(changes)} changes, ${count(documents)} documents, ` +
      `${count(folded)} of them folded in part, digest ${report.digest}\n`,
  )
  return exitCodes.done
})

/** `atoll rebuild DIR`: the documents and rows anew; the digest tells whether they are the same. */
export const rebuildCommand = command('rebuild', ['DIR'], (deps, [path = '']) => {
  const progress = createProgress(
    { output: deps.stderr, clock: deps.clock },
    counting('rebuilding'),
  )
  const directory = openDataDirectory(path)
  try {
    const store = createSqliteStore({
      file: directory.databaseFile,
      readModelSql: shop.readModelSql,
      readModelTables: shop.readModelTables,
    })
    const before = digest.toHex(store.readState().digest)
    const changes = rebuild(store, shop.kinds, (done) => progress.update({ count: done, bytes: 0 }))
    const after = digest.toHex(store.readState().digest)
    store.close()
    progress.close()
    const verdict =
      before === after ? 'the documents are the same' : `the documents differ: ${before} before`
    deps.stdout.write(`${count(changes)} changes replayed; digest ${after}, ${verdict}\n`)
    return exitCodes.done
  } finally {
    directory.close()
  }
})

/** `atoll backup DIR FILE`: a whole copy, while the node runs. */
export const backupCommand = command(
  'backup',
  ['DIR', 'FILE'],
  async (deps, [path = '', file = '']) => {
    const progress = createProgress(
      { output: deps.stderr, clock: deps.clock },
      { label: 'copying', unit: '%', bytesTotal: 100 },
    )
    const { bytes, changes } = await backup(path, file, (share) => {
      const percent = Math.round(share * 100)
      progress.update({ count: percent, bytes: percent })
    })
    progress.close()
    deps.stdout.write(
      `${file}: ${count(changes)} changes, ${count(bytes)} bytes. ` +
        `The keys beside the database are not in it.\n`,
    )
    return exitCodes.done
  },
)

/** `atoll restore FILE DIR`: into an empty directory. */
export const restoreCommand = command(
  'restore',
  ['FILE', 'DIR'],
  (deps, [file = '', path = '']) => {
    const { changes } = restore(file, path)
    deps.stdout.write(
      `${path}: ${count(changes)} changes. A node started on it is a new replica of the cluster.\n`,
    )
    return exitCodes.done
  },
)

const counting = (label: string) => ({ label, unit: 'changes' })

const count = (number: number): string => number.toLocaleString('en-US')

type Run = (deps: CommandDeps, operands: readonly string[]) => number | Promise<number>

/** A command that takes just these operands, and says what went wrong in one line. */
function command(name: string, operands: readonly string[], run: Run) {
  const usage = `atoll ${name} ${operands.join(' ')}\n`
  return async (deps: CommandDeps, args: readonly string[]): Promise<number> => {
    const parsed = parseCommand(args, { help: { type: 'boolean' } })
    if (parsed.ok && parsed.value.values.help) {
      deps.stdout.write(usage)
      return exitCodes.done
    }
    if (!parsed.ok || parsed.value.positionals.length !== operands.length) {
      const fault = parsed.ok ? `takes ${operands.join(' and ')}` : parsed.refusal
      deps.stderr.write(`atoll ${name}: ${fault}\n\n${usage}`)
      return exitCodes.failed
    }
    try {
      return await run(deps, parsed.value.positionals)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      deps.stderr.write(`atoll ${name}: ${error.message}\n`)
      return exitCodes.failed
    }
  }
}
