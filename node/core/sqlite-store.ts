/** The store on SQLite, through better-sqlite3: one connection, one writer, everything synchronous. */

import Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
import { assert } from '../../crdt/assert.ts'
import type { Dot, ReplicaId } from '../../crdt/dot.ts'
import type { Clock } from '../../crdt/hybrid-logical-clock.ts'
import type { ChainHead } from '../../sync/change.ts'
import * as digest from './digest.ts'
import { assertDurable, configure, derivedTables, formatVersion, tables } from './sqlite-schema.ts'
import type { ChangeRow, CoreState, DocumentRow, Store, StoredChange, StoredSlice, Table } from './store.ts'

export interface SqliteStore extends Store {
  /** For the read side of capabilities: they may select, and never write. */
  readonly database: Database.Database
  /** Whether the read models' tables were made anew at opening, and so are still empty. */
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

export const createSqliteStore = ({
  file,
  readModelSql,
  readModelTables,
}: SqliteStoreOptions): SqliteStore => {
  const database = new Database(file)
  configure(database)
  database.exec(tables)
  const isReadModelNew = prepareReadModels(database, readModelSql, readModelTables)
  assertDurable(database)

  const sql = prepareStatements(database)
  const replicaNumbers = new Map<ReplicaId, number>()
  const replicaNames = new Map<number, ReplicaId>()
  for (const { number, replica } of sql.readReplicas.all()) {
    replicaNumbers.set(replica, number)
    replicaNames.set(number, replica)
  }
  const rowStatements = new Map<string, RowStatements>()

  const numberOf = (replica: ReplicaId): number => {
    const known = replicaNumbers.get(replica)
    if (known !== undefined) return known
    const number = Number(sql.insertReplica.run(replica, Buffer.alloc(32)).lastInsertRowid)
    replicaNumbers.set(replica, number)
    replicaNames.set(number, replica)
    return number
  }

  const nameOf = (number: number): ReplicaId => {
    const name = replicaNames.get(number)
    assert(name !== undefined, 'a change belongs to a known replica')
    return name
  }

  const forgetReplicas = () => {
    replicaNumbers.clear()
    replicaNames.clear()
    for (const { number, replica } of sql.readReplicas.all()) {
      replicaNumbers.set(replica, number)
      replicaNames.set(number, replica)
    }
  }

  const transact = database.transaction((work: () => unknown) => work())

  return {
    database,
    isReadModelNew,

    transact: <T>(work: () => T): T => {
      try {
        return transact.immediate(work) as T
      } catch (error) {
        // A replica that the undone transaction introduced has no number any more.
        forgetReplicas()
        throw error
      }
    },

    readState: () => {
      const heads = new Map<ReplicaId, ChainHead>()
      for (const { replica, counter, hash } of sql.readReplicas.all()) {
        if (counter > 0) heads.set(replica, { counter, hash })
      }
      const clock = sql.readStateValue.get('clock')
      const sum = sql.readStateValue.get('digest')
      return {
        heads,
        clock: clock ? (JSON.parse(clock.value.toString()) as Clock) : { wallMs: 0, logical: 0 },
        digest: sum ? new Uint8Array(sum.value) : digest.empty(),
      }
    },

    writeState: ({ heads, clock, digest: sum }: CoreState, changed) => {
      for (const replica of changed) {
        const head = heads.get(replica)
        assert(head !== undefined, 'a changed chain has a head')
        sql.writeHead.run(head.counter, head.hash, numberOf(replica))
      }
      sql.writeStateValue.run('clock', Buffer.from(JSON.stringify(clock)))
      sql.writeStateValue.run('digest', sum)
    },

    appendChange: ({ dot, wallMs, bytes, hash }: ChangeRow) =>
      Number(
        sql.insertChange.run(numberOf(dot.replica), dot.counter, wallMs, bytes, hash)
          .lastInsertRowid,
      ),

    readChange: ({ replica, counter }: Dot) => {
      const number = replicaNumbers.get(replica)
      return number === undefined ? undefined : sql.readChange.get(number, counter)
    },

    readChanges: (position, bytesMax) => {
      const entries: StoredSlice['entries'][number][] = []
      let size = 0
      let next = position
      for (const row of sql.readChangesFrom.iterate(position)) {
        size += row.bytes.length
        if (entries.length > 0 && size > bytesMax) break
        const dot = { replica: nameOf(row.replica), counter: row.counter }
        entries.push({ position: row.position, dot, wallMs: row.wall_ms, bytes: row.bytes })
        next = row.position + 1
      }
      return { entries, next }
    },

    positionAfter: (replica, counter) => {
      const number = replicaNumbers.get(replica)
      return number === undefined ? undefined : sql.readPositionAfter.get(number, counter)?.position
    },

    endPosition: () => (sql.readLastPosition.get()?.position ?? 0) + 1,

    readRequest: (request) => sql.readRequest.get(request),
    noteRequest: (request, position) => {
      sql.insertRequest.run(request, position)
    },

    readDocument: (kind, id) => sql.readDocument.get(kind, id),

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

    readHistory: (kind, id) => sql.readHistory.iterate(kind, id),
    scanDocuments: () => sql.scanDocuments.iterate(),
    countDocuments: () => sql.countDocuments.get()?.count ?? 0,

    replaceRows: (table, owner, rows, isNew) => {
      const statements =
        rowStatements.get(table.name) ?? prepareRowStatements(database, table, rowStatements)
      if (!isNew && !(table.isSingle && rows.length === 1)) statements.remove.run(owner)
      for (const row of rows) {
        statements.put.run(table.columns.map((column) => row[column] ?? null))
      }
    },

    clearDerived: (derived) => {
      for (const name of [...derivedTables, ...derived.map((table) => table.name)]) {
        database.exec(`delete from ${name}`)
      }
      sql.writeStateValue.run('digest', digest.empty())
    },

    close: () => {
      database.close()
    },
  }
}

// Read models are derived: when their tables have changed shape they are dropped and filled again.
const prepareReadModels = (
  database: Database.Database,
  readModelSql: string,
  readModelTables: readonly Table[],
): boolean => {
  const shape = createHash('sha256').update(`${formatVersion}\n${readModelSql}`).digest('hex')
  const known = database
    .prepare<[], { value: Buffer }>(`select value from state where name = 'read_models'`)
    .get()
  if (known?.value.toString() === shape) return false
  for (const { name } of readModelTables) database.exec(`drop table if exists ${name}`)
  database.exec(readModelSql)
  database
    .prepare(`insert or replace into state (name, value) values ('read_models', ?)`)
    .run(Buffer.from(shape))
  return true
}

interface RowStatements {
  readonly remove: Database.Statement<[string]>
  readonly put: Database.Statement<[readonly (string | number | null)[]]>
}

const prepareRowStatements = (
  database: Database.Database,
  { name, owner, columns, isSingle }: Table,
  statements: Map<string, RowStatements>,
): RowStatements => {
  const values = columns.map(() => '?').join(', ')
  const updates = columns.map((column) => `${column} = excluded.${column}`).join(', ')
  const upsert = isSingle ? ` on conflict (${owner}) do update set ${updates}` : ''
  const prepared: RowStatements = {
    remove: database.prepare(`delete from ${name} where ${owner} = ?`),
    put: database.prepare(`insert into ${name} (${columns.join(', ')}) values (${values})${upsert}`),
  }
  statements.set(name, prepared)
  return prepared
}

interface ReplicaRow {
  readonly number: number
  readonly replica: ReplicaId
  readonly counter: number
  readonly hash: Buffer
}

interface LogRow {
  readonly position: number
  readonly replica: number
  readonly counter: number
  readonly wall_ms: number
  readonly bytes: Buffer
}

interface StoredDocumentRow {
  readonly number: number
  readonly bytes: Buffer
  readonly hash: Buffer
}

const prepareStatements = (database: Database.Database) => ({
  readReplicas: database.prepare<[], ReplicaRow>(
    'select number, replica, counter, hash from replicas',
  ),
  insertReplica: database.prepare<[string, Buffer]>(
    'insert into replicas (replica, counter, hash) values (?, 0, ?)',
  ),
  writeHead: database.prepare<[number, Uint8Array, number]>(
    'update replicas set counter = ?, hash = ? where number = ?',
  ),
  readStateValue: database.prepare<[string], { value: Buffer }>(
    'select value from state where name = ?',
  ),
  writeStateValue: database.prepare<[string, Uint8Array]>(
    'insert or replace into state (name, value) values (?, ?)',
  ),
  insertChange: database.prepare<[number, number, number, Uint8Array, Uint8Array]>(
    'insert into changes (replica, counter, wall_ms, bytes, hash) values (?, ?, ?, ?, ?)',
  ),
  readChange: database.prepare<[number, number], StoredChange>(
    'select position, bytes, hash from changes where replica = ? and counter = ?',
  ),
  readChangesFrom: database.prepare<[number], LogRow>(
    `select position, replica, counter, wall_ms, bytes from changes
     where position >= ? order by position`,
  ),
  readPositionAfter: database.prepare<[number, number], { position: number }>(
    `select position from changes where replica = ? and counter > ? order by counter limit 1`,
  ),
  readLastPosition: database.prepare<[], { position: number }>(
    'select position from changes order by position desc limit 1',
  ),
  // Two regions may each answer one request while cut off; the first that arrived is told again.
  insertRequest: database.prepare<[string, number]>(
    'insert into requests (request, position) values (?, ?) on conflict do nothing',
  ),
  readRequest: database.prepare<[string], StoredChange>(
    `select position, bytes, hash from requests join changes using (position) where request = ?`,
  ),
  readDocument: database.prepare<[string, string], StoredDocumentRow>(
    'select number, bytes, hash from documents where kind = ? and id = ?',
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
  readHistory: database.prepare<[string, string], StoredChange>(
    `select position, changes.bytes, changes.hash
     from documents join touches on touches.document = documents.number join changes using (position)
     where kind = ? and id = ? order by position`,
  ),
  scanDocuments: database.prepare<[], { kind: string; id: string } & StoredDocumentRow>(
    'select kind, id, number, bytes, hash from documents',
  ),
  countDocuments: database.prepare<[], { count: number }>('select count(*) as count from documents'),
})
