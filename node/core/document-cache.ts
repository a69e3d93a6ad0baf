/** The documents in use, in the live form that takes deltas in place; the least recently used ones leave. */

import type { Document, Schema } from '../../crdt/document.ts'
import type { Fields } from '../../crdt/dot-store.ts'
import * as live from '../../crdt/live.ts'
import type { Live } from '../../crdt/live.ts'
import type { DocumentKind } from './capability.ts'
import { cachedDocumentsMax } from './limits.ts'
import type { Store, StoredDocument } from './store.ts'

/** A document in use. The core alone changes it. */
export interface CachedDocument {
  readonly kind: DocumentKind
  readonly id: string
  readonly live: Live<Document['store']>
  /** How it was last written; undefined before the first time. */
  stored: Pick<StoredDocument, 'number' | 'hash'> | undefined
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
  // A Map keeps the order of insertion; what is used again moves to the end.
  const documents = new Map<string, CachedDocument>()

  const load = (kind: DocumentKind, id: string): CachedDocument => {
    const stored = store.readDocument(kind.schema.kind, id)
    const state = stored ? kind.schema.decode(stored.bytes) : kind.schema.bottom
    return {
      kind,
      id,
      live: live.thaw(kind.schema.shape, state),
      stored: stored && { number: stored.number, hash: stored.hash },
    }
  }

  return {
    get: (kind, id) => {
      const key = `${kind.schema.kind}/${id}`
      const cached = documents.get(key)
      if (cached) documents.delete(key)
      const document = cached ?? load(kind, id)
      documents.set(key, document)
      return document
    },
    trim: () => {
      for (const key of documents.keys()) {
        if (documents.size <= cachedDocumentsMax) break
        documents.delete(key)
      }
    },
    clear: () => documents.clear(),
  }
}

/** The document as its schema's readers take it. */
export const read = <F extends Fields>(_schema: Schema<F>, document: CachedDocument): Document<F> =>
  // The cache is keyed by the schema's kind, and a kind has one schema.
  document.live as Document<F>
