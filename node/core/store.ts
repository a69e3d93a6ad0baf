/**
 * What the core keeps: the log, the documents made of it, and the rows derived from those, all changed
 * in one transaction. It is an interface, so that the core runs on SQLite, and on a simulated disk.
 */

import type { Dot, ReplicaId } from '../../crdt/dot.ts'
import type { Clock } from '../../crdt/hybrid-logical-clock.ts'
import type { ChainHeads } from '../../sync/change.ts'
import type { LogEntry, LogSlice } from '../../sync/change-log.ts'
import type { DocumentState } from '../../sync/document-exchange.ts'

export interface Store extends Base {
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

  /**
   * Takes changes out of the log, and their histories and requests with them. `endPosition` stays
   * where it is even if the last change goes: whoever reads the log would miss what came next.
   */
  dropChanges(positions: readonly number[]): void

  /** The change that answered this request, if one did; the earliest in the log, if several did. */
  readRequest(request: string): StoredChange | undefined
  hasRequest(request: string): boolean
  /** Notes that the change at `position` answered this request, as one before it may have, too. */
  noteRequest(request: string, position: number): void

  readDocument(kind: string, id: string): StoredDocument | undefined
  /** The document of a number that `scanDocuments` has told since this process started. */
  readDocumentAt(number: number): DocumentState | undefined
  /** Writes a document and answers its number; one without a number is new. */
  writeDocument(row: DocumentRow): number
  /** Notes that the change at `position` is part of the document's history. */
  touchDocument(number: number, position: number): void
  /** The document's changes in log order. */
  readHistory(kind: string, id: string): Iterable<StoredChange>
  /** All documents, in no particular order. */
  scanDocuments(): Iterable<{ readonly kind: string; readonly id: string } & StoredDocument>
  countDocuments(): number

  /**
   * Puts `rows` in the place of those that the document of this number has in `table`: none if it is
   * new, `before` if that is known.
   */
  replaceRows(
    table: Table,
    document: number,
    rows: readonly Row[],
    isNew: boolean,
    before?: readonly Row[],
  ): void
  clearRows(tables: readonly Table[]): void
  /** Puts the base in the place of all documents, the digest with it; empties histories and requests. */
  clearDocuments(): void
  /** What the derived state was made by, so that a release that reads more makes it anew. */
  readDerivation(): Derivation
  noteKinds(kinds: string): void
  noteRowsFilled(): void
}

/**
 * The base: documents as they were at the floor, made of changes that left the log. Together with the
 * log it is what all else is derived from: documents are the base joined with the log's deltas.
 */
export interface Base {
  /** Up to where each replica's changes were folded; the log holds exactly what comes after. */
  readFloor(): ChainHeads
  /** Notes the floor of these replicas; that of the others stays. */
  writeFloor(floor: ChainHeads): void
  /** Nothing in the base is later than this. */
  readHorizon(): Clock
  writeHorizon(horizon: Clock): void

  /** What was folded of a document; undefined if nothing was. */
  readFolded(kind: string, id: string): Uint8Array | undefined
  /** Puts the folded state of a document, which must be among the documents, in the place of any other. */
  writeFolded(kind: string, id: string, bytes: Uint8Array): void
  dropFolded(kind: string, id: string): void
  /** Every folded state, one a document, in no particular order. */
  scanFolded(): Iterable<DocumentState>

  /**
   * Keeps a state that only a later release can read, until one does. Such states cannot be joined, so
   * a document may have several; the same one is kept once.
   */
  addUnread(state: DocumentState): void
  dropUnread(state: DocumentState): void
  readUnread(kind: string, id: string): readonly Uint8Array[]
  scanUnread(): Iterable<DocumentState>
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

export interface StoredSlice extends Omit<LogSlice, 'continued'> {
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
