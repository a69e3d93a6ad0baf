/** What an operator sees of a peer: one word for its state, and how far it is behind. */

import type { ReplicaId } from '../crdt/dot.ts'
import type { Peer } from './peer.ts'
import { isRefusalCode, refusals, type Problem } from './refusal.ts'

export type PeerState =
  /** Dialled, not yet answered. */
  | 'connecting'
  | 'authenticating'
  /** Connected, and one side still lacks some of what the other had when they met. */
  | 'syncing'
  /** Connected; documents are fetched from it, because its log does not go back far enough. */
  | 'reconciling'
  /** Connected; new changes travel as they are made. */
  | 'live'
  /** Not connected; it is dialled again, or may dial. */
  | 'down'
  /** An operator has cut the link, at this end or at the other. */
  | 'cut'
  /** It cannot work until an operator changes something: see the problem. */
  | 'refused'

export type Link = 'open' | 'cut'

export interface PeerStatus {
  /** The node's name; its address while nobody has proved a name there. */
  readonly name: string
  readonly address?: string
  /** Its last known identity. */
  readonly replica?: ReplicaId
  readonly state: PeerState
  /** Our end of the link. */
  readonly link: Link
  /** Changes of our log that it has not acknowledged. */
  readonly lagChanges: number
  /** The age of the oldest of them. */
  readonly lagMs: number
  readonly problem?: Problem
  /** Whether it had the same changes and other documents when last compared. */
  readonly divergent: boolean
  /** Changes of it that we do not take yet, because their time is too far ahead of our clock. */
  readonly heldChanges: number
  /** How far a pull from it has come, while there is one. */
  readonly reconciliation?: Reconciliation
  readonly sentChanges: number
  readonly receivedChanges: number
  /** Of those received, how many we had already: in a full mesh others bring them, too. */
  readonly repeatedChanges: number
  readonly bytesSent: number
  readonly bytesReceived: number
}

export interface Reconciliation {
  /** Documents fetched and joined. */
  readonly fetched: number
  /** Documents found to be fetched, as far as the comparison has come. */
  readonly of: number
}

export const reconciliationOf = (peer: Peer | undefined): Reconciliation | undefined => {
  const pull = peer?.session().pull
  return pull && pull.stage !== 'queued'
    ? { fetched: pull.fetched, of: Math.max(pull.fetched, pull.announced) }
    : undefined
}

/** The word for a connection's state, or undefined if there is none. */
export const stateOf = (peer: Peer | undefined): PeerState | undefined => {
  if (!peer) return undefined
  const { state, caughtUp } = peer.session()
  if (state === 'closed') return undefined
  if (state === 'live') {
    if (reconciliationOf(peer)) return 'reconciling'
    return caughtUp ? 'live' : 'syncing'
  }
  return peer.isOpen() ? 'authenticating' : 'connecting'
}

/** Whether changes or documents travel between us, or are about to. */
export const isConnected = (state: PeerState): boolean =>
  state === 'live' || state === 'syncing' || state === 'reconciling'

/** The word for a node that is not connected, by the reason why not. */
export const absenceOf = (problem: Problem | undefined): PeerState => {
  if (!problem || !isRefusalCode(problem.code)) return 'down'
  if (problem.code === 'cut') return 'cut'
  return refusals[problem.code].redial === 'rarely' ? 'refused' : 'down'
}
