/** Effects and ids in one PostgreSQL database, by way of whatever runs its statements. */

import type { Ledger } from './consumer.ts'

/** A connection, or what has one for the time of a transaction. */
export interface Sql {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
}

const table = `
create table if not exists consumed_events (
  consumer    text        not null,
  event       text        not null,
  consumed_at timestamptz not null default now(),
  constraint an_event_is_consumed_once primary key (consumer, event)
)`

/** `connect` hands out a connection that nobody else uses until `done` is called. */
export const createPostgresLedger = async (
  connect: () => Promise<{ readonly sql: Sql; readonly done: (broken?: Error) => void }>,
): Promise<Ledger<Sql>> => {
  const first = await connect()
  try {
    await first.sql.query(table)
  } finally {
    first.done()
  }
  return {
    transact: async (work) => {
      const { sql, done } = await connect()
      try {
        await sql.query('begin')
        await work(sql)
        await sql.query('commit')
        done()
      } catch (error) {
        done(await rollBack(sql))
        throw error
      }
    },
    // In one order, so that two consumers of one name never wait for each other in a circle.
    take: async (sql, consumer, ids) => {
      const { rows } = await sql.query(
        `insert into consumed_events (consumer, event)
         select $1, id from unnest($2::text[]) as id group by id order by id
         on conflict do nothing returning event`,
        [consumer, [...ids]],
      )
      return new Set((rows as readonly { event: string }[]).map(({ event }) => event))
    },
  }
}

/** Why the transaction could not be ended: then the connection is of no use to the next. */
const rollBack = async (sql: Sql): Promise<Error | undefined> => {
  try {
    await sql.query('rollback')
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error('The rollback failed', { cause: error })
  }
}
