/** A PostgreSQL server as the merged store's database, through a pool of connections. */

import { Pool, types, type CustomTypesConfig, type PoolClient } from 'pg'
import { connectMsMax, connectionsMax, statementMsMax } from './limits.ts'
import { inTransaction, sqlFault, type Queries, type Sql, type SqlValue } from './sql.ts'

/** Connects when first asked to: a server that is down is no reason not to start. */
export const createPostgres = (url: string): Sql => {
  const pool = new Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectMsMax,
    statement_timeout: statementMsMax,
    // A server whose machine lost its power never says so.
    query_timeout: statementMsMax + connectMsMax,
    keepAlive: true,
    application_name: 'atoll',
    types: numbersAsNumbers,
  })
  // A connection that breaks while nobody uses it is replaced when somebody needs one.
  pool.on('error', ignore)

  const session = async <T>(work: (session: Queries) => Promise<T>): Promise<T> => {
    const client = await pool.connect().catch(thrown)
    let isBroken = false
    const broken = () => {
      isBroken = true
    }
    client.on('error', broken)
    try {
      return await work(queriesOn(client))
    } catch (error) {
      const fault = sqlFault(error)
      isBroken ||= fault.code === 'merged_store_unreachable'
      throw fault
    } finally {
      client.off('error', broken)
      client.release(isBroken)
    }
  }

  return {
    query: (text, values) => session((one) => one.query(text, values)),
    script: (text) => session((one) => one.script(text)),
    session,
    transaction: (work) => session((one) => inTransaction(one, work)),
    close: () => pool.end(),
  }
}

const queriesOn = (client: PoolClient): Queries => ({
  query: async <Row>(text: string, values: readonly SqlValue[] = []) => {
    const { rows } = await client.query<Row & object>(text, values.map(asParameter)).catch(thrown)
    return rows
  },
  script: async (text) => {
    await client.query(text).catch(thrown)
  },
})

// The driver takes a view of bytes for an object unless it is a Buffer.
const asParameter = (value: SqlValue): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : value

const numbersAsNumbers: CustomTypesConfig = {
  getTypeParser: (id, format) =>
    id === types.builtins.INT8 && format !== 'binary' ? Number : types.getTypeParser(id, format),
}

const ignore = (): void => undefined

const thrown = (error: unknown): never => {
  throw sqlFault(error)
}
