/** The questions of a pull and what is made of the answers, until nothing differs any more. */

import * as deliveries from './delivery.ts'
import { quarantineForks } from './forks.ts'
import * as limits from './limits.ts'
import { begin, fail, finish, send, twoHistories, type Pull } from './pull.ts'
import type { PullFrame } from './pull-frames.ts'
import { nextQuestion, restOf, takeSummary, type Question } from './pull-plan.ts'
import { andThen, refuseFrame, stay } from './session-state.ts'
import type { EventByKind, Session, Step } from './session-state.ts'

/** Asks what the plan has next, or brings the pull to its end. */
export const askNext = (session: Session, pull: Pull, nowMs: number): Step => {
  const next = pull.ours && nextQuestion(pull.ours, pull.plan)
  return next
    ? ask(session, { ...pull, plan: next.plan }, next.question, nowMs)
    : conclude(session, pull, nowMs)
}

const ask = (session: Session, pull: Pull, question: Question, nowMs: number): Step => {
  const round = pull.round + 1
  const stage = question.kind === 'compare' ? 'comparing' : 'fetching'
  const delivery = deliveries.nextRound(question.kind === 'fetch' ? question.from : 0)
  const announced = pull.fetched
  return {
    session: {
      ...session,
      pull: { ...pull, stage, round, question, delivery, announced, aliveMs: nowMs },
    },
    effects: [send({ pull: pull.number, round, ...question })],
  }
}

export const takeAnswer = (
  session: Session,
  { pull: number, round, fingerprints }: EventByKind['summary'],
  nowMs: number,
): Step => {
  const { pull } = session
  if (!isAnswer(pull, number, round) || pull.question?.kind !== 'compare' || !pull.ours) {
    return stay(session)
  }
  const { ranges } = pull.question
  const plan = takeSummary(pull.ours, pull.plan, { ranges, fingerprints })
  return plan
    ? askNext(session, { ...pull, plan, stalls: 0 }, nowMs)
    : refuseFrame(session, 'A summary has not the length that was asked for')
}

const isAnswer = (pull: Pull | undefined, number: number, round: number): pull is Pull =>
  pull !== undefined && pull.number === number && pull.round === round

export const takeDocuments = (
  session: Session,
  frame: EventByKind['documents'],
  nowMs: number,
): Step => {
  const { pull } = session
  if (!isAnswer(pull, frame.pull, frame.round) || pull.stage !== 'fetching') return stay(session)
  const delivery = deliveries.arrive(pull.delivery, frame)
  if (!delivery) {
    return refuseFrame(session, 'Documents came in wrong parts, or more than the window holds')
  }
  const announced = Math.max(pull.announced, pull.fetched + frame.count)
  return joinOn(session, { ...pull, delivery, announced, aliveMs: nowMs, stalls: 0 }, nowMs)
}

/** Joins the next batch; when all is joined that came, goes on with what is left. */
const joinOn = (session: Session, pull: Pull, nowMs: number): Step => {
  const batch = deliveries.nextBatch(pull.delivery)
  if (batch) {
    return {
      session: { ...session, pull: { ...pull, delivery: batch.delivery } },
      effects: [{ kind: 'join', pull: pull.number, documents: batch.documents }],
    }
  }
  const { delivery } = pull
  if (deliveries.isIdle(delivery) && deliveries.isComplete(delivery)) {
    return askNext(session, pull, nowMs)
  }
  return deliveries.isIdle(delivery) && delivery.isBroken
    ? askAgain(session, pull, nowMs)
    : stay({ ...session, pull })
}

export const takeJoined = (
  session: Session,
  { pull: number, report: { joined, problems } }: EventByKind['joined'],
  nowMs: number,
): Step => {
  const { pull } = session
  if (pull?.number !== number || pull.delivery.joining === undefined) return stay(session)
  const delivery = deliveries.settle(pull.delivery)
  const took: PullFrame = {
    kind: 'took',
    pull: number,
    round: pull.round,
    offset: delivery.settledOffset,
  }
  // What else comes would find no room either.
  if (problems.some(({ kind }) => kind === 'no_room')) return fail(session, noRoom, nowMs)
  const [problem] = problems
  const next: Pull = {
    ...pull,
    delivery,
    fetched: pull.fetched + joined,
    aliveMs: nowMs,
    flaw: pull.flaw ?? (problem && `${problem.kind}: ${problem.detail}`),
  }
  return andThen({ session, effects: [send(took)] }, () => joinOn(session, next, nowMs))
}

/** Asks the question under way once more, as far as it is not answered. */
const askAgain = (session: Session, pull: Pull, nowMs: number): Step => {
  const { question, delivery } = pull
  const rest = question?.kind === 'fetch' ? restOf(question.listings, delivery.next) : question
  return rest ? ask(session, pull, rest, nowMs) : askNext(session, pull, nowMs)
}

/** The peer does not go on with our pull. */
export const takeDeny = (
  session: Session,
  { pull: number, code }: EventByKind['deny'],
  nowMs: number,
): Step => {
  const { pull } = session
  if (pull?.number !== number || pull.stage === 'adopting') return stay(session)
  return code === 'survey_dropped' && pull.stalls < limits.pullStallsMax
    ? begin(session, { ...pull, stalls: pull.stalls + 1 }, nowMs)
    : fail(session, `The peer says: ${code}.`, nowMs)
}

/** Notices that nothing came for too long. */
export const passTime = (session: Session, nowMs: number): Step => {
  const { pull } = session
  const waits =
    pull?.stage === 'comparing' ||
    (pull?.stage === 'surveying' && !pull.terms) ||
    (pull?.stage === 'fetching' && deliveries.isIdle(pull.delivery))
  const isStalled = waits && nowMs - pull.aliveMs > limits.pullStallMs * 2 ** pull.stalls
  return isStalled ? goOn(session, pull, nowMs) : stay(session)
}

const goOn = (session: Session, pull: Pull, nowMs: number): Step => {
  if (pull.stalls >= limits.pullStallsMax) return fail(session, 'The peer does not answer.', nowMs)
  const again = { ...pull, stalls: pull.stalls + 1 }
  return pull.stage === 'surveying' ? begin(session, again, nowMs) : askAgain(session, again, nowMs)
}

const conclude = (session: Session, pull: Pull, nowMs: number): Step => {
  const { terms, flaw, number, purpose } = pull
  const ended = { ...session, pull }
  if (flaw !== undefined) {
    return fail(ended, `A document of the peer could not be joined: ${flaw}`, nowMs)
  }
  if (purpose === 'divergent' || !terms) return finish(ended, nowMs)
  return {
    session: { ...session, pull: { ...pull, stage: 'adopting' } },
    effects: [{ kind: 'adopt', pull: number, floor: terms.floor, clock: terms.clock }],
  }
}

export const takeAdopted = (
  session: Session,
  { pull: number, report: outcome }: EventByKind['adopted'],
  nowMs: number,
): Step => {
  const { pull } = session
  if (pull?.number !== number || pull.stage !== 'adopting') return stay(session)
  if (outcome.kind === 'adopted') return finish(session, nowMs)
  if (outcome.kind === 'no_room') return fail(session, noRoom, nowMs)
  return outcome.kind === 'fork'
    ? andThen(quarantineForks(session, outcome.dots), (next) => fail(next, twoHistories, nowMs))
    : fail(session, `The peer's clock is ${outcome.aheadMs} ms ahead of ours.`, nowMs)
}

const noRoom = 'Our disk is full.'
