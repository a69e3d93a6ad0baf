/**
 * A sink: what is derived from the merged store's documents in the same database, such as the tables
 * that reports are made of. It is told of documents in the transaction that changed them, so it is
 * never behind them and never ahead.
 */

import type { Document } from '../../crdt/document.ts'
import type { DocumentKind } from '../core/capability.ts'
import type { Queries } from './sql.ts'

export interface Sink {
  /** Names it in the table `sinks`; never changes. */
  readonly name: string
  /** What it makes, and how: when this is another than it was, all documents are given to it anew. */
  readonly version: string
  /** Removes all it ever wrote, before all documents are given to it anew; inside a transaction. */
  clear(transaction: Queries): Promise<void>
  /**
   * Writes what follows from these documents; inside a transaction. A document comes once a call, in
   * rising order of kind and id, so that two nodes that write at once lock rows in one order.
   */
  write(transaction: Queries, documents: readonly MergedDocument[]): Promise<void>
}

/** A document as it is in the merged store after the transaction. */
export interface MergedDocument {
  readonly kind: DocumentKind
  readonly id: string
  readonly document: Document
  /** Whether the merged store had nothing of it before. */
  readonly isNew: boolean
}
