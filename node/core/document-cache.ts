/** The documents in use, decoded; those that were not used for long leave. */

import * as causalContext from '../../crdt/causal-context.ts'
import type { Document, Schema } from '../../crdt/document.ts'
import type { Fields } from '../../crdt/dot-store.ts'
import * as live from '../../crdt/live.ts'
import type { Live } from '../../crdt/live.ts'
import type { DocumentKind, ProjectedRows } from './capability.ts'
import { cachedDocumentsMax } from './limits.ts'
import type { Store, StoredDocument } from './store.ts'

/** What deltas are joined into. */
export interface Joinable {
  readonly kind: DocumentKind
  readonly id: string
  /** As it is now; what was read of it must not be kept, because the core changes it in place. */
  state: Document
  /** The form of `state` that takes deltas in place, once there has been one to take. */
  live: Live<Document['store']> | undefined
  /** The bytes of `state`, where they are known without encoding it. */
  bytes: Uint8Array | undefined
}

/** A document in use. The core alone changes it. */
export interface CachedDocument extends Joinable {
  /** How it was last written; undefined before the first time. */
  stored: Pick<StoredDocument, 'number' | 'hash'> | undefined
  /** Its rows as they were last written, where that is remembered: most changes leave most of them. */
  rows: ProjectedRows | undefined
}

export interface DocumentCache {
  /** The document, empty if nothing was ever written to it. */
  get(kind: DocumentKind, id: string): CachedDocument
  /** Forgets those not used lately. Never inside a transaction: what it changed is not written yet. */
  trim(): void
  /** Forgets all: what an undone transaction changed was never written. */
  clear(): void
}

export const createDocumentCache = (store: Store): DocumentCache => {
  // Two generations: what is used moves to the young one, and what was not used while that one filled
  // leaves with the old one. To keep all in the order of their use costs every read two changes of a map.
  let young = createGeneration()
  let old = createGeneration()

  const load = (kind: DocumentKind, id: string): CachedDocument => {
    const stored = store.readDocument(kind.schema.kind, id)
    return {
      kind,
      id,
      state: stored ? kind.schema.decode(stored.bytes) : kind.schema.bottom,
      live: undefined,
      bytes: undefined,
      stored: stored && { number: stored.number, hash: stored.hash },
      rows: undefined,
    }
  }

  return {
    get: (kind, id) => {
      const documents = ofKind(young, kind)
      const used = documents.get(id)
      if (used) return used
      const document = old.documents.get(kind)?.get(id) ?? load(kind, id)
      documents.set(id, document)
      young.size++
      return document
    },
    trim: () => {
      if (young.size <= cachedDocumentsMax / 2) return
      old = young
      young = createGeneration()
    },
    clear: () => {
      young = createGeneration()
      old = createGeneration()
    },
  }
}

interface Generation {
  readonly documents: Map<DocumentKind, Map<string, CachedDocument>>
  size: number
}

const createGeneration = (): Generation => ({ documents: new Map(), size: 0 })

const ofKind = ({ documents }: Generation, kind: DocumentKind): Map<string, CachedDocument> => {
  const known = documents.get(kind)
  if (known) return known
  const made = new Map<string, CachedDocument>()
  documents.set(kind, made)
  return made
}

/** Joins `delta`, which is encoded as `bytes`, into `document`. */
export const join = (document: Joinable, delta: Document, bytes: Uint8Array): void => {
  if (causalContext.isEmpty(document.state.context)) {
    // Nothing and a delta make the delta, and there is one way only to encode it: most documents are
    // made by one change, and cost no more than that.
    document.state = delta
    document.bytes = bytes
    return
  }
  document.live ??= live.thaw(document.kind.schema.shape, document.state)
  document.state = document.live
  document.bytes = undefined
  live.absorb(document.live, delta)
}

/** The document as its schema's readers take it. */
export const read = <F extends Fields>(_schema: Schema<F>, document: CachedDocument): Document<F> =>
  // The cache is keyed by the schema's kind, and a kind has one schema.
  document.state as Document<F>
