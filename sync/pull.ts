/**
 * Pulling: what we lack of a peer that has folded it away, or what differs though it should not, is
 * found by comparing documents, fetched and joined; at the end our log goes on from the peer's floor.
 *
 *     queued ──turn──▶ surveying ──▶ comparing ⇄ … ──▶ fetching ⇄ … ──▶ adopting ──▶ done
 *                          (a few round trips)       (as the window allows)
 *
 * One question is under way at a time, and its number is in every answer, so that what comes late,
 * twice or in disorder is known as such. What is lost is noticed by the time that passes, and asked for
 * again. A pull that is cut leaves what it has joined, which is harmless, and adopts nothing.
 */

import type * as hlc from '../crdt/hybrid-logical-clock.ts'
import type { ChainHeads } from './change.ts'
import * as deliveries from './delivery.ts'
import type { Delivery } from './delivery.ts'
import type { DocumentIndex } from './document-index.ts'
import type { Effect, PullPurpose } from './event.ts'
import * as limits from './limits.ts'
import type { PullFrame } from './pull-frames.ts'
import type { Plan, Question } from './pull-plan.ts'
import { andThen, askAnew, report, stay } from './session-state.ts'
import type { EventByKind, Session, Step } from './session-state.ts'

export interface Pull {
  readonly purpose: PullPurpose
  readonly stage: 'queued' | 'surveying' | 'comparing' | 'fetching' | 'adopting'
  /** Counts our pulls in this session; 0 while queued. */
  readonly number: number
  /** Counts the questions. */
  readonly round: number
  /** When it last came on, and how often since then it was asked again. */
  readonly aliveMs: number
  readonly stalls: number
  /** Our documents as they were when we began. What has changed here since is fetched in vain, and no harm done. */
  readonly ours: DocumentIndex | undefined
  readonly terms: Terms | undefined
  readonly plan: Plan
  readonly question: Question | undefined
  readonly delivery: Delivery
  /** Documents joined, and documents that were announced in the rounds so far. */
  readonly fetched: number
  readonly announced: number
  /** What could not be joined; then the floor must not be adopted. */
  readonly flaw: string | undefined
}

/** What the peer's survey says. */
interface Terms {
  readonly floor: ChainHeads
  readonly clock: hlc.Clock
  readonly level: number
  readonly fingerprints: Uint8Array
}

const queuedFor = (purpose: PullPurpose): Pull => ({
  purpose,
  stage: 'queued',
  number: 0,
  round: 0,
  aliveMs: 0,
  stalls: 0,
  ours: undefined,
  terms: undefined,
  plan: { open: [], found: [] },
  question: undefined,
  delivery: deliveries.empty,
  fetched: 0,
  announced: 0,
  flaw: undefined,
})

/** Asks for leave to pull, unless that is under way, cannot work or was tried a moment ago. */
export const queue = (session: Session, purpose: PullPurpose, nowMs: number): Step => {
  const canPull = (session.peer?.version ?? 1) >= 2 && nowMs >= session.pullDueMs
  if (session.pull || !canPull) return stay(session)
  const queued = { ...session, pull: queuedFor(purpose) }
  // A document cannot be taken without what the other history has written into it.
  return session.quarantined.size > 0
    ? fail(queued, 'A replica with two histories has written into the documents.', nowMs)
    : { session: queued, effects: [{ kind: 'ask_turn', purpose }] }
}

/** The peer says that it cannot send us changes before we have pulled. */
export const takeBehind = (
  session: Session,
  { floor }: EventByKind['behind'],
  nowMs: number,
): Step => queue({ ...session, peerFloor: floor }, 'behind', nowMs)

export const takeDenial = (session: Session): Step =>
  session.pull?.stage === 'queued' ? stay({ ...session, pull: undefined }) : stay(session)

/** Begins under a new number; what we know of ourselves stays. */
export const begin = (session: Session, pull: Pull, nowMs: number): Step => {
  const number = session.pulls + 1
  const begun: Pull = {
    ...queuedFor(pull.purpose),
    stage: 'surveying',
    number,
    aliveMs: nowMs,
    stalls: pull.stalls,
    ours: pull.ours,
    fetched: pull.fetched,
    announced: pull.fetched,
  }
  return {
    session: { ...session, pulls: number, pull: begun },
    effects: [send({ kind: 'pull', pull: number })],
  }
}

/** The pull has done what it was for: the stream of changes goes on from there. */
export const finish = (session: Session, nowMs: number): Step => {
  // A peer that still calls us behind, whatever we pull, is not asked at every beat.
  const pauseMs = Math.min(limits.pullEveryMsMin * 2 ** session.pullsInVain, limits.pullAgainMsMax)
  const over: Step = {
    session: {
      ...session,
      pull: undefined,
      pullFailures: 0,
      pullDueMs: nowMs + pauseMs,
      pullsInVain: session.pullsInVain + (session.pull?.purpose === 'behind' ? 1 : 0),
    },
    effects: leaving(session),
  }
  return session.pull?.purpose === 'behind' ? andThen(over, (next) => askAnew(next, nowMs)) : over
}

export const fail = (session: Session, detail: string, nowMs: number): Step => {
  const againMs = Math.min(limits.pullAgainMsMin * 2 ** session.pullFailures, limits.pullAgainMsMax)
  return {
    session: {
      ...session,
      pull: undefined,
      pullFailures: session.pullFailures + 1,
      pullDueMs: nowMs + againMs,
    },
    effects: [...leaving(session), report('not_reconciled', detail)],
  }
}

const leaving = ({ pull }: Session): Effect[] => [
  ...(pull && pull.number > 0 ? [send({ kind: 'done', pull: pull.number })] : []),
  { kind: 'end_turn' },
]

export const send = (frame: PullFrame): Effect => ({ kind: 'send', frame })

export const twoHistories = 'A replica has two histories, and the peer has folded one of them.'
