/** The state of a session between two nodes, and the few steps that every part of its protocol takes. */

import type { ReplicaId } from '../crdt/dot.ts'
import type { VersionVector } from '../crdt/version-vector.ts'
import type { ProofKeys, Role } from './auth.ts'
import type { Effect, Event, PeerIdentity } from './event.ts'
import type { Frame } from './frame.ts'
import * as inboxes from './inbox.ts'
import type { Inbox } from './inbox.ts'
import * as limits from './limits.ts'
import * as outboxes from './outbox.ts'
import type { Outbox } from './outbox.ts'
import { isRefusalCode, problem, type Problem, type ReportCode } from './refusal.ts'

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
  /** What the peer had at the start and we still lack some of; undefined once we have it. */
  readonly goal: VersionVector | undefined
  /** Whether both sides have had, once, all that the other had when they met. */
  readonly caughtUp: boolean
  readonly sentChanges: number
  readonly receivedChanges: number
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
  goal: undefined,
  caughtUp: false,
  sentChanges: 0,
  receivedChanges: 0,
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

export const report = (code: ReportCode, detail: string): Effect => ({
  kind: 'report',
  problem: { code, detail },
})
