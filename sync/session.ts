/**
 * One session between two nodes, as a machine without I/O: events in, the next session and effects out.
 *
 *     awaiting_hello ──hello──▶ awaiting_proof ──prove──▶ awaiting_admission
 *                                                               │ admitted
 *     closed ◀── refuse, violation, deadline, loss ──┐          ▼
 *                         (from every state)         live ◀──ready── awaiting_ready
 *
 * Both sides run the same machine; only the proofs know who dialled. `greeting.ts` has the steps up
 * to `live`, `stream.ts` the ones from there on. Nothing is known of the changes but their dots.
 */

import { DecodeError } from '../crdt/codec.ts'
import type { LocalEvent } from './event.ts'
import * as frames from './frame.ts'
import type { Frame } from './frame.ts'
import * as greeting from './greeting.ts'
import * as limits from './limits.ts'
import { problem } from './refusal.ts'
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
  applied: stay,
  storage_failed: (session, { detail }) => end(session, problem('storage_failed', detail)),
  measured: stay,
  digest_compared: stay,
  gossiped: stay,
  ended: (session, { code }) => end(session, problem(code)),
  lost: lose,
} as const satisfies { readonly [K in Exclude<LocalEvent['kind'], 'ticked'>]: Transition<K> }

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
    applied: stream.takeReport,
    measured: stream.sendBeat,
    digest_compared: stream.judge,
    gossiped: (session, { peers }) => ({
      session,
      effects: [{ kind: 'send', frame: { kind: 'peers', peers } }],
    }),
    changes: stream.takeChanges,
    ack: stream.takeAck,
    want: stream.takeWant,
    beat: stream.takeBeat,
    fork: stream.takeFork,
    peers: (session, { peers }) => ({ session, effects: [{ kind: 'meet', peers }] }),
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
    refuse: stay,
  },
}
