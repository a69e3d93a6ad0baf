/**
 * What a session receives: frames wait here until they can be applied together, so that a stream
 * shares fsyncs, and what was applied is acknowledged.
 *
 * One batch is under way at a time. When the stream has a hole, the session asks the peer to start
 * anew (`want`); what still comes of the old run takes its turn empty, so that it is acknowledged
 * in order and the peer's window stays exact.
 */

import type { Dot, ReplicaId } from '../crdt/dot.ts'
import * as hlc from '../crdt/hybrid-logical-clock.ts'
import type { IntakeProblem } from './change-log.ts'
import * as limits from './limits.ts'

export interface Inbox {
  /** The number of our last `want`; frames of other runs are passed over. */
  readonly run: number
  /** The offset that the next frame must have. */
  readonly expectedOffset: number
  readonly waiting: readonly Waiting[]
  readonly waitingBytes: number
  /** The offset at which the batch under way ends; undefined if there is none. */
  readonly applying: number | undefined
  /** Up to where we have acknowledged. */
  readonly settledOffset: number
  readonly paused: boolean
  /** When to ask the peer to start anew, if at all. */
  readonly wantDueMs: number | undefined
  readonly lastWantMs: number
  /** Replicas whose next change is too far ahead of our clock: what follows cannot continue either. */
  readonly held: ReadonlySet<ReplicaId>
  readonly heldChanges: number
  /** The earliest time among them: what is not earlier may be an effect of one, and waits with it. */
  readonly heldFrom: hlc.Clock | undefined
  /**
   * The run in which something was lost or did not follow: what still comes of it may be an effect of
   * that, and is passed over.
   */
  readonly brokenAtRun: number | undefined
  /** The run in which our disk was full: what still comes of it is passed over. */
  readonly fullAtRun: number | undefined
}

interface Waiting {
  readonly changes: readonly Uint8Array[]
  readonly continued: Continued
  readonly bytes: number
  /** The offset after this frame. */
  readonly end: number
}

export const empty: Inbox = {
  run: 0,
  expectedOffset: 0,
  waiting: [],
  waitingBytes: 0,
  applying: undefined,
  settledOffset: 0,
  paused: false,
  wantDueMs: undefined,
  lastWantMs: Number.NEGATIVE_INFINITY,
  held: new Set(),
  heldChanges: 0,
  heldFrom: undefined,
  brokenAtRun: undefined,
  fullAtRun: undefined,
}

/** By the dot of a change, the link that it continues at the sender. */
export type Continued = ReadonlyMap<string, Uint8Array>

const unsaid: Continued = new Map()

export interface Arrival {
  readonly run: number
  readonly offset: number
  /** Bytes of the changes as they came, also of those that are not to be applied. */
  readonly bytes: number
  readonly changes: readonly Uint8Array[]
  readonly continued: Continued
}

/** Puts a frame in its place: behind the others, or nowhere if it came before. */
export const arrive = (
  inbox: Inbox,
  { run, offset, bytes, changes, continued }: Arrival,
  nowMs: number,
): { readonly inbox: Inbox; readonly missing: boolean } => {
  if (offset < inbox.expectedOffset) return { inbox, missing: false }
  const missing = offset > inbox.expectedOffset
  const end = offset + bytes
  const isPassedOver = run === inbox.fullAtRun || run === inbox.brokenAtRun
  const applies = run === inbox.run && !missing && !isPassedOver
  const waiting: Waiting = applies ? { changes, continued, bytes, end } : nothingUpTo(end)
  const next = {
    ...inbox,
    expectedOffset: end,
    waiting: [...inbox.waiting, waiting],
    waitingBytes: inbox.waitingBytes + waiting.bytes,
  }
  // A hole in an older run is of no account: the stream was asked to start anew already.
  return missing && run === inbox.run
    ? { inbox: wantSoon({ ...next, brokenAtRun: run }, nowMs), missing }
    : { inbox: next, missing: false }
}

/** What comes of the stream up to `end` is passed over, and acknowledged in its turn. */
const nothingUpTo = (end: number): Waiting => ({ changes: [], continued: unsaid, bytes: 0, end })

/** What the peer says to have sent: if we have had less, or of another run, something was lost. */
export const checkSent = (
  inbox: Inbox,
  { run, offset }: { readonly run: number; readonly offset: number },
  nowMs: number,
): { readonly inbox: Inbox; readonly missing: boolean } => {
  // A run that is not the one we asked for is still on the way back, unless it has had its time.
  const isUnanswered = run !== inbox.run && nowMs - inbox.lastWantMs >= limits.silenceMsMax / 2
  const missing = offset > inbox.expectedOffset
  if (!missing && !isUnanswered) return { inbox, missing }
  const lost = nothingUpTo(Math.max(offset, inbox.expectedOffset))
  const next = {
    ...inbox,
    expectedOffset: lost.end,
    waiting: [...inbox.waiting, lost],
    brokenAtRun: missing && run === inbox.run ? run : inbox.brokenAtRun,
  }
  return { inbox: wantSoon(next, nowMs), missing: true }
}

/** Whether so much waits that the socket should not be read on. */
export const isFull = ({ waiting, waitingBytes }: Inbox): boolean =>
  waitingBytes >= limits.receivedBytesMax || waiting.length >= limits.receivedFramesMax

/** Whether so little waits that reading on makes sense again. */
export const hasRoom = ({ waiting, waitingBytes }: Inbox): boolean =>
  waitingBytes <= limits.receivedBytesMax / 2 && waiting.length <= limits.receivedFramesMax / 2

export interface Batch {
  readonly inbox: Inbox
  readonly changes: readonly Uint8Array[]
  readonly continued: Continued
}

/** The next batch, if something waits and nothing is under way. It may be without changes. */
export const nextBatch = (inbox: Inbox): Batch | undefined => {
  const [first] = inbox.waiting
  if (inbox.applying !== undefined || !first) return undefined
  let count = 0
  let bytes = 0
  let end = first.end
  for (const frame of inbox.waiting) {
    if (count > 0 && bytes + frame.bytes > limits.batchBytesMax) break
    count++
    bytes += frame.bytes
    end = frame.end
  }
  const batch = inbox.waiting.slice(0, count)
  return {
    inbox: {
      ...inbox,
      waiting: inbox.waiting.slice(count),
      waitingBytes: inbox.waitingBytes - bytes,
      applying: end,
    },
    changes: batch.flatMap(({ changes }) => changes),
    continued: joined(batch.map(({ continued }) => continued)),
  }
}

const joined = ([first = unsaid, ...others]: readonly Continued[]): Continued =>
  others.length === 0 ? first : new Map([first, ...others].flatMap((one) => [...one]))

/** A batch without changes, to look at the log when nothing is under way. */
export const emptyBatch = (inbox: Inbox): Inbox => ({ ...inbox, applying: inbox.settledOffset })

export interface Findings {
  readonly inbox: Inbox
  readonly forks: readonly Dot[]
  readonly quarantined: readonly ReplicaId[]
  readonly corrupt: string | undefined
  /** The first change that did not follow, unless the reason is known. */
  readonly gap: Dot | undefined
  /** The first change that was too far ahead, and how many there were. */
  readonly ahead:
    { readonly dot: Dot; readonly aheadMs: number; readonly count: number } | undefined
}

/** Takes the report on the batch under way: what is wrong, and when to ask for it again. */
export const settle = (
  inbox: Inbox,
  problems: readonly IntakeProblem[],
  nowMs: number,
): Findings => {
  const held = new Set(inbox.held)
  let { heldChanges, heldFrom } = inbox
  const forks: Dot[] = []
  const quarantined: ReplicaId[] = []
  let corrupt: string | undefined
  let gap: Dot | undefined
  let ahead: Findings['ahead']
  let isFull = false
  for (const problem of problems) {
    switch (problem.kind) {
      case 'too_far_ahead': {
        held.add(problem.dot.replica)
        heldChanges++
        heldFrom = heldFrom ? hlc.earlier(heldFrom, problem.time) : problem.time
        const { dot, aheadMs } = ahead ?? problem
        ahead = { dot, aheadMs, count: (ahead?.count ?? 0) + 1 }
        break
      }
      case 'gap':
        if (held.has(problem.dot.replica)) heldChanges++
        else gap ??= problem.dot
        break
      case 'fork':
        forks.push(problem.dot)
        break
      case 'corrupt':
        corrupt ??= problem.detail
        break
      case 'quarantined':
        quarantined.push(problem.replica)
        break
      case 'no_room':
        isFull = true
        break
    }
  }
  let next: Inbox = {
    ...inbox,
    applying: undefined,
    settledOffset: inbox.applying ?? inbox.settledOffset,
    held,
    heldChanges,
    heldFrom,
  }
  if (isFull)
    next = wantAt(passOver({ ...next, fullAtRun: inbox.run }), nowMs + limits.noRoomRetryMs)
  if (ahead) next = wantAt(next, nowMs + retryMsOf(ahead.aheadMs))
  if (gap) next = wantSoon(passOver({ ...next, brokenAtRun: inbox.run }), nowMs)
  return { inbox: next, forks, quarantined, corrupt, gap, ahead }
}

/** Whether the time has come to ask the peer to start anew. */
export const isWantDue = ({ wantDueMs }: Inbox, nowMs: number): boolean =>
  wantDueMs !== undefined && wantDueMs <= nowMs

/** The next run: what waits of this one is passed over. */
export const nextRun = (inbox: Inbox, nowMs: number): Inbox => ({
  ...passOver(inbox),
  run: inbox.run + 1,
  wantDueMs: undefined,
  lastWantMs: nowMs,
  held: new Set(),
  heldChanges: 0,
  heldFrom: undefined,
})

const passOver = (inbox: Inbox): Inbox => ({
  ...inbox,
  waiting: inbox.waiting.map(({ end }) => nothingUpTo(end)),
  waitingBytes: 0,
})

const wantSoon = (inbox: Inbox, nowMs: number): Inbox =>
  wantAt(inbox, Math.max(nowMs, inbox.lastWantMs + limits.wantEveryMsMin))

const wantAt = (inbox: Inbox, dueMs: number): Inbox => ({
  ...inbox,
  wantDueMs: Math.min(inbox.wantDueMs ?? Number.POSITIVE_INFINITY, dueMs),
})

// When our clock has come near enough to take it, and not before.
const retryMsOf = (aheadMs: number): number =>
  Math.min(Math.max(aheadMs - hlc.driftMsMax, limits.aheadRetryMsMin), limits.aheadRetryMsMax)
