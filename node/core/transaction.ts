/**
 * One transaction of the core: appends changes to the log, joins their deltas into documents, and at
 * the end writes each changed document once, with its rows, its part of the digest and its history.
 */

import { assert } from '../../crdt/assert.ts'
import type { Document } from '../../crdt/document.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as live from '../../crdt/live.ts'
import * as change from '../../sync/change.ts'
import type { Change, ChainHead } from '../../sync/change.ts'
import type { DocumentKind } from './capability.ts'
import * as digest from './digest.ts'
import type { CachedDocument, DocumentCache } from './document-cache.ts'
import type { CoreState, Store } from './store.ts'

export interface Transaction {
  /** The link that the next change of `replica` continues. */
  head(replica: ReplicaId): ChainHead
  /** Appends a change to the log and joins the deltas that are understood here. */
  append(made: Change, bytes: Uint8Array, understood: readonly UnderstoodDelta[]): void
  /** Joins the deltas of a change that stands in the log at `position`. */
  replay(made: Change, position: number, understood: readonly UnderstoodDelta[]): void
  /** Writes what changed; answers the state that the store was left in, and the documents. */
  finish(clock: CoreState['clock']): { state: CoreState; changed: readonly CachedDocument[] }
}

export interface UnderstoodDelta {
  readonly kind: DocumentKind
  readonly id: string
  readonly delta: Document
}

const noHead: ChainHead = { counter: 0, hash: change.chainStart }

export const createTransaction = (
  store: Store,
  cache: DocumentCache,
  before: CoreState,
): Transaction => {
  const heads = new Map<ReplicaId, ChainHead>()
  const changed = new Map<CachedDocument, number[]>()

  const head = (replica: ReplicaId) => heads.get(replica) ?? before.heads.get(replica) ?? noHead

  const replay: Transaction['replay'] = ({ requests }, position, understood) => {
    for (const request of requests) store.noteRequest(request, position)
    for (const { kind, id, delta } of understood) {
      const document = cache.get(kind, id)
      live.absorb(document.live, delta)
      const positions = changed.get(document)
      if (positions) positions.push(position)
      else changed.set(document, [position])
    }
  }

  return {
    head,
    replay,

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
      let sum = before.digest
      for (const [document, positions] of changed) {
        const { stored } = document
        write(store, document)
        assert(document.stored !== undefined, 'a written document is stored')
        sum = digest.replace(sum, stored?.hash, document.stored.hash)
        for (const position of positions) store.touchDocument(document.stored.number, position)
      }
      const state = { heads: new Map([...before.heads, ...heads]), clock, digest: sum }
      store.writeState(state, heads.keys())
      return { state, changed: [...changed.keys()] }
    },
  }
}

/** Writes a document and its rows, and leaves it knowing how it is stored. */
const write = (store: Store, document: CachedDocument): void => {
  const { kind, id, live, stored } = document
  const { schema } = kind
  const bytes = schema.encode(live)
  const hash = digest.documentHash(schema.kind, id, bytes)
  const numbered = stored ? { number: stored.number } : {}
  const number = store.writeDocument({ ...numbered, kind: schema.kind, id, bytes, hash })
  document.stored = { number, bytes, hash }
  writeRows(store, document, stored === undefined)
}

export const writeRows = (
  store: Store,
  { kind, id, live }: CachedDocument,
  isNew: boolean,
): void => {
  const rows = kind.project(id, live)
  for (const table of kind.tables) store.replaceRows(table, id, rows[table.name] ?? [], isNew)
}
