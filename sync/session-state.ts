/** The state of a session between two nodes, and the few steps that every part of its protocol takes. */

import type { ReplicaId } from '../crdt/dot.ts'
import { bottom, type VersionVector } from '../crdt/version-vector.ts'
import type { ProofKeys, Role } from './auth.ts'
import type { Effect, Event, PeerIdentity } from './event.ts'
import type { Frame } from './frame.ts'
import * as inboxes from './inbox.ts'
import type { Inbox } from './inbox.ts'
import * as limits from './limits.ts'
import * as outboxes from './outbox.ts'
import type { Outbox } from './outbox.ts'
import type { Pull } from './pull.ts'
import { isRefusalCode, problem, type Problem, type ReportCode } from './refusal.ts'
import type { Serving } from './serving.ts'

export type State =
  'awaiting_hello' | 'awaiting_proof' | 'awaiting_admission' | 'awaiting_ready' | 'live' | 'closed'

export interface Session {
  readonly state: State
  readonly config: SessionConfig
  readonly openedMs: number
  readonly lastHeardMs: number
  readonly lastBeatMs: number
  /** The peer's hello as it came, for the proofs; empty until then. */
  readonly peerHello: Uint8Array
  /** By its hello, which is proven from `awaiting_admission` on. */
  readonly peer: PeerIdentity | undefined
  readonly outbox: Outbox
  readonly inbox: Inbox
  /** Replicas with two histories: neither sent nor taken here. */
  readonly quarantined: ReadonlySet<ReplicaId>
  readonly divergent: boolean
  /** How often in a row documents were found to differ though the changes are the same. */
  readonly divergentTimes: number
  /** Whether both can read the same schemas: otherwise documents may differ, and no pull will help. */
  readonly hasSameSchemas: boolean
  /** What we last told the peer that we have. */
  readonly told: VersionVector
  /** Up to where the peer has folded its log, as far as it has said. */
  readonly peerFloor: VersionVector
  /** Our pull from the peer, if there is one. */
  readonly pull: Pull | undefined
  /** How many pulls we have begun, how many of the last ones failed, and when there may be another. */
  readonly pulls: number
  readonly pullFailures: number
  readonly pullDueMs: number
  /** Pulls in a row after which the peer did not begin to stream. */
  readonly pullsInVain: number
  /** The peer's pull from us. */
  readonly serving: Serving | undefined
  /** What the peer had at the start and we still lack some of; undefined once we have it. */
  readonly goal: VersionVector | undefined
  /** Whether both sides have had, once, all that the other had when they met. */
  readonly caughtUp: boolean
  readonly sentChanges: number
  readonly receivedChanges: number
  /** Of those received, what we had already. */
  readonly repeatedChanges: number
}

/** What stays the same for a session's life. */
export interface SessionConfig {
  readonly role: Role
  readonly name: string
  readonly replica: ReplicaId
  readonly addresses: readonly string[]
  /** 32 random bytes, for this session only. */
  readonly nonce: Uint8Array
  readonly keys: ProofKeys
  /** The newest schema we can read, by document kind. */
  readonly schemas: ReadonlyMap<string, number>
  /** The newest version of the protocol that we say to speak. */
  readonly versionMax: number
}

export interface Step {
  readonly session: Session
  readonly effects: readonly Effect[]
}

/** A session at the opening of its connection, at `nowMs` of the monotonic clock. */
export const begin = (config: SessionConfig, nowMs: number): Session => ({
  state: 'awaiting_hello',
  config,
  openedMs: nowMs,
  lastHeardMs: nowMs,
  lastBeatMs: nowMs,
  peerHello: new Uint8Array(),
  peer: undefined,
  outbox: outboxes.empty,
  inbox: inboxes.empty,
  quarantined: new Set(),
  divergent: false,
  divergentTimes: 0,
  hasSameSchemas: true,
  told: bottom,
  peerFloor: bottom,
  pull: undefined,
  pulls: 0,
  pullFailures: 0,
  pullDueMs: 0,
  pullsInVain: 0,
  serving: undefined,
  goal: undefined,
  caughtUp: false,
  sentChanges: 0,
  receivedChanges: 0,
  repeatedChanges: 0,
})

export type EventByKind = { readonly [E in Event as E['kind']]: E }

export type Transition<K extends keyof EventByKind> = (
  session: Session,
  event: EventByKind[K],
  nowMs: number,
) => Step

export const stay = (session: Session): Step => ({ session, effects: [] })

export const outOfTurn = (session: Session, { kind }: Frame): Step =>
  refuseFrame(session, `A ${kind} frame came while ${session.state}`)

export const refuseFrame = (session: Session, detail: string): Step =>
  end(session, problem('protocol_violation', detail))

/** Tells the peer why, and closes. */
export const end = (session: Session, reason: Problem & { readonly code: string }): Step => ({
  session: { ...session, state: 'closed' },
  effects: [
    { kind: 'send', frame: refusalFrame(reason) },
    { kind: 'close', problem: reason, by: 'us' },
  ],
})

// The detail may hold what a node's own fault said: the wire gets one short line of ASCII.
const refusalFrame = ({ code, detail }: Problem): Frame => ({
  kind: 'refuse',
  code,
  sentence: detail.replaceAll(/[^ -~]+/g, ' ').slice(0, limits.sentenceBytesMax),
})

export const lose = (session: Session, { reason }: EventByKind['lost']): Step => ({
  session: { ...session, state: 'closed' },
  effects: [{ kind: 'close', problem: problem('connection_lost', reason), by: 'line' }],
})

export const takeRefusal = (session: Session, { code, sentence }: EventByKind['refuse']): Step => ({
  session: { ...session, state: 'closed' },
  effects: [
    {
      kind: 'close',
      problem: isRefusalCode(code)
        ? problem(code, sentence)
        : problem('protocol_violation', `${code}: ${sentence}`),
      by: 'peer',
    },
  ],
})

/** Asks the peer to start its stream anew from what we have, or has it asked when the batch under way is done. */
export const askAnew = (session: Session, nowMs: number): Step => {
  const inbox = { ...session.inbox, wantDueMs: nowMs }
  return inbox.applying === undefined
    ? {
        // The batch without changes brings our vector, and with it the want.
        session: { ...session, inbox: inboxes.emptyBatch(inbox) },
        effects: [{ kind: 'apply', changes: [], account: {} }],
      }
    : stay({ ...session, inbox })
}

/** Takes another step behind the first. */
export const andThen = (first: Step, next: (session: Session) => Step): Step => {
  const second = next(first.session)
  return { session: second.session, effects: [...first.effects, ...second.effects] }
}

export const report = (code: ReportCode, detail: string): Effect => ({
  kind: 'report',
  problem: { code, detail },
})
