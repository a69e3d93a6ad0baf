/**
 * PostgreSQL inside the program (PGlite), as the merged store's database where there is no server. It
 * has one connection, so sessions take turns; and it keeps its thread busy, so a node runs it on one of
 * its own (`embedded-thread.ts`).
 */

import { PGlite, types } from '@electric-sql/pglite'
import { inTransaction, sqlFault, type Queries, type Sql, type SqlValue } from './sql.ts'

/** Opens the database in a directory, which is made if need be; without one it is in memory. */
export const createEmbedded = async (directory?: string): Promise<Sql> => {
  const database = await PGlite.create({
    ...(directory === undefined ? {} : { dataDir: directory }),
    parsers: { [types.INT8]: Number },
  })
  let last: Promise<unknown> = Promise.resolve()

  /** Runs `work` when all that came before it has ended. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }

  const queries: Queries = {
    query: async <Row>(text: string, values: readonly SqlValue[] = []) => {
      try {
        const { rows } = await database.query<Row>(text, [...values])
        return rows
      } catch (error) {
        throw sqlFault(error)
      }
    },
    script: async (text) => {
      try {
        await database.exec(text)
      } catch (error) {
        throw sqlFault(error)
      }
    },
  }

  return {
    query: (text, values) => inTurn(() => queries.query(text, values)),
    script: (text) => inTurn(() => queries.script(text)),
    session: (work) => inTurn(() => work(queries)),
    transaction: (work) => inTurn(() => inTransaction(queries, work)),
    close: () => inTurn(() => database.close()),
  }
}
