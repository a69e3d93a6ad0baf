/**
 * Joins deltas into the merged store's documents: by the code that nodes join them with, inside a
 * transaction, in which the sinks are told.
 *
 * One statement inserts the documents that are new and locks those that are there, all in one order.
 * Those that are there are then read, joined and written.
 */

import * as codec from '../../crdt/codec.ts'
import type { Document } from '../../crdt/document.ts'
import type { DocumentKind } from '../core/capability.ts'
import { documentHash } from '../core/digest.ts'
import { join, type Joinable } from '../core/document-cache.ts'
import type { UnderstoodDelta } from '../core/transaction.ts'
import { Fault } from '../fault.ts'
import { bulk, type BulkColumn } from './bulk.ts'
import type { MergedDocument, Sink } from './sink.ts'
import type { Queries } from './sql.ts'

export interface Merging {
  join(transaction: Queries, deltas: readonly UnderstoodDelta[]): Promise<void>
}

export const createMerging = (sinks: readonly Sink[]): Merging => ({
  join: async (transaction, deltas) => {
    const joined = joinByDocument(deltas)
    if (joined.length === 0) return
    const inserted = await insertOrLock(transaction, joined)
    const known = joined.filter(({ key }) => !inserted.has(key))
    const changed = await update(transaction, known)
    if (sinks.length === 0) return
    const documents = joined
      .filter(({ key }) => inserted.has(key) || changed.has(key))
      .map(({ key, kind, id, state }): MergedDocument => ({
        kind,
        id,
        document: state,
        isNew: inserted.has(key),
      }))
    if (documents.length === 0) return
    for (const sink of sinks) await sink.write(transaction, documents)
  },
})

interface Joined extends Joinable {
  readonly key: string
}

/** What the deltas say of each document, in the order of the documents. */
const joinByDocument = (deltas: readonly UnderstoodDelta[]): readonly Joined[] => {
  const byKey = new Map<string, Joined>()
  for (const { kind, id, delta, bytes } of deltas) {
    const key = keyOf(kind.schema.kind, id)
    const document = byKey.get(key) ?? empty(key, kind, id)
    byKey.set(key, document)
    join(document, delta, bytes)
  }
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

const empty = (key: string, kind: DocumentKind, id: string): Joined => ({
  key,
  kind,
  id,
  state: kind.schema.bottom,
  live: undefined,
  bytes: undefined,
})

// No kind and no id has a character 0, so that this is the order of kind, then id.
const keyOf = (kind: string, id: string): string => `${kind}\0${id}`

const bytesOf = ({ kind, state, bytes }: Joined): Uint8Array => bytes ?? kind.schema.encode(state)

const keyColumns: readonly BulkColumn[] = [
  { name: 'kind', type: 'text' },
  { name: 'id', type: 'text' },
]
const contentColumns: readonly BulkColumn[] = [
  { name: 'bytes', type: 'bytea' },
  { name: 'hash', type: 'bytea' },
]

const asRow = (document: Joined) => {
  const { kind, id } = document
  const bytes = bytesOf(document)
  return [kind.schema.kind, id, bytes, documentHash(kind.schema.kind, id, bytes)] as const
}

/** Inserts those that are not there and answers their keys; the others are locked then. */
const insertOrLock = async (
  transaction: Queries,
  documents: readonly Joined[],
): Promise<ReadonlySet<string>> => {
  const { table, values } = bulk('joined', [...keyColumns, ...contentColumns], documents.map(asRow))
  const inserted = await transaction.query<{ kind: string; id: string }>(
    `insert into documents (kind, id, bytes, hash)
     select kind, id, bytes, hash from ${table} order by place
     on conflict (kind, id) do update set hash = documents.hash where false
     returning kind, id`,
    values,
  )
  return new Set(inserted.map(({ kind, id }) => keyOf(kind, id)))
}

interface StoredRow {
  readonly place: number
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

/** Joins into documents that are locked; answers the keys of those that are another now. */
const update = async (
  transaction: Queries,
  documents: readonly Joined[],
): Promise<ReadonlySet<string>> => {
  const changed = new Set<string>()
  if (documents.length === 0) return changed
  const keys = bulk(
    'keys',
    keyColumns,
    documents.map(({ kind, id }) => [kind.schema.kind, id]),
  )
  const stored = await transaction.query<StoredRow>(
    `select place, bytes, hash from ${keys.table} join documents using (kind, id)`,
    keys.values,
  )
  const rows: (readonly [...ReturnType<typeof asRow>])[] = []
  for (const { place, bytes, hash } of stored) {
    const document = documents[place - 1]!
    const { kind, state: delta } = document
    const deltaBytes = bytesOf(document)
    document.state = decode(kind, bytes)
    document.live = undefined
    document.bytes = bytes
    join(document, delta, deltaBytes)
    const row = asRow(document)
    if (Buffer.compare(row[3], hash) === 0) continue
    rows.push(row)
    changed.add(document.key)
  }
  if (rows.length === 0) return changed
  const { table, values } = bulk('joined', [...keyColumns, ...contentColumns], rows)
  await transaction.query(
    `update documents set bytes = joined.bytes, hash = joined.hash, updated_at = now()
     from ${table} where documents.kind = joined.kind and documents.id = joined.id`,
    values,
  )
  return changed
}

// What was damaged is put right by a node that has the whole document (`verify.ts`), so what is joined
// meanwhile may begin with nothing. What a later release wrote must not be written over.
const decode = (kind: DocumentKind, bytes: Uint8Array): Document => {
  try {
    return kind.schema.decode(bytes)
  } catch (error) {
    if (!(error instanceof codec.DecodeError)) throw error
    if (!error.isOfLater) return kind.schema.bottom
    const what = `A document of kind ${kind.schema.kind} has what this release does not know`
    throw new Fault('merged_store_newer', what, { cause: error })
  }
}
