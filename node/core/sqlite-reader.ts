/**
 * A second connection to the store, which only reads: for threads beside the core. Each of its reads
 * sees all that was committed when it began, and keeps nobody from writing.
 */

import Database from 'better-sqlite3'
import { Fault } from '../fault.ts'
import type { StoredChange } from './store.ts'

export interface SqliteReader {
  /** For the queries of capabilities. */
  readonly database: Database.Database
  readDocument(kind: string, id: string): Uint8Array | undefined
  hasRequest(request: string): boolean
  /** The change that answered the request, if one did. */
  readRequest(request: string): Uint8Array | undefined
  close(): void
}

/** Throws a `Fault` if the file cannot be read. */
export const openSqliteReader = (file: string, pageCacheKiB: number): SqliteReader => {
  const database = open(file)
  database.pragma(`cache_size = -${pageCacheKiB}`)
  database.pragma('query_only = on')
  const readDocument = database
    .prepare<[string, string], Buffer>('select bytes from documents where kind = ? and id = ?')
    .pluck()
  const hasRequest = database
    .prepare<[string], number>('select 1 from requests where request = ? limit 1')
    .pluck()
  const readRequest = database.prepare<[string], Pick<StoredChange, 'bytes'>>(
    `select bytes from requests join changes using (position)
     where request = ? order by position limit 1`,
  )
  return {
    database,
    readDocument: (kind, id) => readDocument.get(kind, id),
    hasRequest: (request) => hasRequest.get(request) !== undefined,
    readRequest: (request) => readRequest.get(request)?.bytes,
    close: () => {
      database.close()
    },
  }
}

const open = (file: string): Database.Database => {
  try {
    return new Database(file, { readonly: true, fileMustExist: true })
  } catch (cause) {
    throw new Fault('storage_failed', `${file} cannot be read`, { cause })
  }
}
