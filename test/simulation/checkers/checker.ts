/** What a checker is told, and how it says that something must not be. */

import type { ReplicaId } from '../../../crdt/dot.ts'
import type { DocumentKind } from '../../../node/core/capability.ts'
import type { CoreState } from '../../../node/core/store.ts'
import type { Chronicle, KnownChange } from '../chronicle.ts'
import type { Tables } from '../store/tables.ts'

/** Tells of one property, from facts alone: it is tested on histories that were made by hand. */
export interface Checker {
  /** A transaction became durable somewhere. */
  durable?(fact: Durable): void
  /** Somebody was told that what they asked for is done. */
  answered?(fact: Answered): void
  /** A disk was lost or put back to what it was: what only it had is gone, and nobody's fault. */
  forgotten?(fact: Forgotten): void
  /** A node said that it must start anew. */
  broke?(fact: Broke): void
  /** A node told its operator of two histories under one replica. */
  accused?(fact: Accused): void
  /** The faults are over, and the nodes have had the time they need. */
  settled?(facts: Settled): void
}

/** Reports a violation, in a sentence. */
export type Report = (sentence: string) => void
export type CreateChecker = (report: Report, chronicle: Chronicle) => Checker

export interface NodeName {
  readonly number: number
  readonly name: string
}

export interface Durable {
  readonly node: NodeName
  /** Under which identity the node writes now. */
  readonly replica: ReplicaId
  /** Where each replica stood in its log before. */
  readonly before: ReadonlyMap<ReplicaId, number>
  readonly appended: readonly AppendedChange[]
  /** The same changes with what they continue, where there may be two histories under one replica. */
  readonly links: readonly Link[]
  /** What left the log for its documents. */
  readonly folded: readonly KnownChange[]
  /** Below this the log has nothing any more. */
  readonly floor: CoreState['heads']
  /** Whether its documents may be newer than its vector says, since they came without their changes. */
  readonly isAhead: boolean
  /** Whether it knows of any other node that was not declared gone. */
  readonly knowsOthers: boolean
  /** Whether a process found it on its disk when it started: the one before ended before it knew. */
  readonly isFound: boolean
  /** What names the kinds of document that the node knows. */
  readonly release: string
  readonly after: CoreState
  readonly clockBefore: CoreState['clock']
  /** Its own physical clock. */
  readonly wallMs: number
}

export interface AppendedChange {
  readonly known: KnownChange
  readonly bytes: Uint8Array
  /** Whether nobody had it before. */
  readonly isNew: boolean
}

/** A change and the one before it of its replica, by their bytes in hexadecimal. */
export interface Link {
  readonly bytes: string
  readonly continues: string | undefined
}

export interface Accused {
  readonly node: NodeName
  readonly sentence: string
}

export interface Answered {
  readonly node: NodeName
  readonly request: string | undefined
  /** The change that the receipt names. */
  readonly change: { readonly replica: ReplicaId; readonly counter: number }
  readonly answer: string
  /** What the node's disk would have after a power cut. */
  readonly durable: ReadonlyMap<ReplicaId, number>
}

export interface Forgotten {
  readonly dots: readonly KnownChange[]
}

export interface Broke {
  readonly node: NodeName
  /** Whether its disk had failed. */
  readonly hadCause: boolean
  readonly detail: string
}

export interface Settled {
  readonly nodes: readonly SettledNode[]
}

export interface SettledNode {
  readonly node: NodeName
  readonly state: CoreState
  readonly tables: Tables
  /** Whether it has told its operator of two histories since the faults ended. */
  readonly reportedFork: boolean
  /** What its release knows. */
  readonly kinds: readonly DocumentKind[]
}
