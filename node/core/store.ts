/**
 * What the core keeps: the log, the documents made of it, and the rows derived from those, all changed
 * in one transaction. It is an interface, so that the core runs on SQLite, and on a simulated disk.
 */

import type { Dot, ReplicaId } from '../../crdt/dot.ts'
import type { Clock } from '../../crdt/hybrid-logical-clock.ts'
import type { ChainHeads } from '../../sync/change.ts'
import type { LogEntry, LogSlice } from '../../sync/change-log.ts'

export interface Store {
  /**
   * Runs `work` as one transaction; when this returns, all of it is durable. When it throws, none of
   * it is, except after a failed write to the disk itself, when nobody can know.
   */
  transact<T>(work: () => T): T

  /** Where the chains, the clock and the digest stood after the last transaction. */
  readState(): CoreState
  writeState(state: CoreState, changed: Iterable<ReplicaId>): void

  /** Appends to the log and answers the change's position. */
  appendChange(row: ChangeRow): number
  readChange(dot: Dot): StoredChange | undefined
  /** See `ChangeLog`. */
  readChanges(position: number, bytesMax: number): StoredSlice
  /** The position of the first change of `replica` after `counter`; undefined if there is none. */
  positionAfter(replica: ReplicaId, counter: number): number | undefined
  /** The position after the last change. */
  endPosition(): number
  /** Keeps a change that shows a second history under its replica's name; the first one stays. */
  quarantine(dot: Dot, evidence: Uint8Array): void
  /** The replicas of which two histories were found. */
  readQuarantine(): ReadonlySet<ReplicaId>

  /** The change that answered this request, if one did. */
  readRequest(request: string): StoredChange | undefined
  hasRequest(request: string): boolean
  /** Notes that the change at `position` answered this request; the first note stays. */
  noteRequest(request: string, position: number): void

  readDocument(kind: string, id: string): StoredDocument | undefined
  /** Writes a document and answers its number; one without a number is new. */
  writeDocument(row: DocumentRow): number
  /** Notes that the change at `position` is part of the document's history. */
  touchDocument(number: number, position: number): void
  /** The document's changes in log order. */
  readHistory(kind: string, id: string): Iterable<StoredChange>
  /** All documents, in no particular order. */
  scanDocuments(): Iterable<{ readonly kind: string; readonly id: string } & StoredDocument>
  countDocuments(): number

  /** Puts `rows` in the place of those that the document of this number has in `table`. */
  replaceRows(table: Table, document: number, rows: readonly Row[], isNew: boolean): void
  clearRows(tables: readonly Table[]): void
  /** Empties documents, histories, requests and the digest. */
  clearDocuments(): void
  /** What the derived state was made by, so that a release that reads more makes it anew. */
  readDerivation(): Derivation
  noteKinds(kinds: string): void
  noteRowsFilled(): void
}

export interface Derivation {
  /** The kinds of document with their versions; undefined before the first note. */
  readonly kinds: string | undefined
  /** Whether the rows of all documents have been written since their tables were made. */
  readonly areRowsFilled: boolean
}

export interface CoreState {
  readonly heads: ChainHeads
  readonly clock: Clock
  /** The digest's sum over all documents, 32 bytes. */
  readonly digest: Uint8Array
}

export interface ChangeRow {
  readonly dot: Dot
  readonly wallMs: number
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

export interface StoredChange {
  readonly position: number
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

export interface StoredDocument {
  readonly number: number
  readonly bytes: Uint8Array
  /** What it adds to the digest. */
  readonly hash: Uint8Array
}

export interface DocumentRow {
  readonly number?: number
  readonly kind: string
  readonly id: string
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

export interface StoredSlice extends LogSlice {
  readonly entries: readonly (LogEntry & { readonly position: number })[]
}

/**
 * A table of a read model. Its first column is `document`, the number of the document that a row comes
 * from: ids are hashes, and a row under a hash would dirty a page of its own in every index.
 */
export interface Table {
  readonly name: string
  /** The columns beside `document`. */
  readonly columns: readonly string[]
  /** Whether a document has at most one row, with `document` as primary key. */
  readonly isSingle: boolean
}

/** A row without its `document`, which the store adds. */
export type Row = Readonly<Record<string, string | number | null>>
