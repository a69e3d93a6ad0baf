/** The store on SQLite, through better-sqlite3: one connection, one writer, everything synchronous. */

import Database from 'better-sqlite3'
import type { Clock } from '../../crdt/hybrid-logical-clock.ts'
import type { DocumentState } from '../../sync/document-exchange.ts'
import { Fault } from '../fault.ts'
import * as digest from './digest.ts'
import { pageRows } from './limits.ts'
import { createSqliteBase } from './sqlite-folded.ts'
import { createSqliteLog } from './sqlite-log.ts'
import { prepareReadModels } from './sqlite-read-models.ts'
import { createRowWriter } from './sqlite-rows.ts'
import { assertDurable, configure, prepareTables } from './sqlite-schema.ts'
import type { CoreState, DocumentRow, Store, StoredChange, Table } from './store.ts'

export interface SqliteStore extends Store {
  /** For the read side of capabilities: they may select, and never write. */
  readonly database: Database.Database
  /** Whether the read models' tables were made anew and their rows are still missing. */
  readonly isReadModelNew: boolean
  close(): void
}

export interface SqliteStoreOptions {
  /** A path, or `:memory:`. */
  readonly file: string
  /** The capabilities' tables, as SQL. When it changes, the read models are made anew. */
  readonly readModelSql: string
  readonly readModelTables: readonly Table[]
}

/** Opens the store, making its tables if there are none. Throws a `Fault` if it cannot be. */
export const createSqliteStore = (options: SqliteStoreOptions): SqliteStore => {
  let database: Database.Database | undefined
  try {
    database = new Database(options.file)
    return storeOn(database, options)
  } catch (error) {
    database?.close()
    if (error instanceof Fault) throw error
    throw new Fault('storage_failed', `${options.file} cannot be opened`, { cause: error })
  }
}

const storeOn = (
  database: Database.Database,
  { readModelSql, readModelTables }: SqliteStoreOptions,
): SqliteStore => {
  configure(database)
  prepareTables(database)
  const readModels = prepareReadModels(database, readModelSql)
  assertDurable(database)

  const sql = prepareStatements(database)
  const { settle: settleLog, readHeads, writeHead, ...log } = createSqliteLog(database)
  const { settle: settleBase, finish, copyToDocuments, ...base } = createSqliteBase(database)
  const transact = database.transaction((work: () => unknown) => {
    const result = work()
    finish()
    return result
  })

  return {
    database,
    isReadModelNew: !readModels.areFilled(),

    transact: <T>(work: () => T): T => {
      let isKept = false
      try {
        const result = transact.immediate(work) as T
        isKept = true
        return result
      } finally {
        settleLog(isKept)
        settleBase()
      }
    },

    readState: () => {
      const clock = sql.readStateValue.get('clock')
      const sum = sql.readStateValue.get('digest')
      return {
        heads: readHeads(),
        clock: clock ? (JSON.parse(clock.value.toString()) as Clock) : { wallMs: 0, logical: 0 },
        digest: sum ? new Uint8Array(sum.value) : digest.empty(),
      }
    },

    writeState: ({ heads, clock, digest: sum }: CoreState, changed) => {
      for (const replica of changed) {
        const head = heads.get(replica)
        if (head) writeHead(replica, head)
      }
      sql.writeStateValue.run('clock', Buffer.from(JSON.stringify(clock)))
      sql.writeStateValue.run('digest', sum)
    },

    ...log,
    ...base,

    readRequest: (request) => sql.readRequest.get(request),
    hasRequest: (request) => sql.hasRequest.get(request) !== undefined,
    noteRequest: (request, position) => {
      sql.insertRequest.run(request, position)
    },

    readDocument: (kind, id) => sql.readDocument.get(kind, id),
    readDocumentAt: (number) => sql.readDocumentAt.get(number),

    writeDocument: ({ number, kind, id, bytes, hash }: DocumentRow) => {
      if (number === undefined) {
        return Number(sql.insertDocument.run(kind, id, bytes, hash).lastInsertRowid)
      }
      sql.updateDocument.run(bytes, hash, number)
      return number
    },

    touchDocument: (number, position) => {
      sql.insertTouch.run(number, position)
    },

    readHistory: (kind, id) =>
      paged(
        (last) => sql.readHistory.all(kind, id, last),
        ({ position }) => position,
      ),
    scanDocuments: () =>
      paged(
        (last) => sql.scanDocuments.all(last),
        ({ number }) => number,
      ),
    countDocuments: () => sql.countDocuments.get()?.count ?? 0,

    replaceRows: createRowWriter(database, readModelTables),

    readDerivation: () => ({
      kinds: sql.readStateValue.get('kinds')?.value.toString(),
      areRowsFilled: readModels.areFilled(),
    }),
    noteKinds: (kinds) => {
      sql.writeStateValue.run('kinds', Buffer.from(kinds))
    },
    noteRowsFilled: readModels.noteFilled,

    clearRows: (derived) => {
      for (const { name } of derived) database.exec(`delete from ${name}`)
    },
    clearDocuments: () => {
      database.exec('delete from touches; delete from requests')
      sql.writeStateValue.run('digest', copyToDocuments())
    },

    close: () => {
      database.close()
    },
  }
}

// A connection with a statement under way takes no writes, and a caller may take its time: so the rows
// come in pages, and no statement is left open between them.
function* paged<R>(readAfter: (last: number) => readonly R[], numberOf: (row: R) => number) {
  let last = 0
  for (;;) {
    const rows = readAfter(last)
    yield* rows
    const end = rows.at(-1)
    if (end === undefined) return
    last = numberOf(end)
  }
}

interface StoredDocumentRow {
  readonly number: number
  readonly bytes: Buffer
  readonly hash: Buffer
}

const prepareStatements = (database: Database.Database) => ({
  readStateValue: database.prepare<[string], { value: Buffer }>(
    'select value from state where name = ?',
  ),
  writeStateValue: database.prepare<[string, Uint8Array]>(
    'insert or replace into state (name, value) values (?, ?)',
  ),
  insertRequest: database.prepare<[string, number]>(
    'insert into requests (request, position) values (?, ?) on conflict do nothing',
  ),
  hasRequest: database.prepare<[string]>('select 1 from requests where request = ? limit 1'),
  // The answer that arrived first is told again.
  readRequest: database.prepare<[string], StoredChange>(
    `select position, bytes, hash from requests join changes using (position)
     where request = ? order by position limit 1`,
  ),
  readDocument: database.prepare<[string, string], StoredDocumentRow>(
    'select number, bytes, hash from documents where kind = ? and id = ?',
  ),
  readDocumentAt: database.prepare<[number], DocumentState>(
    'select kind, id, bytes from documents where number = ?',
  ),
  insertDocument: database.prepare<[string, string, Uint8Array, Uint8Array]>(
    'insert into documents (kind, id, bytes, hash) values (?, ?, ?, ?)',
  ),
  updateDocument: database.prepare<[Uint8Array, Uint8Array, number]>(
    'update documents set bytes = ?, hash = ? where number = ?',
  ),
  insertTouch: database.prepare<[number, number]>(
    'insert into touches (document, position) values (?, ?)',
  ),
  readHistory: database.prepare<[string, string, number], StoredChange>(
    `select position, changes.bytes, changes.hash
     from documents join touches on touches.document = documents.number join changes using (position)
     where kind = ? and id = ? and position > ? order by position limit ${pageRows}`,
  ),
  scanDocuments: database.prepare<[number], { kind: string; id: string } & StoredDocumentRow>(
    `select kind, id, number, bytes, hash from documents
     where number > ? order by number limit ${pageRows}`,
  ),
  countDocuments: database.prepare<[], { count: number }>(
    'select count(*) as count from documents',
  ),
})
