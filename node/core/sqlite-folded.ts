/**
 * The base in SQLite: what was folded of each document, and a sum over all of it, so that a row that
 * is gone is missed.
 */

import type Database from 'better-sqlite3'
import { assert } from '../../crdt/assert.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import type { DocumentState } from '../../sync/document-exchange.ts'
import * as digest from './digest.ts'
import { pageRows } from './limits.ts'
import { createSealedNotes } from './sealed-note.ts'
import type { Base } from './store.ts'

export interface SqliteBase extends Omit<Base, 'readFloor' | 'writeFloor'> {
  /** Puts what was folded in the place of the documents; answers their digest. */
  copyToDocuments(): Uint8Array
  /** Call at the end of each transaction's work. */
  finish(): void
  /** Call when a transaction has ended. */
  settle(): void
}

export const createSqliteBase = (database: Database.Database): SqliteBase => {
  const sql = prepare(database)
  const notes = createSealedNotes(database)
  /** The sum as this transaction has left it so far; undefined if it has not changed. */
  let sum: digest.Sum | undefined

  const openSum = (): digest.Sum => (sum ??= digest.sumFrom(sql.readSum.get() ?? digest.empty()))

  const numberOf = (kind: string, id: string): number => {
    const number = sql.readNumber.get(kind, id)
    assert(number !== undefined, 'what is folded of a document is part of the document')
    return number
  }

  return {
    readHorizon: () => {
      const text = notes.read('horizon')
      return text === undefined ? hlc.bottom : (JSON.parse(text) as hlc.Clock)
    },
    writeHorizon: ({ wallMs, logical }) => {
      notes.write('horizon', JSON.stringify({ wallMs, logical }))
    },

    readFolded: (kind, id) => sql.readFolded.get(kind, id)?.bytes,

    writeFolded: (kind, id, bytes) => {
      const number = numberOf(kind, id)
      const before = sql.readHash.get(number)
      if (before) openSum().subtract(before)
      const hash = digest.documentHash(kind, id, bytes)
      openSum().add(hash)
      sql.putFolded.run(number, kind, id, bytes, hash)
    },

    dropFolded: (kind, id) => {
      const row = sql.readFolded.get(kind, id)
      if (!row) return
      openSum().subtract(row.hash)
      sql.deleteFolded.run(row.document)
    },

    scanFolded: () => scan(sql.scanFolded),

    addUnread: ({ kind, id, bytes }) => {
      const hash = digest.documentHash(kind, id, bytes)
      if (sql.insertUnread.run(kind, id, hash, bytes).changes > 0) openSum().add(hash)
    },

    dropUnread: ({ kind, id, bytes }) => {
      const hash = digest.documentHash(kind, id, bytes)
      if (sql.deleteUnread.run(kind, id, hash).changes > 0) openSum().subtract(hash)
    },

    readUnread: (kind, id) => sql.readUnread.all(kind, id),

    scanUnread: () => scan(sql.scanUnread),

    copyToDocuments: () => {
      sql.clearDocuments.run()
      sql.copyToDocuments.run()
      const documents = digest.sumFrom(digest.empty())
      for (const hash of sql.hashesOfDocuments.iterate()) documents.add(hash)
      return documents.bytes()
    },

    finish: () => {
      if (sum) sql.writeSum.run(sum.bytes())
      sum = undefined
    },
    settle: () => {
      sum = undefined
    },
  }
}

// In pages, so that no statement is left open while the caller takes its time, or writes.
function* scan(
  statement: Database.Statement<[number], DocumentState & { readonly number: number }>,
): Generator<DocumentState> {
  for (let last = 0; ;) {
    const rows = statement.all(last)
    yield* rows
    const end = rows.at(-1)
    if (end === undefined) return
    last = end.number
  }
}

const prepare = (database: Database.Database) => ({
  readSum: database.prepare<[], Buffer>(`select value from state where name = 'base'`).pluck(),
  writeSum: database.prepare<[Uint8Array]>(
    `insert or replace into state (name, value) values ('base', ?)`,
  ),
  // Ids are hashes: an index over them would cost a dirty page for every row that is folded, so rows
  // have the number of their document, whose index is only read here.
  readNumber: database
    .prepare<[string, string], number>('select number from documents where kind = ? and id = ?')
    .pluck(),
  readFolded: database.prepare<
    [string, string],
    { readonly document: number; readonly bytes: Buffer; readonly hash: Buffer }
  >(
    `select folded.document, folded.bytes, folded.hash
     from documents join folded on folded.document = documents.number
     where documents.kind = ? and documents.id = ?`,
  ),
  readHash: database
    .prepare<[number], Buffer>('select hash from folded where document = ?')
    .pluck(),
  putFolded: database.prepare<[number, string, string, Uint8Array, Uint8Array]>(
    `insert into folded (document, kind, id, bytes, hash) values (?, ?, ?, ?, ?)
     on conflict (document) do update set bytes = excluded.bytes, hash = excluded.hash`,
  ),
  deleteFolded: database.prepare<[number]>('delete from folded where document = ?'),
  scanFolded: database.prepare<[number], DocumentState & { number: number }>(
    `select document as number, kind, id, bytes from folded
     where document > ? order by document limit ${pageRows}`,
  ),
  insertUnread: database.prepare<[string, string, Uint8Array, Uint8Array]>(
    'insert into unread (kind, id, hash, bytes) values (?, ?, ?, ?) on conflict do nothing',
  ),
  deleteUnread: database.prepare<[string, string, Uint8Array]>(
    'delete from unread where kind = ? and id = ? and hash = ?',
  ),
  readUnread: database
    .prepare<[string, string], Buffer>('select bytes from unread where kind = ? and id = ?')
    .pluck(),
  scanUnread: database.prepare<[number], DocumentState & { number: number }>(
    `select rowid as number, kind, id, bytes from unread
     where rowid > ? order by rowid limit ${pageRows}`,
  ),
  clearDocuments: database.prepare('delete from documents'),
  copyToDocuments: database.prepare(
    `insert into documents (number, kind, id, bytes, hash)
     select document, kind, id, bytes, hash from folded`,
  ),
  hashesOfDocuments: database.prepare<[], Buffer>('select hash from documents').pluck(),
})
