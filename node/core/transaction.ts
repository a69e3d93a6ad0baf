/**
 * One transaction of the core: appends changes to the log, joins their deltas into documents, and at
 * the end writes each changed document once, with its rows, its part of the digest and its history.
 */

import { assert } from '../../crdt/assert.ts'
import type { Document } from '../../crdt/document.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as change from '../../sync/change.ts'
import type { Change, ChainHead } from '../../sync/change.ts'
import { openBase } from './base.ts'
import type { DocumentKind } from './capability.ts'
import * as digest from './digest.ts'
import { join, type CachedDocument, type DocumentCache } from './document-cache.ts'
import type { CoreState, Row, Store } from './store.ts'

export interface Transaction {
  /** The link that the next change of `replica` continues. */
  head(replica: ReplicaId): ChainHead
  /** Appends a change to the log and joins the deltas that are understood here. */
  append(made: Change, bytes: Uint8Array, understood: readonly UnderstoodDelta[]): void
  /** Joins the deltas of a change that stands in the log at `position`. */
  replay(made: Change, position: number, understood: readonly UnderstoodDelta[]): void
  /** Joins states of documents that come without the changes that made them, into the base as well. */
  join(states: readonly UnderstoodDelta[]): void
  /** Writes what changed; answers the state that the store was left in, and the documents. */
  finish(clock: CoreState['clock']): { state: CoreState; changed: readonly CachedDocument[] }
}

export interface UnderstoodDelta {
  readonly kind: DocumentKind
  readonly id: string
  readonly delta: Document
  /** The delta's encoding, from which it was decoded. */
  readonly bytes: Uint8Array
}

const noHead: ChainHead = { counter: 0, hash: change.chainStart }

export const createTransaction = (
  store: Store,
  cache: DocumentCache,
  before: CoreState,
): Transaction => {
  const heads = new Map<ReplicaId, ChainHead>()
  const changed = new Map<CachedDocument, number[]>()
  const base = openBase(store)

  const head = (replica: ReplicaId) => heads.get(replica) ?? before.heads.get(replica) ?? noHead

  const replay: Transaction['replay'] = ({ requests }, position, understood) => {
    for (const request of requests) store.noteRequest(request, position)
    for (const { kind, id, delta, bytes } of understood) {
      const document = cache.get(kind, id)
      join(document, delta, bytes)
      const positions = changed.get(document)
      if (!positions) changed.set(document, [position])
      // A change may have several deltas on one document, and is one piece of its history.
      else if (positions.at(-1) !== position) positions.push(position)
    }
  }

  return {
    head,
    replay,

    join: (states) => {
      for (const one of states) {
        const document = cache.get(one.kind, one.id)
        join(document, one.delta, one.bytes)
        if (!changed.has(document)) changed.set(document, [])
        base.join(one)
      }
    },

    append: (made, bytes, understood) => {
      const { dot, time } = made
      const previous = head(dot.replica)
      assert(dot.counter === previous.counter + 1, 'a chain grows one change at a time')
      const hash = change.chainHash(previous.hash, bytes)
      const position = store.appendChange({ dot, wallMs: time.wallMs, bytes, hash })
      heads.set(dot.replica, { counter: dot.counter, hash })
      replay(made, position, understood)
    },

    finish: (clock) => {
      if (changed.size === 0 && heads.size === 0) return { state: before, changed: [] }
      const sum = digest.sumFrom(before.digest)
      for (const [document, positions] of changed) {
        const { stored } = document
        if (stored) sum.subtract(stored.hash)
        const { number, hash } = write(store, document)
        sum.add(hash)
        for (const position of positions) store.touchDocument(number, position)
      }
      base.write()
      const state = { heads: new Map([...before.heads, ...heads]), clock, digest: sum.bytes() }
      store.writeState(state, heads.keys())
      return { state, changed: [...changed.keys()] }
    },
  }
}

/** Writes a document and its rows, and leaves it knowing how it is stored. */
const write = (store: Store, document: CachedDocument) => {
  const { kind, id, state, stored: before } = document
  const { schema } = kind
  const bytes = document.bytes ?? schema.encode(state)
  const hash = digest.documentHash(schema.kind, id, bytes)
  const numbered = before ? { number: before.number } : {}
  const number = store.writeDocument({ ...numbered, kind: schema.kind, id, bytes, hash })
  const stored = { number, hash }
  document.stored = stored
  document.bytes = undefined
  writeRows(store, document, before === undefined)
  return stored
}

/** Writes the rows of a stored document: those of each table that are not as they were written last. */
export const writeRows = (store: Store, document: CachedDocument, isNew: boolean): void => {
  const { kind, id, state, stored, rows: before } = document
  assert(stored !== undefined, 'a document is stored before its rows')
  const rows = kind.project(id, state)
  for (const table of kind.tables) {
    const own = rows[table.name] ?? noRows
    if (before && areSame(own, before[table.name] ?? noRows)) continue
    store.replaceRows(table, stored.number, own, isNew, before?.[table.name])
  }
  document.rows = rows
}

const noRows: readonly Row[] = []

const areSame = (a: readonly Row[], b: readonly Row[]): boolean =>
  a.length === b.length && a.every((row, at) => isSame(row, b[at]))

const isSame = (a: Row, b: Row | undefined): boolean => {
  for (const column in a) if (a[column] !== b?.[column]) return false
  return true
}
