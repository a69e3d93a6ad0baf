/** The databases that the merged store's contract runs on: one inside the process, and a real server's. */

import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { createEmbedded } from '../../../node/merged/embedded.ts'
import { createPostgres } from '../../../node/merged/postgres.ts'
import type { Sql } from '../../../node/merged/sql.ts'
import { isMissing } from '../services.ts'

/** Any database of the server: others are made beside it. */
export const serverUrl = (): string =>
  process.env['ATOLL_TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'

export interface TestDatabase {
  readonly sql: Sql
  /** Undefined for the embedded one. */
  readonly url: string | undefined
  /** Closes the database and removes it. */
  remove(): Promise<void>
}

export interface DatabaseMaker {
  readonly name: string
  make(): Promise<TestDatabase>
}

export const embedded: DatabaseMaker = {
  name: 'PGlite',
  make: async () => {
    const sql = await createEmbedded()
    return { sql, url: undefined, remove: () => sql.close() }
  },
}

export const server: DatabaseMaker = {
  name: 'PostgreSQL',
  make: async () => {
    const name = `atoll_test_${randomBytes(6).toString('hex')}`
    await onServer(`create database ${name}`)
    const url = new URL(serverUrl())
    url.pathname = `/${name}`
    const sql = createPostgres(url.href)
    return {
      sql,
      url: url.href,
      remove: async () => {
        await sql.close()
        await onServer(`drop database ${name} with (force)`)
      },
    }
  },
}

const onServer = async (statement: string): Promise<void> => {
  const client = new Client({ connectionString: serverUrl(), connectionTimeoutMillis: 2_000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Both, or the embedded one alone where there is no server and none is required. */
export const databases = async (test: string): Promise<readonly DatabaseMaker[]> => {
  const why = await onServer('select 1').then(
    () => undefined,
    (error: unknown) => `no PostgreSQL at ${serverUrl()}: ${String(error)}`,
  )
  return isMissing(test, why) ? [embedded] : [embedded, server]
}
