/**
 * A process whose disk fails: a real core on a real directory that writes group after group, and says
 * what it is about to do and what it has acknowledged.
 *
 *   open REPLICA SYNCHRONOUS     it begins
 *   doing GROUP SIZE             a transaction of so many changes is about to be written
 *   done GROUP DOT…              it is acknowledged, with its changes
 *   undone GROUP REPLICA         the disk was full: nothing of it was kept; the replica from now on
 *   failed                       a write failed, and nobody knows what was kept: it ends with status 70
 *
 * Each change carries its group and the group's size as its request, so that whoever reads the log
 * can tell a whole transaction from half of one.
 */

import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createCore, type Command, type CommandResult } from '../../node/core/core.ts'
import { openDataDirectory } from '../../node/core/data-directory.ts'
import { refresh } from '../../node/core/rebuild.ts'
import { createSqliteStore } from '../../node/core/sqlite-store.ts'
import { Fault } from '../../node/fault.ts'
import {
  mark,
  noteKind,
  noteSql,
  noteTables,
  rename,
  stock,
  tag,
  untag,
} from '../unit/node/core/note.ts'
import { seededRandom } from './random.ts'

const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    /** Tells the groups of this process from those of others on the same directory. */
    run: { type: 'string', default: '0' },
    groups: { type: 'string', default: '40' },
    synchronous: { type: 'string', default: '' },
  },
})

/** So few pages make SQLite move its log into the database every few transactions. */
const checkpointPages = 24

const say = (line: string) => writeSync(1, `${line}\n`)
const random = seededRandom(Number(values.seed))

const commands: readonly ((id: string, text: string) => (request: RequestOf) => Command)[] = [
  (id, text) => rename(id, text),
  (id, text) => tag(id, text.slice(0, 3)),
  (id, text) => untag(id, text.slice(0, 3)),
  (id, text) => mark(id, text.slice(0, 2), text.slice(0, 40)),
  (id, text) => stock(id, text.length + 1),
]

type RequestOf = { readonly id: string; readonly fingerprint: string }

const groupOf = (group: string): readonly Command[] => {
  const size = 1 + random.below(8)
  return Array.from({ length: size }, (_, at) => {
    const id = `n${random.below(12)}`
    const text = String.fromCharCode(97 + random.below(26)).repeat(random.below(1_500))
    const make = commands[random.below(commands.length)]!
    return make(id, text)({ id: `${group}/${size}/${at}`, fingerprint: group })
  })
}

const dotsOf = (results: readonly CommandResult[]): readonly string[] =>
  results.map((result) => {
    if ('thrown' in result) throw result.thrown
    if (!result.ok) throw new Error(`No command of this is refused, but ${result.refusal.code}`)
    return result.value.receipt.change
  })

const write = (): void => {
  const directory = openDataDirectory(values.directory)
  const store = createSqliteStore({
    file: directory.databaseFile,
    readModelSql: noteSql,
    readModelTables: noteTables,
  })
  store.database.pragma(`wal_autocheckpoint = ${checkpointPages}`)
  refresh(store, [noteKind])
  if (values.synchronous) store.database.pragma(`synchronous = ${values.synchronous}`)
  const core = createCore({ store, kinds: [noteKind], clock: Date, random: randomBytes })
  const synchronous = String(store.database.pragma('synchronous', { simple: true }))
  say(`open ${core.replica()} ${synchronous}`)
  for (let at = 0; at < Number(values.groups); at++) {
    const group = `${values.run}-${at}`
    const made = groupOf(group)
    say(`doing ${group} ${made.length}`)
    try {
      say(`done ${group} ${dotsOf(core.execute(made)).join(' ')}`)
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'storage_full') throw error
      say(`undone ${group} ${core.replica()}`)
    }
  }
  store.close()
  directory.close()
}

try {
  write()
} catch (error) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!(error instanceof Fault) && !code.startsWith('SQLITE_')) throw error
  say(`failed ${code}`)
  process.exitCode = 70
}
