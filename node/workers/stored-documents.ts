/**
 * The core's documents as a thread beside it reads them: from the database, and kept decoded for as long
 * as they are fresh.
 */

import * as causalContext from '../../crdt/causal-context.ts'
import type { Document, Schema } from '../../crdt/document.ts'
import type { Fields } from '../../crdt/dot-store.ts'
import * as change from '../../sync/change.ts'
import { receiptOf, type Core } from '../core/core.ts'
import type { SqliteReader } from '../core/sqlite-reader.ts'
import type { Freshness } from './freshness.ts'
import { keptDocumentsMax } from './limits.ts'

export type StoredDocuments = Pick<Core, 'read' | 'exists' | 'isAnswered' | 'findReceipt'>

export const createStoredDocuments = (
  reader: SqliteReader,
  freshness: Pick<Freshness, 'stampOf'>,
): StoredDocuments => {
  // In the order of reading, so that the first is the oldest.
  const kept = new Map<string, { readonly stamp: number; readonly document: Document }>()

  const read = (schema: Schema, id: string): Document => {
    const key = `${schema.kind}/${id}`
    // Before the document is read: what changes in between is then read again, and never missed.
    const stamp = freshness.stampOf(schema.kind, id)
    const known = kept.get(key)
    if (known?.stamp === stamp) return known.document
    const bytes = reader.readDocument(schema.kind, id)
    const document = bytes ? schema.decode(bytes) : schema.bottom
    kept.delete(key)
    if (kept.size >= keptDocumentsMax) {
      const { value: oldest } = kept.keys().next()
      if (oldest !== undefined) kept.delete(oldest)
    }
    kept.set(key, { stamp, document })
    return document
  }

  return {
    // The document was decoded by the schema that it is asked with.
    read: <F extends Fields>(schema: Schema<F>, id: string) => read(schema, id) as Document<F>,
    exists: (schema, id) => !causalContext.isEmpty(read(schema, id).context),
    isAnswered: reader.hasRequest,
    findReceipt: (request) => {
      const bytes = reader.readRequest(request)
      return bytes && receiptOf(change.decode(bytes))
    },
  }
}
