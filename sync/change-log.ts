/** What replication asks of the node it serves: the log to send from, and a way in for what arrives. */

import type { Dot, ReplicaId } from '../crdt/dot.ts'
import type * as hlc from '../crdt/hybrid-logical-clock.ts'
import type { VersionVector } from '../crdt/version-vector.ts'
import type { ChainHeads } from './change.ts'

/** A node's log, as far as it is durable. All calls are synchronous and cheap. */
export interface ChangeLog {
  /** Which changes the log holds. */
  vector(): VersionVector
  /** The last link of every replica's chain. */
  heads(): ChainHeads
  /**
   * Up to where each replica's changes were folded into documents. The log holds what comes after,
   * without gaps; who lacks something of what is below must reconcile documents.
   */
  floor(): ChainHeads
  /** The link that this change added to its replica's chain; undefined if it is neither in the log nor at the floor. */
  hashAt(dot: Dot): Uint8Array | undefined
  /** A position from which reading on misses nothing that a holder of `vector` lacks. */
  positionFor(vector: VersionVector): number
  /** Changes in log order from `position` on, up to `bytesMax` but at least one if there is one. */
  read(position: number, bytesMax: number): LogSlice
  /** The position after the last change. */
  end(): number
  /** Equal on two nodes if and only if their documents are; lowercase hexadecimal. */
  digest(): string
}

export interface LogSlice {
  readonly entries: readonly LogEntry[]
  /** Where to read on. */
  readonly next: number
  /** By replica, the link that its first change among the entries continues, where the log can tell. */
  readonly continued: Links
}

/** The links of some replicas' chains, each at a place that goes without saying. */
export type Links = ReadonlyMap<ReplicaId, Uint8Array>

export interface LogEntry {
  readonly dot: Dot
  /** Physical milliseconds at which the change was made, for the lag in seconds. */
  readonly wallMs: number
  /** The change's canonical bytes. */
  readonly bytes: Uint8Array
  /** The link that it added to its replica's chain. */
  readonly hash: Uint8Array
}

/** Takes changes from a peer into the node. */
export interface ChangeIntake {
  /**
   * Applies `changes` in order and resolves when all that was taken is durable. What the log already
   * has is passed over. Rejects only if the node itself failed (a broken disk).
   *
   */
  receive(changes: readonly Uint8Array[], account?: Account): Promise<IntakeReport>
}

/** What is known of changes that arrive, besides their bytes. */
export interface Account {
  /**
   * The time of the earliest change of the same stream that was held because of its time. What is not
   * earlier may be its effect and is held, too: nobody sees an effect before its cause.
   */
  readonly heldFrom?: hlc.Clock | undefined
  /**
   * By the dot of a change, the link that it continues at the sender. Where ours is another one, the change
   * is of another history, though its number follows.
   */
  readonly continued?: ReadonlyMap<string, Uint8Array>
}

/** What became of a batch. Changes of a replica after one that was not taken are not taken either. */
export interface IntakeReport {
  readonly taken: number
  readonly alreadyKnown: number
  readonly problems: readonly IntakeProblem[]
}

export type IntakeProblem =
  /** Its time is too far ahead of our clock, or not before that of one that was; it may be sent again later. */
  | {
      readonly kind: 'too_far_ahead'
      readonly dot: Dot
      readonly time: hlc.Clock
      readonly aheadMs: number
    }
  /** It does not follow the last change we have of its replica. */
  | { readonly kind: 'gap'; readonly dot: Dot }
  /** We have another change under the same dot, or another history before it. */
  | { readonly kind: 'fork'; readonly dot: Dot }
  /** Its bytes are no change, or not as they were written. */
  | { readonly kind: 'corrupt'; readonly detail: string }
  /** Its replica is quarantined since a fork was found. */
  | { readonly kind: 'quarantined'; readonly replica: ReplicaId }
  /** The disk is full: what was not taken may be sent again later. */
  | { readonly kind: 'no_room' }
