/**
 * What reconciliation asks of the node it serves: which documents there are, the documents themselves,
 * and a way in for those of a peer.
 *
 * Documents are joined, so they may come in any order, twice, or newer than they were announced. Only
 * the last call, `adopt`, says that something is complete.
 */

import type { Dot } from '../crdt/dot.ts'
import type * as hlc from '../crdt/hybrid-logical-clock.ts'
import type { ChainHeads } from './change.ts'
import type { DocumentIndex, DocumentKey } from './document-index.ts'

export interface DocumentExchange {
  /** What documents there are, made in slices (`createIndexBuilder`) so that others get their turn. */
  survey(): Promise<Survey>
  /** The documents under `keys`, in this order, as they are now. Synchronous, like reading the log. */
  read(keys: readonly DocumentKey[], bytesMax: number): DocumentSlice
  /**
   * Joins a peer's documents, into the documents and into what was folded; resolves when that is
   * durable. Rejects only if the node itself failed (a broken disk).
   */
  join(documents: readonly DocumentState[]): Promise<JoinReport>
  /**
   * All that a peer had at `floor` has been joined: the log goes on from there, and the clock is not
   * behind the peer's. Resolves when that is durable; rejects only if the node itself failed.
   */
  adopt(floor: ChainHeads, clock: hlc.Clock): Promise<AdoptReport>
}

/** A document as it is stored. */
export interface DocumentState {
  readonly kind: string
  readonly id: string
  readonly bytes: Uint8Array
}

export interface Survey {
  /** The floor when the survey began: every document in the index has at least what is below it. */
  readonly floor: ChainHeads
  readonly clock: hlc.Clock
  readonly index: DocumentIndex
}

export interface DocumentSlice {
  /** All documents under the first `keysRead` keys; none under a key of a document that is gone. */
  readonly documents: readonly DocumentState[]
  /** At least 1 of those asked for, more while the documents are within `bytesMax`. */
  readonly keysRead: number
}

export interface JoinReport {
  /** How many were joined, also those that brought nothing new. */
  readonly joined: number
  /** What could not be joined: then the peer's floor must not be adopted. */
  readonly problems: readonly JoinProblem[]
}

export interface JoinProblem {
  /**
   * `corrupt`: no document of its kind; `unknown`: it has a field that we do not know; `forged`: it
   * claims dots of ours that we never wrote; `too_far_ahead`: it was written later than our clock can
   * believe; `no_room`: our disk is full, and it may be tried again. A document of a kind that we do
   * not know is no problem: it is kept as it is.
   */
  readonly kind: 'corrupt' | 'unknown' | 'forged' | 'too_far_ahead' | 'no_room'
  /** Which document, and what is wrong with it. */
  readonly detail: string
}

export type AdoptReport =
  | { readonly kind: 'adopted' }
  /** The peer's clock is too far ahead of ours; it may be tried again later. */
  | { readonly kind: 'too_far_ahead'; readonly aheadMs: number }
  /** Our disk is full; it may be tried again. */
  | { readonly kind: 'no_room' }
  /** At these dots our log has other changes than the floor says. */
  | { readonly kind: 'fork'; readonly dots: readonly Dot[] }
