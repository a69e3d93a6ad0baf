/**
 * The file that remembers how far each consumer of the log has come: `events.db` in the data directory.
 *
 * Why not the node's database? What stands there is the log and what follows from it, and is proven by
 * `atoll verify`; this neither follows from the log nor has to be proven. A file that is lost or damaged
 * costs repetitions, which consumers know by the ids. So a commit here need not wait for the disk
 * either: after a power cut the last ones may be missing, a consumer's effects with its offset.
 */

import Database from 'better-sqlite3'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export interface EventFile {
  readonly database: Database.Database
  /** Where the consumer reads on; undefined if it never began. */
  offsetOf(consumer: string): number | undefined
  /** Notes where the consumer reads on, and how many positions were gone before it came to them. */
  advance(consumer: string, position: number, missed: number): void
  missedOf(consumer: string): number
  forgetConsumer(consumer: string): void
  /** Runs `work` as one transaction: an effect in this file, its event's id and the offset go together. */
  transact<T>(work: () => T): T
  close(): void
}

const tables = `
create table if not exists offsets (
  consumer text    not null primary key,
  position integer not null,
  missed   integer not null default 0
) strict, without rowid;
`

/** Opens the file; one that cannot be read is put aside as `events.db.damaged`, and a new one begins. */
export const openEventFile = (
  directory: string,
  damaged: (error: unknown) => void = () => undefined,
): EventFile => {
  const path = directory === ':memory:' ? directory : join(directory, 'events.db')
  try {
    return open(path)
  } catch (error) {
    if (path === ':memory:' || !isDamage(error)) throw error
    damaged(error)
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
    renameSync(path, `${path}.damaged`)
    return open(path)
  }
}

const isDamage = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'SQLITE_NOTADB' || String(error.code).startsWith('SQLITE_CORRUPT'))

const open = (path: string): EventFile => {
  const database = new Database(path)
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.exec(tables)
    return over(database)
  } catch (error) {
    database.close()
    throw error
  }
}

const over = (database: Database.Database): EventFile => {
  const offset = database
    .prepare<[string], number>('select position from offsets where consumer = ?')
    .pluck()
  const missed = database
    .prepare<[string], number>('select missed from offsets where consumer = ?')
    .pluck()
  const advance = database.prepare<[string, number, number]>(
    `insert into offsets (consumer, position, missed) values (?, ?, ?)
     on conflict do update set position = excluded.position, missed = missed + excluded.missed`,
  )
  const forgetConsumer = database.prepare<[string]>('delete from offsets where consumer = ?')
  return {
    database,
    offsetOf: (consumer) => offset.get(consumer),
    advance: (consumer, position, count) => {
      advance.run(consumer, position, count)
    },
    missedOf: (consumer) => missed.get(consumer) ?? 0,
    forgetConsumer: (consumer) => {
      forgetConsumer.run(consumer)
    },
    transact: (work) => database.transaction(work).immediate(),
    close: () => {
      database.close()
    },
  }
}
