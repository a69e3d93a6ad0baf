/** What a mesh remembers of a node that has proved its name, over all its sessions, and how that is shown. */

import type { ReplicaId } from '../crdt/dot.ts'
import { bottom, type VersionVector } from '../crdt/version-vector.ts'
import type { ChangeLog } from './change-log.ts'
import type { Line } from './dialler.ts'
import { lagOf } from './lag.ts'
import type { Peer } from './peer.ts'
import { absenceOf, reconciliationOf, stateOf, type Link, type PeerStatus } from './peer-status.ts'
import type { Problem } from './refusal.ts'

export interface PeerRecord {
  readonly name: string
  replica: ReplicaId
  addresses: readonly string[]
  link: Link
  peer: Peer | undefined
  liveSinceMs: number | undefined
  problem: Problem | undefined
  durable: VersionVector
  /** Of the sessions that are over. */
  past: Traffic
  /** Pulls for the sake of divergence since the documents were last equal, and when there may be another. */
  repairs: number
  repairDueMs: number
}

export interface Traffic {
  readonly sentChanges: number
  readonly receivedChanges: number
  readonly repeatedChanges: number
  readonly bytesSent: number
  readonly bytesReceived: number
}

export const newRecord = (name: string, replica: ReplicaId): PeerRecord => ({
  name,
  replica,
  addresses: [],
  link: 'open',
  peer: undefined,
  liveSinceMs: undefined,
  problem: undefined,
  durable: bottom,
  past: nothing,
  repairs: 0,
  repairDueMs: 0,
})

const nothing: Traffic = {
  sentChanges: 0,
  receivedChanges: 0,
  repeatedChanges: 0,
  bytesSent: 0,
  bytesReceived: 0,
}

/** Keeps of a session that is over what outlives it. */
export const keepTraffic = (record: PeerRecord, peer: Peer): void => {
  record.past = add(record.past, peer)
  const { durable } = peer.session().outbox
  // A session that ended before the peer was ready has learned nothing of it.
  if (durable.size > 0) record.durable = durable
}

const add = (past: Traffic, peer: Peer | undefined): Traffic => {
  if (!peer) return past
  const { sentChanges, receivedChanges, repeatedChanges } = peer.session()
  return {
    sentChanges: past.sentChanges + sentChanges,
    receivedChanges: past.receivedChanges + receivedChanges,
    repeatedChanges: past.repeatedChanges + repeatedChanges,
    bytesSent: past.bytesSent + peer.bytesSent(),
    bytesReceived: past.bytesReceived + peer.bytesReceived(),
  }
}

/** What the node is known to hold durably. */
export const durableOf = ({ peer, durable }: PeerRecord): VersionVector => {
  const session = peer?.session()
  return session?.state === 'live' ? session.outbox.durable : durable
}

interface View {
  readonly log: ChangeLog
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

export const statusOf = (
  record: PeerRecord,
  lines: readonly Line[],
  { log, nowMs }: View,
): PeerStatus => {
  const { name, replica, link, peer, past } = record
  const calling = lines.map((line) => stateOf(line.peer)).find((state) => state !== undefined)
  const address = lines[0]?.address ?? record.addresses[0]
  const session = peer?.session()
  const lag = lagOf(log, durableOf(record), nowMs)
  const current = currentProblem(record)
  const absence = absenceOf(lines.find((line) => line.problem)?.problem ?? current)
  const reconciliation = reconciliationOf(peer)
  return {
    name,
    ...(address !== undefined && { address }),
    replica,
    state: link === 'cut' ? 'cut' : (stateOf(peer) ?? calling ?? absence),
    link,
    lagChanges: lag.changes,
    lagMs: lag.ms,
    ...(current && { problem: current }),
    divergent: session?.divergent ?? false,
    heldChanges: session?.inbox.heldChanges ?? 0,
    ...(reconciliation && { reconciliation }),
    ...add(past, peer),
  }
}

/** An address where nobody has proved a name. */
export const statusOfLine = (
  { address, peer, problem: found }: Line,
  { log, nowMs }: View,
): PeerStatus => {
  const lag = lagOf(log, bottom, nowMs)
  return {
    name: address,
    address,
    state: stateOf(peer) ?? absenceOf(found),
    link: 'open',
    lagChanges: lag.changes,
    lagMs: lag.ms,
    ...(found && { problem: found }),
    divergent: false,
    heldChanges: 0,
    ...add(nothing, peer),
  }
}

// What has passed by itself is a problem no more.
const currentProblem = ({ problem: found, peer }: PeerRecord): Problem | undefined => {
  const session = peer?.session()
  if (found?.code === 'divergent' && session?.divergent === false) return undefined
  if (found?.code === 'too_far_ahead' && session?.inbox.heldChanges === 0) return undefined
  if (found?.code === 'no_room' && session?.inbox.fullAtRun === undefined) return undefined
  if (found?.code === 'not_reconciled' && session?.pullFailures === 0) return undefined
  return found
}
