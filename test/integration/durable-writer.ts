/**
 * A process to be killed: a real core on a real directory that writes without end, and says on its
 * standard output what it has acknowledged, one line a transaction, after the transaction is durable.
 */

import { randomBytes, randomInt } from 'node:crypto'
import { writeSync } from 'node:fs'
import { createCore } from '../../node/core/core.ts'
import { openDataDirectory } from '../../node/core/data-directory.ts'
import { refresh } from '../../node/core/rebuild.ts'
import { createSqliteStore } from '../../node/core/sqlite-store.ts'
import { Fault } from '../../node/fault.ts'
import {
  noteKind,
  noteSql,
  noteTables,
  rename,
  spend,
  stock,
  tag,
  untag,
} from '../unit/node/core/note.ts'

const [, , path = ''] = process.argv
const print = (line: string) => writeSync(1, `${line}\n`)

const write = (): never => {
  const { databaseFile } = openDataDirectory(path)
  const store = createSqliteStore({
    file: databaseFile,
    readModelSql: noteSql,
    readModelTables: noteTables,
  })
  refresh(store, [noteKind])
  const core = createCore({ store, kinds: [noteKind], clock: Date, random: randomBytes })
  const synchronous = String(store.database.pragma('synchronous', { simple: true }))
  print(`open ${core.replica()} synchronous=${synchronous}`)

  const id = () => `n${randomInt(20)}`
  const text = () => 'x'.repeat(randomInt(2_000))
  const kinds = [
    () => rename(id(), text()),
    () => tag(id(), `${randomInt(50)}`),
    () => untag(id(), `${randomInt(50)}`),
    () => stock(id(), 1 + randomInt(9)),
    () => spend(id(), 1 + randomInt(3)),
  ]
  for (;;) {
    const commands = Array.from({ length: 1 + randomInt(16) }, () =>
      kinds[randomInt(kinds.length)]!()(),
    )
    const dots = core
      .execute(commands)
      .flatMap((result) => ('ok' in result && result.ok ? [result.value.receipt.change] : []))
    print(dots.join(' '))
  }
}

try {
  write()
} catch (error) {
  print(error instanceof Fault ? `refused ${error.code}` : `failed ${String(error)}`)
  process.exitCode = 3
}
