/** The tables of the simulated store, as they are after some operations: what SQLite keeps, in maps. */

import type { ReplicaId } from '../../../crdt/dot.ts'
import * as hlc from '../../../crdt/hybrid-logical-clock.ts'
import * as digest from '../../../node/core/digest.ts'
import type { Row, StoredDocument } from '../../../node/core/store.ts'
import type { ChainHead } from '../../../sync/change.ts'
import * as change from '../../../sync/change.ts'
import type { Operation } from './operations.ts'

/** A state of a document, as it is stored. */
interface DocumentState {
  readonly kind: string
  readonly id: string
  readonly bytes: Uint8Array
}

export interface LogRow {
  readonly position: number
  readonly dot: { readonly replica: ReplicaId; readonly counter: number }
  readonly wallMs: number
  bytes: Uint8Array
  readonly hash: Uint8Array
}

export interface DocumentEntry extends StoredDocument {
  readonly kind: string
  readonly id: string
}

export interface Tables {
  /** By position; what was folded is gone from it. */
  readonly log: Map<number, LogRow>
  lastPosition: number
  readonly chains: Map<ReplicaId, Map<number, LogRow>>
  readonly heads: Map<ReplicaId, ChainHead>
  readonly floor: Map<ReplicaId, ChainHead>
  horizon: hlc.Clock
  clock: hlc.Clock
  digest: Uint8Array
  readonly quarantine: Map<ReplicaId, { readonly counter: number; readonly bytes: Uint8Array }>
  /** The positions of the changes that answered a request, rising. */
  readonly requests: Map<string, number[]>
  readonly documents: Map<string, DocumentEntry>
  readonly documentsByNumber: Map<number, DocumentEntry>
  lastNumber: number
  readonly touches: Map<number, Set<number>>
  readonly folded: Map<string, DocumentState>
  readonly unread: Map<string, DocumentState>
  readonly rows: Map<string, Map<number, readonly Row[]>>
  readonly notes: Map<string, string>
  kinds: string | undefined
  areRowsFilled: boolean
}

export const emptyTables = (): Tables => ({
  log: new Map(),
  lastPosition: 0,
  chains: new Map(),
  heads: new Map(),
  floor: new Map(),
  horizon: hlc.bottom,
  clock: hlc.bottom,
  digest: digest.empty(),
  quarantine: new Map(),
  requests: new Map(),
  documents: new Map(),
  documentsByNumber: new Map(),
  lastNumber: 0,
  touches: new Map(),
  folded: new Map(),
  unread: new Map(),
  rows: new Map(),
  notes: new Map(),
  kinds: undefined,
  areRowsFilled: true,
})

export const keyOf = (kind: string, id: string): string => `${kind}/${id}`
export const unreadKey = ({ kind, id, bytes }: DocumentState): string =>
  `${kind}/${id}/${digest.toHex(bytes)}`

/** What SQLite says when a row breaks a constraint: a mistake of ours, and as fatal as there. */
class ConstraintFault extends Error {
  readonly code = 'SQLITE_CONSTRAINT'
}

const constraint = (isKept: boolean, name: string): void => {
  if (!isKept) throw new ConstraintFault(`constraint failed: ${name}`)
}

/** Does one operation to the tables. */
export const apply = (tables: Tables, operation: Operation): void => {
  switch (operation.op) {
    case 'change':
      return appendChange(tables, operation)
    case 'drop':
      return dropChange(tables, operation.position)
    case 'head':
    case 'floor': {
      const heads = operation.op === 'head' ? tables.heads : tables.floor
      const { counter, hash } = operation
      return void heads.set(operation.replica as ReplicaId, { counter, hash })
    }
    case 'horizon':
      tables.horizon = { wallMs: operation.wallMs, logical: operation.logical }
      return
    case 'state':
      tables.clock = { wallMs: operation.wallMs, logical: operation.logical }
      tables.digest = operation.digest
      return
    case 'quarantine': {
      const replica = operation.replica as ReplicaId
      const { counter, bytes } = operation
      if (!tables.quarantine.has(replica)) tables.quarantine.set(replica, { counter, bytes })
      return
    }
    case 'request': {
      const positions = tables.requests.get(operation.request)
      if (!positions) tables.requests.set(operation.request, [operation.position])
      else if (!positions.includes(operation.position)) {
        positions.push(operation.position)
        positions.sort((a, b) => a - b)
      }
      return
    }
    case 'document': {
      const { number, kind, id, bytes, hash } = operation
      const before = tables.documents.get(keyOf(kind, id))
      constraint((before?.number ?? number) === number, 'a_document_is_stored_once')
      return setDocument(tables, { number, kind, id, bytes, hash })
    }
    case 'touch': {
      const positions = tables.touches.get(operation.number)
      constraint(!positions?.has(operation.position), 'touches.document, touches.position')
      if (positions) positions.add(operation.position)
      else tables.touches.set(operation.number, new Set([operation.position]))
      return
    }
    case 'folded': {
      const { kind, id, bytes } = operation
      constraint(tables.documents.has(keyOf(kind, id)), 'what is folded is a document')
      return void tables.folded.set(keyOf(kind, id), { kind, id, bytes })
    }
    case 'unfolded':
      return void tables.folded.delete(keyOf(operation.kind, operation.id))
    case 'unread': {
      const { kind, id, bytes } = operation
      return void tables.unread.set(unreadKey(operation), { kind, id, bytes })
    }
    case 'readNow':
      return void tables.unread.delete(unreadKey(operation))
    case 'rows': {
      const table = tables.rows.get(operation.table) ?? new Map<number, readonly Row[]>()
      tables.rows.set(operation.table, table)
      const rows = operation.rows as readonly Row[]
      const kept = operation.isNew === 1 ? (table.get(operation.number) ?? []) : []
      if (kept.length + rows.length === 0) table.delete(operation.number)
      else table.set(operation.number, [...kept, ...rows])
      return
    }
    case 'clearRows':
      return void tables.rows.delete(operation.table)
    case 'clearDocuments':
      return clearDocuments(tables)
    case 'kinds':
      tables.kinds = operation.kinds
      return
    case 'rowsFilled':
      tables.areRowsFilled = true
      return
    case 'note':
      tables.notes.set(operation.name, operation.text)
  }
}

const appendChange = (
  tables: Tables,
  { position, replica, counter, wallMs, bytes, hash }: Extract<Operation, { op: 'change' }>,
): void => {
  const dot = { replica: replica as ReplicaId, counter }
  const row: LogRow = { position, dot, wallMs, bytes, hash }
  const chain = tables.chains.get(dot.replica) ?? new Map<number, LogRow>()
  tables.chains.set(dot.replica, chain)
  constraint(!chain.has(counter), 'a_dot_names_one_change')
  chain.set(counter, row)
  tables.log.set(position, row)
  tables.lastPosition = Math.max(tables.lastPosition, position)
}

const dropChange = (tables: Tables, position: number): void => {
  const row = tables.log.get(position)
  constraint(row !== undefined, 'what is dropped is in the log')
  if (!row) return
  tables.log.delete(position)
  tables.chains.get(row.dot.replica)?.delete(row.dot.counter)
  const { requests, deltas } = change.decode(row.bytes)
  for (const request of requests) {
    const left = (tables.requests.get(request) ?? []).filter((one) => one !== position)
    if (left.length > 0) tables.requests.set(request, left)
    else tables.requests.delete(request)
  }
  for (const { kind, id } of deltas) {
    const document = tables.documents.get(keyOf(kind, id))
    if (document) tables.touches.get(document.number)?.delete(position)
  }
}

const setDocument = (tables: Tables, entry: DocumentEntry): void => {
  tables.documents.set(keyOf(entry.kind, entry.id), entry)
  tables.documentsByNumber.set(entry.number, entry)
  tables.lastNumber = Math.max(tables.lastNumber, entry.number)
}

const clearDocuments = (tables: Tables): void => {
  const numbers = new Map([...tables.documents].map(([key, { number }]) => [key, number]))
  tables.documents.clear()
  tables.documentsByNumber.clear()
  tables.touches.clear()
  tables.requests.clear()
  const sum = digest.sumFrom(digest.empty())
  for (const [key, { kind, id, bytes }] of tables.folded) {
    const hash = digest.documentHash(kind, id, bytes)
    sum.add(hash)
    setDocument(tables, { number: numbers.get(key) ?? 0, kind, id, bytes, hash })
  }
  tables.digest = sum.bytes()
}
