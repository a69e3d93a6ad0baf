/** Effects and ids in one SQLite database. */

import type Database from 'better-sqlite3'
import type { Ledger } from './consumer.ts'
import { consumedMsMax } from './limits.ts'

const table = `
create table if not exists consumed (
  consumer text    not null,
  event    text    not null,
  at_ms    integer not null,
  primary key (consumer, event)
) strict, without rowid;
create index if not exists consumed_by_time on consumed (at_ms);
`

export interface SqliteLedger extends Ledger<Database.Database> {
  /** Forgets ids of events that nobody publishes again; answers how many. */
  forgetOld(): number
}

/** One transaction at a time: the effects of a consumer on one connection are in turn anyway. */
export const createSqliteLedger = (
  database: Database.Database,
  clock: { now(): number },
): SqliteLedger => {
  database.exec(table)
  const insert = database.prepare<[string, string, number]>(
    'insert into consumed (consumer, event, at_ms) values (?, ?, ?) on conflict do nothing',
  )
  const forget = database.prepare<[number]>('delete from consumed where at_ms < ?')
  let last: Promise<unknown> = Promise.resolve()
  const run = async (work: (tx: Database.Database) => Promise<void> | void): Promise<void> => {
    database.exec('begin immediate')
    try {
      await work(database)
      database.exec('commit')
    } catch (error) {
      if (database.inTransaction) database.exec('rollback')
      throw error
    }
  }
  return {
    transact: (work) => {
      const done = last.then(() => run(work))
      last = done.catch(() => undefined)
      return done
    },
    forgetOld: () => forget.run(clock.now() - consumedMsMax).changes,
    take: (_, consumer, ids) =>
      new Set(ids.filter((id) => insert.run(consumer, id, clock.now()).changes === 1)),
  }
}
