/**
 * What a live session does: it streams our log out, takes the peer's in, and keeps watch over both.
 *
 * Every function is one cell of the table in `session.ts`. `outbox.ts` and `inbox.ts` have the rules
 * of the two streams; here they meet events and become effects.
 */

import { dotKey, type Dot } from '../crdt/dot.ts'
import { counterOf, isWithin, type VersionVector } from '../crdt/version-vector.ts'
import { chainHash } from './change.ts'
import { dotOf } from './change-head.ts'
import type { Effect } from './event.ts'
import type { Changes, Frame } from './frame.ts'
import { quarantine, quarantineForks } from './forks.ts'
import * as inboxes from './inbox.ts'
import * as limits from './limits.ts'
import * as outboxes from './outbox.ts'
import { problem } from './refusal.ts'
import * as pulls from './pull.ts'
import * as questions from './pull-questions.ts'
import * as serving from './serving.ts'
import { andThen, askAnew, end, refuseFrame, report, stay } from './session-state.ts'
import type { EventByKind, Session, Step } from './session-state.ts'

// Only now may the stream begin: whoever is behind takes what continues a number, and cannot see
// that it continues another history. Whoever is ahead has seen it here.
export const takeComparison = (
  session: Session,
  { forks, vector }: EventByKind['heads_compared'],
  nowMs: number,
): Step => {
  const { session: next, effects } = quarantineForks(session, forks)
  const sought: Step = {
    session: checkGoal(next, vector),
    effects: [...effects, { kind: 'seek', vector: next.outbox.durable }],
  }
  return isWithin(sound(next, session.peerFloor), vector)
    ? sought
    : andThen(sought, (behind) => pulls.queue(behind, 'behind', nowMs))
}

/** Adds the read that is due, if one is, behind `effects`. */
const readOn = (session: Session, effects: readonly Effect[] = []): Step => {
  const read = outboxes.nextRead(session.outbox)
  if (!read) return { session: checkCaughtUp(session), effects }
  return {
    session: { ...session, outbox: { ...session.outbox, reading: true } },
    effects: [...effects, { kind: 'read_log', ...read }],
  }
}

export const startStream = (
  session: Session,
  { position, end: logEnd, below }: EventByKind['sought'],
): Step =>
  below && !isWithin(sound(session, below), session.outbox.durable)
    ? withhold(session, below)
    : readOn({
        ...session,
        outbox: { ...session.outbox, cursor: position, behind: position < logEnd },
      })

// Sending what the log still holds would let the peer see effects before their causes.
const withhold = (session: Session, floor: VersionVector): Step =>
  (session.peer?.version ?? 1) < 2
    ? end(session, problem('too_far_behind'))
    : {
        session: { ...session, outbox: outboxes.withhold(session.outbox) },
        effects: [{ kind: 'send', frame: { kind: 'behind', floor } }],
      }

/** Without the replicas of two histories, of which nothing more is taken. */
const sound = ({ quarantined }: Session, vector: VersionVector): VersionVector =>
  quarantined.size === 0 ? vector : new Map([...vector].filter(([id]) => !quarantined.has(id)))

const lookForMore = (session: Session, logEnd: number): Session => {
  const { outbox } = session
  const behind = outbox.cursor !== undefined && logEnd > outbox.cursor
  return behind ? { ...session, outbox: { ...outbox, behind } } : session
}

export const takeGrowth = (session: Session, { end: logEnd }: EventByKind['log_grew']): Step =>
  readOn(lookForMore(session, logEnd))

/** Tells the peer what others have brought us, so that it need not send that. */
export const sayWhatRose = (session: Session, { vector }: EventByKind['heads_rose']): Step => {
  const rose = new Map([...vector].filter(([id, counter]) => counter > counterOf(session.told, id)))
  return rose.size === 0 || (session.peer?.version ?? 1) < 2
    ? stay(session)
    : {
        session: { ...session, told: vector },
        effects: [{ kind: 'send', frame: { kind: 'have', vector: rose } }],
      }
}

export const takeHave = (session: Session, { vector }: EventByKind['have']): Step =>
  stay({ ...session, outbox: outboxes.learnMore(session.outbox, vector) })

export const sendSlice = (
  session: Session,
  { position, slice, end: logEnd, floor }: EventByKind['log_read'],
): Step => {
  // The stream was started anew since this was asked for.
  if (position !== session.outbox.cursor || !session.outbox.reading) return stay(session)
  // Our floor may have risen over what the peer lacks, by a pull from somebody else. If it does not have
  // that after all that is on the way to it, it must pull, too.
  const below = sound(session, floor)
  if (outboxes.mayLack(session.outbox, below)) {
    const waiting = { ...session, outbox: { ...session.outbox, reading: false } }
    return outboxes.lacks(waiting.outbox, below) ? withhold(waiting, floor) : stay(waiting)
  }
  const parcel = outboxes.pack(session.outbox, slice, {
    end: logEnd,
    quarantined: session.quarantined,
    hasLinks: saysLinks(session),
  })
  const next = quarantine(
    {
      ...session,
      outbox: parcel.outbox,
      sentChanges: session.sentChanges + parcel.changeCount,
    },
    parcel.unsendable.map(({ replica }) => replica),
  )
  return readOn(next, [
    ...parcel.frames.map((frame): Effect => ({ kind: 'send', frame })),
    ...parcel.unsendable.map(({ replica, counter }) =>
      report('unsendable', `Change ${replica}:${counter} of our log does not fit a frame.`),
    ),
  ])
}

/** Whether the session's version has changes say what they continue. */
const saysLinks = ({ peer }: Session): boolean => peer !== undefined && peer.version >= 3

export const takeAck = (session: Session, { offset, vector }: EventByKind['ack']): Step =>
  takeSettled(session, offset, vector) ??
  refuseFrame(session, 'An ack is for what was never sent or was acknowledged before')

/** The peer has dealt with our stream up to `settled`; undefined if that cannot be. */
const takeSettled = (
  session: Session,
  settled: number,
  vector: VersionVector,
): Step | undefined => {
  const { outbox } = session
  return settled < outbox.settledBytes || settled > outbox.sentBytes
    ? undefined
    : readOn({
        ...session,
        outbox: { ...outboxes.learn(outbox, vector), settledBytes: settled },
      })
}

export const takeWant = (session: Session, { run, vector }: EventByKind['want']): Step =>
  run <= session.outbox.run
    ? refuseFrame(session, 'A want does not continue the runs')
    : {
        session: { ...session, outbox: outboxes.restart(session.outbox, run, vector) },
        effects: [{ kind: 'seek', vector }],
      }

export const takeChanges = (session: Session, frame: Changes, nowMs: number): Step => {
  if ((frame.continued !== undefined) !== saysLinks(session)) {
    return refuseFrame(session, 'A changes frame is of another version')
  }
  const dots: Dot[] = []
  const changes: Uint8Array[] = []
  const continued = new Map<string, Uint8Array>()
  const chain = new Map(frame.continued)
  let bytes = 0
  for (const change of frame.changes) {
    bytes += change.length
    const dot = dotOf(change)
    if (!dot) return refuseFrame(session, 'A change does not begin as one')
    dots.push(dot)
    const link = chain.get(dot.replica)
    if (link) {
      continued.set(dotKey(dot), link)
      chain.set(dot.replica, chainHash(link, change))
    }
    if (!session.quarantined.has(dot.replica)) changes.push(change)
  }
  const { run, offset } = frame
  const arrival = { run, offset, bytes, changes, continued }
  const { inbox, missing } = inboxes.arrive(session.inbox, arrival, nowMs)
  return applyOn(
    { ...session, inbox, outbox: outboxes.hear(session.outbox, dots), pullsInVain: 0 },
    missing ? [lostFrames] : [],
    nowMs,
  )
}

const lostFrames = report('gap', 'Frames of the stream were lost; it is asked for anew.')

/** Adds the batch that is due behind `effects`, and stops or restarts the reading of the socket. */
const applyOn = (session: Session, effects: readonly Effect[], nowMs: number): Step => {
  const batch = inboxes.nextBatch(session.inbox)
  let inbox = batch?.inbox ?? session.inbox
  const all: Effect[] = [...effects]
  if (batch) {
    const { changes, continued } = batch
    all.push({ kind: 'apply', changes, account: { heldFrom: inbox.heldFrom, continued } })
  }
  let { lastHeardMs } = session
  if (!inbox.paused && inboxes.isFull(inbox)) {
    inbox = { ...inbox, paused: true }
    all.push({ kind: 'pause' })
  } else if (inbox.paused && inboxes.hasRoom(inbox)) {
    inbox = { ...inbox, paused: false }
    all.push({ kind: 'resume' })
    // It was we who did not listen.
    lastHeardMs = nowMs
  }
  return { session: { ...session, inbox, lastHeardMs }, effects: all }
}

export const takeReport = (
  session: Session,
  { report: { taken, alreadyKnown, problems }, vector }: EventByKind['applied'],
  nowMs: number,
): Step => {
  if (vector.size > limits.replicasMax) return end(session, problem('too_many_replicas'))
  const found = inboxes.settle(session.inbox, problems, nowMs)
  if (found.corrupt !== undefined) return end(session, problem('corrupt_change', found.corrupt))
  const { session: checked, effects: forkEffects } = quarantineForks(session, found.forks)
  const newlyQuarantined = [...new Set(found.quarantined)].filter(
    (replica) => !checked.quarantined.has(replica),
  )
  const effects: Effect[] = [
    ...forkEffects,
    ...newlyQuarantined.map((replica) =>
      report('quarantined', `Replica ${replica} is in quarantine at this node.`),
    ),
  ]
  if (found.gap) effects.push(report('gap', gapDetail(found.gap)))
  if (found.ahead) effects.push(report('too_far_ahead', aheadDetail(found.ahead)))
  // Once, and not at every try.
  if (found.inbox.fullAtRun !== undefined && session.inbox.fullAtRun === undefined) {
    effects.push(report('no_room', 'Our disk is full; what the peer sends is asked for again.'))
  }
  const isSettled = found.inbox.settledOffset > session.inbox.settledOffset
  if (isSettled) {
    const ack: Frame = { kind: 'ack', offset: found.inbox.settledOffset, vector }
    effects.push({ kind: 'send', frame: ack })
  }
  let inbox = taken + alreadyKnown > 0 ? { ...found.inbox, fullAtRun: undefined } : found.inbox
  const isWanting = inboxes.isWantDue(inbox, nowMs)
  if (isWanting) {
    inbox = inboxes.nextRun(inbox, nowMs)
    effects.push({ kind: 'send', frame: { kind: 'want', run: inbox.run, vector } })
  }
  const next = {
    ...quarantine(checked, newlyQuarantined),
    inbox,
    receivedChanges: session.receivedChanges + taken,
    repeatedChanges: session.repeatedChanges + alreadyKnown,
    told: isSettled || isWanting ? vector : session.told,
  }
  return applyOn(checkGoal(next, vector), effects, nowMs)
}

const gapDetail = ({ replica, counter }: Dot): string =>
  `Change ${replica}:${counter} does not follow what we have; the stream is asked for anew.`

const aheadDetail = ({ dot, aheadMs, count }: NonNullable<inboxes.Findings['ahead']>): string =>
  `${count} changes are held, from ${dot.replica}:${dot.counter} on, which is ${aheadMs} ms ahead of our clock.`

const checkGoal = (session: Session, vector: VersionVector): Session => {
  if (!session.goal) return session
  return isWithin(sound(session, session.goal), vector)
    ? checkCaughtUp({ ...session, goal: undefined })
    : session
}

const checkCaughtUp = (session: Session): Session =>
  !session.caughtUp && session.goal === undefined && outboxes.isSettled(session.outbox)
    ? { ...session, caughtUp: true }
    : session

export const passTime = (session: Session, _event: EventByKind['ticked'], nowMs: number): Step => {
  if (!session.inbox.paused && nowMs - session.lastHeardMs > limits.silenceMsMax) {
    return end(session, problem('silent'))
  }
  const isBeatDue = nowMs - session.lastBeatMs >= limits.beatEveryMs
  const beaten: Step = isBeatDue
    ? { session: { ...session, lastBeatMs: nowMs }, effects: [{ kind: 'measure' }] }
    : stay(session)
  const wanted = andThen(beaten, (next) =>
    inboxes.isWantDue(next.inbox, nowMs) && next.inbox.applying === undefined
      ? askAnew(next, nowMs)
      : stay(next),
  )
  return andThen(wanted, (next) => questions.passTime(serving.passTime(next, nowMs), nowMs))
}

export const sendBeat = (
  session: Session,
  { vector, floor, digest, end: logEnd }: EventByKind['measured'],
): Step => {
  if (vector.size > limits.replicasMax) return end(session, problem('too_many_replicas'))
  const { outbox, inbox } = session
  const beat: Frame = {
    kind: 'beat',
    run: outbox.run,
    offset: outbox.sentBytes,
    settled: inbox.settledOffset,
    vector,
    digest,
  }
  const told = checkGoal({ ...session, told: vector }, vector)
  const sent: Step = { session: told, effects: [{ kind: 'send', frame: beat }] }
  // It may have been up to our floor when the stream began, and have missed what was folded since.
  return outbox.isWithheld || outboxes.lacks(outbox, sound(session, floor))
    ? andThen(sent, (next) => withhold(next, floor))
    : readOn(lookForMore(told, logEnd), sent.effects)
}

export const takeBeat = (
  session: Session,
  { run, offset, settled, vector, digest }: EventByKind['beat'],
  nowMs: number,
): Step => {
  const step = takeSettled(session, settled, vector)
  if (!step) return refuseFrame(session, 'A beat is for what was never sent')
  const { inbox, missing } = inboxes.checkSent(session.inbox, { run, offset }, nowMs)
  const effects: Effect[] = [...step.effects, { kind: 'compare_digest', vector, digest }]
  if (missing) effects.push(lostFrames)
  return applyOn({ ...step.session, inbox }, effects, nowMs)
}
