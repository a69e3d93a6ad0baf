/**
 * A database that speaks PostgreSQL's SQL, as the merged store uses one: a server (`postgres.ts`) or the
 * one that runs inside the program (`embedded.ts`). The same statements go to both.
 *
 * Whole numbers come back as numbers, `bytea` as a `Uint8Array`. Whatever fails is a `Fault`:
 * `merged_store_unreachable` if it may work later, `merged_store_failed` if the statement was refused.
 */

import { Fault } from '../fault.ts'

/** What a statement's `$1`, `$2` … may be. */
export type SqlValue =
  string | number | boolean | null | Uint8Array | readonly (string | number | boolean | null)[]

export interface Queries {
  /** Runs one statement and answers its rows. The caller says what a row looks like. */
  query<Row = Readonly<Record<string, unknown>>>(
    text: string,
    values?: readonly SqlValue[],
  ): Promise<readonly Row[]>
  /** Runs several statements that take no values and answer nothing. */
  script(text: string): Promise<void>
}

export interface Sql extends Queries {
  /** Gives `work` one connection to itself, for what is bound to a connection, such as a lock. */
  session<T>(work: (session: Queries) => Promise<T>): Promise<T>
  /** Runs `work` as one transaction, which is undone if it throws. */
  transaction<T>(work: (transaction: Queries) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Runs `work` between `begin` and `commit` on a connection that nobody else uses. */
export const inTransaction = async <T>(
  session: Queries,
  work: (transaction: Queries) => Promise<T>,
): Promise<T> => {
  await session.script('begin')
  try {
    const result = await work(session)
    await session.script('commit')
    return result
  } catch (error) {
    // If the connection is gone, so is the transaction, and the first error is the one to tell.
    await session.script('rollback').catch(() => undefined)
    throw error
  }
}

/** What the database or the way to it answered, as a fault. */
export const sqlFault = (error: unknown): Fault => {
  if (error instanceof Fault) return error
  const code = sqlStateOf(error)
  const said = error instanceof Error ? messageOf(error) : String(error)
  return code === undefined || mayPass(code)
    ? new Fault('merged_store_unreachable', `The merged store is out of reach: ${said}`, {
        cause: error,
      })
    : new Fault('merged_store_failed', `The merged store refused (${code}): ${said}`, {
        cause: error,
      })
}

/** PostgreSQL's five characters for what went wrong; undefined if the error is not the database's. */
export const sqlStateOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  const { code } = error
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE'
    ? code
    : undefined
}

// Connection lost, server shutting down or out of room, wrong password, no such database, transactions in
// each other's way: none of them says that the statement was wrong.
const mayPass = (code: string): boolean => /^(08|28|3D|40|53|57P)/.test(code)

// Where a name has several addresses, each of which failed, the error that tells has no words itself.
const messageOf = (error: Error): string =>
  error instanceof AggregateError && error.message === ''
    ? error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join(', ')
    : error.message
