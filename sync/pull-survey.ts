/** How a pull opens: our turn, two surveys, and the peer's floor, which must be of our own histories. */

import { isWithin } from '../crdt/version-vector.ts'
import type { DocumentIndex } from './document-index.ts'
import { quarantineForks } from './forks.ts'
import { begin, fail, finish, twoHistories, type Pull } from './pull.ts'
import { planOf } from './pull-plan.ts'
import { askNext } from './pull-questions.ts'
import { andThen, stay, type EventByKind, type Session, type Step } from './session-state.ts'

export const takeTurn = (
  session: Session,
  { vector }: EventByKind['turn_came'],
  nowMs: number,
): Step => {
  const { pull } = session
  if (pull?.stage !== 'queued') return { session, effects: [{ kind: 'end_turn' }] }
  // While we waited, a pull from another peer has brought us up to this one's floor.
  const isNeedless = pull.purpose === 'behind' && isWithin(session.peerFloor, vector)
  if (isNeedless) return finish(session, nowMs)
  const begun = begin(session, pull, nowMs)
  return { ...begun, effects: [...begun.effects, { kind: 'survey', of: { kind: 'us' } }] }
}

export const takeOwnSurvey = (session: Session, ours: DocumentIndex): Step => {
  const { pull } = session
  return pull?.stage === 'surveying' ? checkFloor(session, { ...pull, ours }) : stay(session)
}

export const takeSurvey = (session: Session, frame: EventByKind['survey'], nowMs: number): Step => {
  const { pull } = session
  if (pull?.stage !== 'surveying' || frame.pull !== pull.number || pull.terms) return stay(session)
  const { floor, clock, level, fingerprints } = frame
  const terms = { floor, clock, level, fingerprints }
  return checkFloor(session, { ...pull, terms, aliveMs: nowMs })
}

// Documents cannot be told apart by who wrote them: two histories must be found before any is joined.
const checkFloor = (session: Session, pull: Pull): Step => ({
  session: { ...session, pull },
  effects: pull.ours && pull.terms ? [{ kind: 'check_floor', floor: pull.terms.floor }] : [],
})

export const takeFloorCheck = (
  session: Session,
  { forks, isBelow }: EventByKind['floor_checked'],
  nowMs: number,
): Step => {
  const { pull } = session
  if (pull?.stage !== 'surveying' || !pull.ours || !pull.terms) return stay(session)
  if (forks.length > 0) {
    return andThen(quarantineForks(session, forks), (next) => fail(next, twoHistories, nowMs))
  }
  if (pull.purpose === 'behind' && !isBelow) return finish(session, nowMs)
  const plan = planOf(pull.ours, pull.terms)
  return askNext(session, { ...pull, plan }, nowMs)
}
