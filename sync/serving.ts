/**
 * Serving a peer's pull: our documents are surveyed once, and the peer's questions answered from that.
 * The peer decides what it asks; we hold the survey, the question under way, and what of the answer is
 * read and not yet sent.
 */

import * as dispatches from './dispatch.ts'
import type { Dispatch } from './dispatch.ts'
import type { Survey } from './document-exchange.ts'
import type { DocumentIndex } from './document-index.ts'
import type { Effect } from './event.ts'
import * as limits from './limits.ts'
import type { DenyCode, PullFrame } from './pull-frames.ts'
import { fingerprintsOf, levelBelow, surveyLevelOf } from './ranges.ts'
import { refuseFrame, stay, type EventByKind, type Session, type Step } from './session-state.ts'

export interface Serving {
  /** The number of the peer's last pull. */
  readonly pull: number
  /** Whether our documents are being surveyed for it. */
  readonly isSurveying: boolean
  /** Undefined until we have surveyed, and when the peer has done. */
  readonly index: DocumentIndex | undefined
  /** The number of the peer's last question. */
  readonly round: number
  readonly dispatch: Dispatch | undefined
  readonly heardMs: number
}

export const takePull = (session: Session, { pull }: EventByKind['pull'], nowMs: number): Step => {
  if (pull <= (session.serving?.pull ?? 0)) return stay(session)
  const serving: Serving = {
    pull,
    isSurveying: true,
    index: undefined,
    round: 0,
    dispatch: undefined,
    heardMs: nowMs,
  }
  return {
    session: { ...session, serving },
    effects: [{ kind: 'survey', of: { kind: 'peer', pull } }],
  }
}

export const sendSurvey = (
  session: Session,
  { pull, survey }: { readonly pull: number; readonly survey: Survey },
): Step => {
  const { serving } = session
  if (serving?.pull !== pull || !serving.isSurveying) return stay(session)
  const { floor, clock, index } = survey
  const level = surveyLevelOf(index)
  const fingerprints = fingerprintsOf(index, { level: 0, place: 0 }, level)
  return {
    session: { ...session, serving: { ...serving, isSurveying: false, index } },
    effects: [send({ kind: 'survey', pull, floor, clock, level, fingerprints })],
  }
}

const send = (frame: PullFrame): Effect => ({ kind: 'send', frame })

export const takeCompare = (session: Session, frame: EventByKind['compare'], nowMs: number): Step =>
  answer(session, frame, nowMs, (index, serving) => {
    const fingerprints = Buffer.concat(
      frame.ranges.map((range) => fingerprintsOf(index, range, levelBelow(range.level))),
    )
    const { pull, round } = frame
    return {
      session: { ...session, serving: { ...serving, dispatch: undefined } },
      effects: [send({ kind: 'summary', pull, round, fingerprints })],
    }
  })

export const takeFetch = (session: Session, frame: EventByKind['fetch'], nowMs: number): Step =>
  answer(session, frame, nowMs, (index, serving) =>
    dispatchOn(session, serving, dispatches.dispatchOf(index, frame)),
  )

/** Answers a question, if it is new and we still have what it is about. */
const answer = (
  session: Session,
  { pull, round }: { readonly pull: number; readonly round: number },
  nowMs: number,
  make: (index: DocumentIndex, serving: Serving) => Step,
): Step => {
  const { serving } = session
  if (serving?.pull !== pull || serving.isSurveying || round <= serving.round) return stay(session)
  return serving.index
    ? make(serving.index, { ...serving, round, heardMs: nowMs })
    : { session, effects: [send({ kind: 'deny', pull, code: 'survey_dropped' })] }
}

/** Sends what is read, and reads on when all of it is sent. */
const dispatchOn = (session: Session, serving: Serving, begun: Dispatch): Step => {
  const effects: Effect[] = []
  let dispatch = begun
  for (;;) {
    const packed = dispatches.nextFrame(dispatch)
    if (!packed) break
    dispatch = packed.dispatch
    effects.push(send(packed.frame))
  }
  const reading = serving.index && dispatches.nextRead(serving.index, dispatch)
  if (reading) {
    dispatch = { ...dispatch, reading }
    effects.push({
      kind: 'read_documents',
      pull: dispatch.pull,
      round: dispatch.round,
      keys: reading.keys,
      bytesMax: limits.readBytesMax,
    })
  }
  return { session: { ...session, serving: { ...serving, dispatch } }, effects }
}

export const sendDocuments = (
  session: Session,
  { pull, round, slice }: EventByKind['documents_read'],
): Step => {
  const { serving } = session
  // The peer has asked for something else since this was read.
  if (serving?.pull !== pull || serving.round !== round || !serving.dispatch) return stay(session)
  const tooLarge = slice.documents.some(({ bytes }) => bytes.length > limits.documentBytesMax)
  return tooLarge
    ? deny(session, serving, 'document_too_large')
    : dispatchOn(session, serving, dispatches.take(serving.dispatch, slice))
}

const deny = (session: Session, serving: Serving, code: DenyCode): Step => ({
  session: drop(session, serving),
  effects: [send({ kind: 'deny', pull: serving.pull, code })],
})

// The number stays, so that what is late or repeated of the pull is known as such.
const drop = (session: Session, serving: Serving): Session => ({
  ...session,
  serving: { ...serving, isSurveying: false, index: undefined, dispatch: undefined },
})

export const takeTook = (
  session: Session,
  { pull, round, offset }: EventByKind['took'],
  nowMs: number,
): Step => {
  const { serving } = session
  if (!serving?.dispatch || serving.pull !== pull || serving.round !== round) return stay(session)
  const dispatch = dispatches.settle(serving.dispatch, offset)
  return dispatch
    ? dispatchOn(session, { ...serving, heardMs: nowMs }, dispatch)
    : refuseFrame(session, 'Documents were joined that were never sent')
}

export const takeDone = (session: Session, { pull }: EventByKind['done']): Step =>
  session.serving?.pull === pull ? stay(drop(session, session.serving)) : stay(session)

/** A survey is large: it is not kept for a peer that has forgotten it. */
export const passTime = (session: Session, nowMs: number): Session => {
  const { serving } = session
  const isIdle = serving?.index && nowMs - serving.heardMs > limits.surveyIdleMsMax
  return serving && isIdle ? drop(session, serving) : session
}
