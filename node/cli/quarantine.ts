/** `atoll quarantine DIR`: replicas of which two histories were found, and a way to lift it from one. */

import Database from 'better-sqlite3'
import { existsSync } from 'node:fs'
import { databaseFileOf, openDataDirectory } from '../core/data-directory.ts'
import { liftQuarantine, listQuarantine, type Quarantined, type Told } from '../core/quarantine.ts'
import { checkFormat } from '../core/sqlite-schema.ts'
import { Fault } from '../fault.ts'
import { exitCodes, parseCommand, printable, type CommandDeps } from './command.ts'

const usage = `atoll quarantine DIR [--lift REPLICA]

Lists the replicas of a data directory that are in quarantine, because two histories were found under
their name: a data directory was copied and both copies were used. The node keeps the history that it
had first, and neither takes nor sends on anything more of the replica.

First end the other history: restore a backup at the node that has it, or start that node with an empty
directory. Then lift the quarantine at every node that has it, while the node is stopped. If the other
history is met again, the replica is back in quarantine.
`

export const quarantineCommand = (deps: CommandDeps, args: readonly string[]): number => {
  const parsed = parseCommand(args, { help: { type: 'boolean' }, lift: { type: 'string' } })
  if (parsed.ok && parsed.value.values.help) {
    deps.stdout.write(usage)
    return exitCodes.done
  }
  const [path = '', ...more] = parsed.ok ? parsed.value.positionals : []
  if (!parsed.ok || path === '' || more.length > 0) {
    deps.stderr.write(`atoll quarantine: ${parsed.ok ? 'takes DIR' : parsed.refusal}\n\n${usage}`)
    return exitCodes.failed
  }
  try {
    return withDatabase(path, (database) => {
      const { lift } = parsed.value.values
      if (lift !== undefined) {
        liftQuarantine(database, lift)
        deps.stdout.write(`${printable(lift)} is in quarantine no more\n`)
      }
      const quarantined = listQuarantine(database)
      for (const one of quarantined) deps.stdout.write(describe(one))
      deps.stdout.write(`${path}: ${quarantined.length} in quarantine\n`)
      return exitCodes.done
    })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    deps.stderr.write(`atoll quarantine: ${error.message}\n`)
    return exitCodes.failed
  }
}

/** The database of a stopped node. */
const withDatabase = <T>(path: string, work: (database: Database.Database) => T): T => {
  if (!existsSync(databaseFileOf(path))) {
    throw new Fault('storage_failed', `There is no database in ${path}`)
  }
  const directory = openDataDirectory(path)
  try {
    const database = new Database(directory.databaseFile, { fileMustExist: true })
    try {
      checkFormat(database, 'any')
      database.pragma('synchronous = FULL')
      return work(database)
    } finally {
      database.close()
    }
  } finally {
    directory.close()
  }
}

const describe = ({ replica, counter, refused, ours }: Quarantined): string =>
  `${replica} at change ${counter}\n` +
  `  refused: ${refused ? textOf(refused) : 'not as it was kept'}\n` +
  `  here:    ${ours ? textOf(ours) : 'not in the log: folded, or not that far'}\n`

const textOf = ({ type, actor, hlc }: Told): string => printable(`${type} by ${actor} at ${hlc}`)
