/** What a session is told and what it asks for: events go in, effects come out, both are plain data. */

import type { Dot, ReplicaId } from '../crdt/dot.ts'
import type { VersionVector } from '../crdt/version-vector.ts'
import type { ChainHeads } from './change.ts'
import type { IntakeReport, LogSlice } from './change-log.ts'
import type { Frame, PeerAddress } from './frame.ts'
import type { Problem, RefusalCode } from './refusal.ts'

/** Something happened on our side of the line. */
export type LocalEvent =
  /** The connection is open. */
  | { readonly kind: 'opened' }
  /** Answers `admit`: the mesh takes this peer, and this is what our log has. */
  | { readonly kind: 'admitted'; readonly heads: ChainHeads; readonly digest: string }
  /** Answers `compare_heads`. */
  | {
      readonly kind: 'heads_compared'
      readonly forks: readonly Dot[]
      readonly vector: VersionVector
    }
  /** Answers `seek`. */
  | { readonly kind: 'sought'; readonly position: number; readonly end: number }
  /** Answers `read_log`. */
  | {
      readonly kind: 'log_read'
      readonly position: number
      readonly slice: LogSlice
      readonly end: number
    }
  /** Changes were made durable here, whoever made them. */
  | { readonly kind: 'log_grew'; readonly end: number }
  /** Answers `apply`; all that was taken is durable, and `vector` says so. */
  | { readonly kind: 'applied'; readonly report: IntakeReport; readonly vector: VersionVector }
  /** The log could not be read or written. */
  | { readonly kind: 'storage_failed'; readonly detail: string }
  /** Answers `measure`. */
  | {
      readonly kind: 'measured'
      readonly vector: VersionVector
      readonly digest: string
      readonly end: number
    }
  /** Answers `compare_digest`, if our vector is the same. */
  | { readonly kind: 'digest_compared'; readonly same: boolean }
  /** Time has passed. */
  | { readonly kind: 'ticked' }
  /** The mesh has addresses to pass on. */
  | { readonly kind: 'gossiped'; readonly peers: readonly PeerAddress[] }
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
  | { readonly kind: 'apply'; readonly changes: readonly Uint8Array[] }
  | { readonly kind: 'measure' }
  | { readonly kind: 'compare_digest'; readonly vector: VersionVector; readonly digest: string }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** The peer told of others. */
  | { readonly kind: 'meet'; readonly peers: readonly PeerAddress[] }
  | { readonly kind: 'report'; readonly problem: Problem }
  /** The session is over; `by` says who ended it. */
  | { readonly kind: 'close'; readonly problem: Problem; readonly by: 'us' | 'peer' | 'line' }

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
