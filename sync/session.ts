/**
 * One session between two nodes, as a machine without I/O: events in, the next session and effects out.
 *
 *     awaiting_hello ──hello──▶ awaiting_proof ──prove──▶ awaiting_admission
 *                                                               │ admitted
 *     closed ◀── refuse, violation, deadline, loss ──┐          ▼
 *                         (from every state)         live ◀──ready── awaiting_ready
 *
 * Both sides run the same machine; only the proofs know who dialled. `greeting.ts` has the steps up
 * to `live`, `stream.ts` the ones from there on, `pull.ts` and `serving.ts` those of reconciliation.
 * Nothing is known of the changes but their dots, and of the documents but their keys and hashes.
 */

import { DecodeError } from '../crdt/codec.ts'
import { judge } from './divergence.ts'
import type { LocalEvent } from './event.ts'
import { takeFork } from './forks.ts'
import * as frames from './frame.ts'
import type { Frame } from './frame.ts'
import * as greeting from './greeting.ts'
import * as limits from './limits.ts'
import * as pulls from './pull.ts'
import * as questions from './pull-questions.ts'
import * as surveys from './pull-survey.ts'
import { problem } from './refusal.ts'
import * as serving from './serving.ts'
import { end, lose, outOfTurn, refuseFrame, stay, takeRefusal } from './session-state.ts'
import type { EventByKind, Session, State, Step, Transition } from './session-state.ts'
import * as stream from './stream.ts'

/** The step that `event` makes at `nowMs` of the monotonic clock. */
export const step = (session: Session, event: LocalEvent, nowMs: number): Step =>
  take(transitions[session.state], event.kind, event, session, nowMs)

/** The step that a message from the peer makes. Whatever the bytes, it is a step. */
export const receive = (session: Session, bytes: Uint8Array, nowMs: number): Step => {
  if (session.state === 'closed') return stay(session)
  const bytesMax = isStranger(session) ? limits.greetingBytesMax : limits.frameBytesMax
  if (bytes.length > bytesMax) return refuseFrame(session, 'A frame is too long')
  let frame: Frame
  try {
    frame = frames.decode(bytes)
  } catch (error) {
    if (error instanceof DecodeError) return refuseFrame(session, error.message)
    throw error
  }
  const heard = { ...session, lastHeardMs: nowMs }
  return frame.kind === 'hello' && session.state === 'awaiting_hello'
    ? greeting.takeHello({ ...heard, peerHello: bytes }, frame)
    : take(transitions[session.state], frame.kind, frame, heard, nowMs)
}

const isStranger = ({ state }: Session): boolean =>
  state === 'awaiting_hello' || state === 'awaiting_proof'

type Row = { readonly [K in keyof EventByKind]: Transition<K> }

// Generic in the kind, so that the compiler sees that handler and event belong together.
const take = <K extends keyof EventByKind>(
  row: Row,
  kind: K,
  event: EventByKind[K],
  session: Session,
  nowMs: number,
): Step => row[kind](session, event, nowMs)

const noFrames = {
  hello: outOfTurn,
  prove: outOfTurn,
  ready: outOfTurn,
  changes: outOfTurn,
  ack: outOfTurn,
  want: outOfTurn,
  beat: outOfTurn,
  peers: outOfTurn,
  fork: outOfTurn,
  behind: outOfTurn,
  have: outOfTurn,
  pull: outOfTurn,
  survey: outOfTurn,
  compare: outOfTurn,
  summary: outOfTurn,
  fetch: outOfTurn,
  documents: outOfTurn,
  took: outOfTurn,
  done: outOfTurn,
  deny: outOfTurn,
  ask: outOfTurn,
  answer: outOfTurn,
  refuse: takeRefusal,
} as const satisfies { readonly [K in Frame['kind']]: Transition<K> }

// An answer may come after the session has moved on; then it is of no account.
const noAnswers = {
  opened: stay,
  admitted: stay,
  heads_compared: stay,
  sought: stay,
  log_read: stay,
  log_grew: stay,
  heads_rose: stay,
  applied: stay,
  storage_failed: (session, { detail }) => end(session, problem('storage_failed', detail)),
  measured: stay,
  digest_compared: stay,
  turn_came: (session) => ({ session, effects: [{ kind: 'end_turn' }] }),
  turn_denied: stay,
  surveyed: stay,
  floor_checked: stay,
  joined: stay,
  adopted: stay,
  documents_read: stay,
  gossiped: stay,
  asked: stay,
  answered: stay,
  ended: (session, { code }) => end(session, problem(code)),
  lost: lose,
} as const satisfies { readonly [K in Exclude<LocalEvent['kind'], 'ticked'>]: Transition<K> }

/** A survey is our own part of a pull, or the answer to the peer's. */
const takeSurvey: Transition<'surveyed'> = (session, { of, survey }) =>
  of.kind === 'us'
    ? surveys.takeOwnSurvey(session, survey.index)
    : serving.sendSurvey(session, { pull: of.pull, survey })

/** Frames that a peer of version 1 must not send. */
const sinceVersion2 =
  <K extends Frame['kind']>(transition: Transition<K>): Transition<K> =>
  (session, frame, nowMs) =>
    (session.peer?.version ?? 1) >= 2
      ? transition(session, frame, nowMs)
      : refuseFrame(session, `A ${frame.kind} frame is not of version 1`)

const greetingRow = {
  ...noFrames,
  ...noAnswers,
  ticked: greeting.checkGreeting,
} as const satisfies Row

const transitions: Readonly<Record<State, Row>> = {
  // A hello is taken in `receive`, which has the bytes that the proofs cover.
  awaiting_hello: { ...greetingRow, opened: greeting.sendHello },
  awaiting_proof: { ...greetingRow, prove: greeting.takeProof },
  awaiting_admission: { ...greetingRow, admitted: greeting.sayReady },
  awaiting_ready: { ...greetingRow, ready: greeting.takeReady },
  live: {
    ...noFrames,
    ...noAnswers,
    ticked: stream.passTime,
    heads_compared: stream.takeComparison,
    sought: stream.startStream,
    log_read: stream.sendSlice,
    log_grew: stream.takeGrowth,
    heads_rose: stream.sayWhatRose,
    applied: stream.takeReport,
    measured: stream.sendBeat,
    digest_compared: judge,
    turn_came: surveys.takeTurn,
    turn_denied: pulls.takeDenial,
    surveyed: takeSurvey,
    floor_checked: surveys.takeFloorCheck,
    joined: questions.takeJoined,
    adopted: questions.takeAdopted,
    documents_read: serving.sendDocuments,
    gossiped: (session, { peers }) => ({
      session,
      effects: [{ kind: 'send', frame: { kind: 'peers', peers } }],
    }),
    changes: stream.takeChanges,
    ack: stream.takeAck,
    want: stream.takeWant,
    beat: stream.takeBeat,
    fork: takeFork,
    peers: (session, { peers }) => ({ session, effects: [{ kind: 'meet', peers }] }),
    behind: sinceVersion2(pulls.takeBehind),
    have: sinceVersion2(stream.takeHave),
    pull: sinceVersion2(serving.takePull),
    survey: sinceVersion2(surveys.takeSurvey),
    compare: sinceVersion2(serving.takeCompare),
    summary: sinceVersion2(questions.takeAnswer),
    fetch: sinceVersion2(serving.takeFetch),
    documents: sinceVersion2(questions.takeDocuments),
    took: sinceVersion2(serving.takeTook),
    done: sinceVersion2(serving.takeDone),
    deny: sinceVersion2(questions.takeDeny),
    asked: (session, { number, topic, body }) => ({
      session,
      effects: [{ kind: 'send', frame: { kind: 'ask', number, topic, body } }],
    }),
    answered: (session, { number, body }) => ({
      session,
      effects: [{ kind: 'send', frame: { kind: 'answer', number, body } }],
    }),
    ask: sinceVersion2((session, { number, topic, body }) => ({
      session,
      effects: [{ kind: 'answer_question', number, topic, body }],
    })),
    answer: sinceVersion2((session, { number, body }) => ({
      session,
      effects: [{ kind: 'take_answer', number, body }],
    })),
  },
  closed: {
    ...noAnswers,
    storage_failed: stay,
    ended: stay,
    lost: stay,
    ticked: stay,
    hello: stay,
    prove: stay,
    ready: stay,
    changes: stay,
    ack: stay,
    want: stay,
    beat: stay,
    peers: stay,
    fork: stay,
    behind: stay,
    have: stay,
    pull: stay,
    survey: stay,
    compare: stay,
    summary: stay,
    fetch: stay,
    documents: stay,
    took: stay,
    done: stay,
    deny: stay,
    ask: stay,
    answer: stay,
    refuse: stay,
  },
}
