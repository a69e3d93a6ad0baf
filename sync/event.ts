/** What a session is told and what it asks for: events go in, effects come out, both are plain data. */

import type { Dot, ReplicaId } from '../crdt/dot.ts'
import type * as hlc from '../crdt/hybrid-logical-clock.ts'
import type { VersionVector } from '../crdt/version-vector.ts'
import type { ChainHeads } from './change.ts'
import type { Account, IntakeReport, LogSlice } from './change-log.ts'
import type {
  AdoptReport,
  DocumentSlice,
  DocumentState,
  JoinReport,
  Survey,
} from './document-exchange.ts'
import type { DocumentKey } from './document-index.ts'
import type { Frame, PeerAddress } from './frame.ts'
import type { Problem, RefusalCode } from './refusal.ts'

/** Something happened on our side of the line. */
export type LocalEvent =
  /** The connection is open. */
  | { readonly kind: 'opened' }
  /** Answers `admit`: the mesh takes this peer, and this is what our log has. */
  | {
      readonly kind: 'admitted'
      readonly heads: ChainHeads
      readonly floor: VersionVector
      readonly digest: string
    }
  /** Answers `compare_heads`. */
  | {
      readonly kind: 'heads_compared'
      readonly forks: readonly Dot[]
      readonly vector: VersionVector
    }
  /** Answers `seek`. */
  | {
      readonly kind: 'sought'
      readonly position: number
      readonly end: number
      /** Our floor, if the vector is not up to it: then the log does not hold all that is lacking. */
      readonly below: VersionVector | undefined
    }
  /** Answers `read_log`. */
  | {
      readonly kind: 'log_read'
      readonly position: number
      readonly slice: LogSlice
      readonly end: number
      /** As it was when the slice was read: what is below is not in the log. */
      readonly floor: VersionVector
    }
  /** Changes were made durable here, whoever made them. */
  | { readonly kind: 'log_grew'; readonly end: number }
  /** Changes of others were made durable here, and this is what we have now. */
  | { readonly kind: 'heads_rose'; readonly vector: VersionVector }
  /** Answers `apply`; all that was taken is durable, and `vector` says so. */
  | { readonly kind: 'applied'; readonly report: IntakeReport; readonly vector: VersionVector }
  /** The log could not be read or written. */
  | { readonly kind: 'storage_failed'; readonly detail: string }
  /** Answers `measure`. */
  | {
      readonly kind: 'measured'
      readonly vector: VersionVector
      readonly floor: VersionVector
      readonly digest: string
      readonly end: number
    }
  /** Answers `compare_digest`, if our vector is the same. */
  | { readonly kind: 'digest_compared'; readonly same: boolean }
  /** Answers `ask_turn`: we may pull now, and this is what we have. */
  | { readonly kind: 'turn_came'; readonly vector: VersionVector }
  /** Answers `ask_turn`: it is too soon to try again. */
  | { readonly kind: 'turn_denied' }
  /** Answers `survey`. */
  | { readonly kind: 'surveyed'; readonly of: SurveyPurpose; readonly survey: Survey }
  /** Answers `check_floor`. */
  | { readonly kind: 'floor_checked'; readonly forks: readonly Dot[]; readonly isBelow: boolean }
  /** Answers `join`; all that could be joined is durable. */
  | { readonly kind: 'joined'; readonly pull: number; readonly report: JoinReport }
  /** Answers `adopt`. */
  | { readonly kind: 'adopted'; readonly pull: number; readonly report: AdoptReport }
  /** Answers `read_documents`. */
  | {
      readonly kind: 'documents_read'
      readonly pull: number
      readonly round: number
      readonly slice: DocumentSlice
    }
  /** Time has passed. */
  | { readonly kind: 'ticked' }
  /** The mesh has addresses to pass on. */
  | { readonly kind: 'gossiped'; readonly peers: readonly PeerAddress[] }
  /** Somebody here asks the peer. */
  | {
      readonly kind: 'asked'
      readonly number: number
      readonly topic: string
      readonly body: Uint8Array
    }
  /** Answers `answer_question`; without a body if it cannot be answered. */
  | { readonly kind: 'answered'; readonly number: number; readonly body: Uint8Array | undefined }
  /** The mesh ends the session. */
  | { readonly kind: 'ended'; readonly code: RefusalCode }
  /** The connection is gone. */
  | { readonly kind: 'lost'; readonly reason: string }

export type Event = LocalEvent | Frame

/** What the shell is to do. Those that have an answer are answered by one event. */
export type Effect =
  | { readonly kind: 'send'; readonly frame: Frame }
  /** The peer has proved that it belongs here: may it stay? Answered by `admitted` or `ended`. */
  | { readonly kind: 'admit'; readonly peer: PeerIdentity }
  /** At which of these heads does our log have another change? */
  | { readonly kind: 'compare_heads'; readonly heads: ChainHeads }
  | { readonly kind: 'seek'; readonly vector: VersionVector }
  | { readonly kind: 'read_log'; readonly position: number; readonly bytesMax: number }
  | {
      readonly kind: 'apply'
      readonly changes: readonly Uint8Array[]
      readonly account: Account
    }
  | { readonly kind: 'measure' }
  | { readonly kind: 'compare_digest'; readonly vector: VersionVector; readonly digest: string }
  /** May we pull? Answered by `turn_came`, some time, or by `turn_denied`; a turn ends by `end_turn`. */
  | { readonly kind: 'ask_turn'; readonly purpose: PullPurpose }
  | { readonly kind: 'end_turn' }
  | { readonly kind: 'survey'; readonly of: SurveyPurpose }
  /** At which of these dots does our log have another change, and do we lack some of what is below? */
  | { readonly kind: 'check_floor'; readonly floor: ChainHeads }
  | {
      readonly kind: 'join'
      readonly pull: number
      readonly documents: readonly DocumentState[]
    }
  | {
      readonly kind: 'adopt'
      readonly pull: number
      readonly floor: ChainHeads
      readonly clock: hlc.Clock
    }
  | {
      readonly kind: 'read_documents'
      readonly pull: number
      readonly round: number
      readonly keys: readonly DocumentKey[]
      readonly bytesMax: number
    }
  /** Documents that differed are equal again. */
  | { readonly kind: 'healed' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** The peer asks something. Answered by `answered`, some time. */
  | {
      readonly kind: 'answer_question'
      readonly number: number
      readonly topic: string
      readonly body: Uint8Array
    }
  /** The peer has answered what we asked, or cannot. */
  | { readonly kind: 'take_answer'; readonly number: number; readonly body: Uint8Array | undefined }
  /** The peer told of others. */
  | { readonly kind: 'meet'; readonly peers: readonly PeerAddress[] }
  | { readonly kind: 'report'; readonly problem: Problem }
  /** The session is over; `by` says who ended it. */
  | { readonly kind: 'close'; readonly problem: Problem; readonly by: 'us' | 'peer' | 'line' }

/** Why we pull: we lack some of what the peer has folded, or our documents differ though our changes are the same. */
export type PullPurpose = 'behind' | 'divergent'

/** Whom a survey is for: ourselves, or a pull of the peer's. */
export type SurveyPurpose =
  { readonly kind: 'us' } | { readonly kind: 'peer'; readonly pull: number }

/** Who the peer is, by a hello that its proof covers. */
export interface PeerIdentity {
  readonly name: string
  readonly replica: ReplicaId
  readonly addresses: readonly string[]
  /** The protocol version that both speak. */
  readonly version: number
  /** What both are capable of. */
  readonly capabilities: readonly string[]
}
