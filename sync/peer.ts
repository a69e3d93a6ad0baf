/**
 * The shell of one session: it owns the connection, performs the session's effects and brings the answers.
 *
 * Events are taken one after the other, also those that an effect answers at once, so a step never
 * runs inside another.
 */

import { equals, isWithin, type VersionVector } from '../crdt/version-vector.ts'
import type { ReplicaId } from '../crdt/dot.ts'
import type { ProofKeys, Role } from './auth.ts'
import { vectorOf } from './change.ts'
import type { ChangeIntake, ChangeLog, IntakeReport } from './change-log.ts'
import type { Connection } from './connection.ts'
import type { DocumentExchange } from './document-exchange.ts'
import type { Effect, LocalEvent, PeerIdentity, PullPurpose } from './event.ts'
import * as frames from './frame.ts'
import type { PeerAddress } from './frame.ts'
import * as limits from './limits.ts'
import { createQuestions, noAnswer, type AnsweringByTopic, type Questions } from './questions.ts'
import { createReconciler, forksAt } from './reconciler.ts'
import type { Problem, RefusalCode } from './refusal.ts'
import * as sessions from './session.ts'
import { begin, type Session, type State } from './session-state.ts'
import type { Clock, Random, Timers } from './surroundings.ts'
import type { Surveyor } from './surveyor.ts'

export interface Peer {
  readonly role: Role
  session(): Session
  /** Whether the connection has opened. */
  isOpen(): boolean
  bytesSent(): number
  bytesReceived(): number
  /** Tells it that the log has more; cheap if the session has seen it already. */
  notifyLogGrew(): void
  /** Tells the peer what of others is durable here, if that is news. */
  announce(): void
  /** Answers `askTurn`. */
  grantTurn(): void
  denyTurn(): void
  gossip(peers: readonly PeerAddress[]): void
  /** See `Questions`. Rejects at once if the session is not live, or the peer too old to be asked. */
  ask: Questions['ask']
  /** Ends the session and says why to the peer. */
  close(code: RefusalCode): void
}

/** What all peers of a node share. */
export interface PeerDeps {
  readonly name: string
  /** Who this node is now. */
  readonly replica: () => ReplicaId
  readonly versionMax: number
  readonly advertised: readonly string[]
  readonly schemas: ReadonlyMap<string, number>
  readonly keys: ProofKeys
  readonly log: ChangeLog
  readonly intake: ChangeIntake
  readonly exchange: DocumentExchange
  readonly surveyor: Surveyor
  readonly answering: AnsweringByTopic
  /** Whether documents come in by a pull: they are ahead of our vector then, and their digest says nothing. */
  readonly isPulling: () => boolean
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
}

/** What the mesh decides and is told. Nothing is called before `createPeer` has returned. */
export interface PeerOwner {
  /** Why this peer may not stay, or undefined if it may. */
  admit(peer: Peer, identity: PeerIdentity): RefusalCode | undefined
  stateChanged(peer: Peer, state: State): void
  /** It would pull from its peer. */
  askTurn(peer: Peer, purpose: PullPurpose): void
  endTurn(peer: Peer): void
  /** Documents that differed are equal again. */
  healed(peer: Peer): void
  /** Changes from this peer were made durable: others may want them. */
  tookChanges(peer: Peer): void
  /** The peer has more of our log on its disk than before. */
  acknowledged(peer: Peer): void
  met(peer: Peer, peers: readonly PeerAddress[]): void
  reported(peer: Peer, problem: Problem): void
  /** Called once, last. */
  closed(peer: Peer, problem: Problem, by: 'us' | 'peer' | 'line'): void
}

export const createPeer = (
  deps: PeerDeps,
  owner: PeerOwner,
  { connection, role }: { readonly connection: Connection; readonly role: Role },
): Peer => {
  const { log, clock, timers } = deps
  let session = begin(
    {
      role,
      name: deps.name,
      replica: deps.replica(),
      addresses: deps.advertised,
      nonce: deps.random(frames.nonceBytes),
      keys: deps.keys,
      schemas: deps.schemas,
      versionMax: deps.versionMax,
    },
    clock.monotonic(),
  )
  let isOpen = false
  let bytesSent = 0
  let bytesReceived = 0
  /** Events that came while another was being taken. */
  const waiting: (LocalEvent | Uint8Array)[] = []
  let isTaking = false
  /** Reads that wait for the socket to drain. */
  let delayed: (() => void)[] = []
  const cancels = new Set<() => void>()

  const after = (ms: number, callback: () => void): void => {
    const cancel = timers.after(ms, () => {
      cancels.delete(cancel)
      callback()
    })
    cancels.add(cancel)
  }

  const dispatch = (event: LocalEvent | Uint8Array): void => {
    waiting.push(event)
    if (isTaking) return
    isTaking = true
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) take(next)
    } finally {
      isTaking = false
    }
  }

  const take = (event: LocalEvent | Uint8Array): void => {
    const before = session.state
    const nowMs = clock.monotonic()
    const step =
      event instanceof Uint8Array
        ? sessions.receive(session, event, nowMs)
        : sessions.step(session, event, nowMs)
    const hasAcknowledged = step.session.outbox.durable !== session.outbox.durable
    session = step.session
    for (const effect of step.effects) {
      const cause = event instanceof Uint8Array ? undefined : event.kind
      // One read a turn of the event loop: a peer that is far behind must not hold up the shop.
      if (effect.kind === 'read_log' && cause === 'log_read') after(0, () => perform(effect))
      else perform(effect)
    }
    if (session.state !== before && session.state !== 'closed') {
      owner.stateChanged(peer, session.state)
    }
    if (hasAcknowledged) owner.acknowledged(peer)
  }

  const perform = (effect: Effect): void => {
    switch (effect.kind) {
      case 'send':
        return send(frames.encode(effect.frame))
      case 'admit':
        return admit(effect.peer)
      case 'compare_heads':
        return answer(() => ({
          kind: 'heads_compared',
          forks: forksAt(log, effect.heads),
          vector: log.vector(),
        }))
      case 'seek':
        return answer(() => seek(log, effect.vector))
      case 'read_log':
        return whenDrained(() => answer(() => readLog(log, effect)))
      case 'apply':
        // A fault of the log becomes an event; anything else is a bug and may end the process.
        return void apply(effect)
      case 'measure':
        return answer(() => measure(log, digest()))
      case 'compare_digest':
        return answer(() => compareDigest(log, digest(), effect))
      case 'survey':
      case 'check_floor':
      case 'join':
      case 'adopt':
      case 'read_documents':
        return reconciler.perform(effect)
      case 'ask_turn':
        return owner.askTurn(peer, effect.purpose)
      case 'end_turn':
        return owner.endTurn(peer)
      case 'healed':
        return owner.healed(peer)
      case 'answer_question':
        return answerQuestion(effect)
      case 'take_answer':
        return questions.take(effect.number, effect.body)
      case 'pause':
        return connection.pause()
      case 'resume':
        return connection.resume()
      case 'meet':
        return owner.met(peer, effect.peers)
      case 'report':
        return owner.reported(peer, effect.problem)
      case 'close':
        return close(effect)
    }
  }

  /** What our documents can be judged by; empty while they cannot. */
  const digest = (): string => (deps.isPulling() ? '' : log.digest())

  /** Dispatches what `ask` finds, or that the node failed. What is found too late is of no account. */
  const answer = (ask: () => LocalEvent | undefined | Promise<LocalEvent>): void => {
    try {
      const found = ask()
      if (found instanceof Promise) found.then(dispatch, (error) => dispatch(storageFailed(error)))
      else if (found) dispatch(found)
    } catch (error) {
      dispatch(storageFailed(error))
    }
  }

  const send = (bytes: Uint8Array): void => {
    connection.send(bytes)
    bytesSent += bytes.length
    if (connection.bufferedBytes() > limits.bufferedBytesMax) {
      dispatch({ kind: 'ended', code: 'slow_reader' })
    }
  }

  const admit = (identity: PeerIdentity): void => {
    const code = owner.admit(peer, identity)
    if (code) dispatch({ kind: 'ended', code })
    else answer(() => admitted(log, digest()))
  }

  /** Runs `read` now, or when the kernel has taken more of what was sent. */
  const whenDrained = (read: () => void): void => {
    if (session.state === 'closed') return
    if (connection.bufferedBytes() > limits.bufferedBytesHigh) delayed.push(read)
    else read()
  }

  const readDelayed = (): void => {
    if (connection.bufferedBytes() > limits.bufferedBytesHigh) return
    const reads = delayed
    delayed = []
    for (const read of reads) whenDrained(read)
  }

  const apply = async ({ changes, account }: Extract<Effect, { kind: 'apply' }>): Promise<void> => {
    let report = nothingTaken
    if (changes.length > 0) {
      try {
        report = await deps.intake.receive(changes, account)
      } catch (error) {
        return dispatch(storageFailed(error))
      }
    }
    if (report.taken > 0) owner.tookChanges(peer)
    answer(() => ({ kind: 'applied', report, vector: log.vector() }))
  }

  const questions = createQuestions({
    answering: deps.answering,
    timers,
    send: (number, topic, body) => dispatch({ kind: 'asked', number, topic, body }),
  })

  const answerQuestion = ({
    number,
    topic,
    body,
  }: Extract<Effect, { kind: 'answer_question' }>) => {
    const from = session.peer
    if (!from) return
    questions.answer({ topic, body, from }, (answer) =>
      dispatch({ kind: 'answered', number, body: answer }),
    )
  }

  const close = ({ problem, by }: Extract<Effect, { kind: 'close' }>): void => {
    for (const cancel of cancels) cancel()
    cancels.clear()
    questions.close()
    connection.close()
    owner.closed(peer, problem, by)
  }

  const tick = (): void => {
    after(limits.tickMs, () => {
      dispatch({ kind: 'ticked' })
      if (session.state !== 'closed') tick()
    })
  }

  const reconciler = createReconciler({
    ...deps,
    answer,
    whenFree: (work) => after(0, () => whenDrained(work)),
    adopted: () => owner.tookChanges(peer),
  })

  const peer: Peer = {
    role,
    session: () => session,
    isOpen: () => isOpen,
    bytesSent: () => bytesSent,
    bytesReceived: () => bytesReceived,
    notifyLogGrew: () => dispatch({ kind: 'log_grew', end: log.end() }),
    announce: () => dispatch({ kind: 'heads_rose', vector: log.vector() }),
    grantTurn: () => dispatch({ kind: 'turn_came', vector: log.vector() }),
    denyTurn: () => dispatch({ kind: 'turn_denied' }),
    gossip: (peers) => dispatch({ kind: 'gossiped', peers }),
    ask: (topic, body, deadlineMs) =>
      session.state === 'live' && (session.peer?.version ?? 1) >= 2
        ? questions.ask(topic, body, deadlineMs)
        : Promise.reject(noAnswer('unreachable', 'The peer cannot be asked now')),
    close: (code) => dispatch({ kind: 'ended', code }),
  }

  // The owner gets the peer before the first event: an accepted connection is open already.
  after(0, () => {
    connection.listen({
      opened: () => {
        isOpen = true
        dispatch({ kind: 'opened' })
      },
      received: (bytes) => {
        bytesReceived += bytes.length
        dispatch(bytes)
      },
      drained: readDelayed,
      closed: (reason) => dispatch({ kind: 'lost', reason }),
    })
  })
  tick()
  return peer
}

const nothingTaken: IntakeReport = { taken: 0, alreadyKnown: 0, problems: [] }

const storageFailed = (error: unknown): LocalEvent => ({
  kind: 'storage_failed',
  detail: error instanceof Error ? error.message : 'The log failed.',
})

const admitted = (log: ChangeLog, digest: string): LocalEvent => ({
  kind: 'admitted',
  heads: log.heads(),
  floor: vectorOf(log.floor()),
  digest,
})

const seek = (log: ChangeLog, vector: VersionVector): LocalEvent => {
  const floor = vectorOf(log.floor())
  return {
    kind: 'sought',
    position: log.positionFor(vector),
    end: log.end(),
    below: isWithin(floor, vector) ? undefined : floor,
  }
}

const readLog = (
  log: ChangeLog,
  { position, bytesMax }: { readonly position: number; readonly bytesMax: number },
): LocalEvent => ({
  kind: 'log_read',
  position,
  slice: log.read(position, bytesMax),
  end: log.end(),
  floor: vectorOf(log.floor()),
})

const measure = (log: ChangeLog, digest: string): LocalEvent => ({
  kind: 'measured',
  vector: log.vector(),
  floor: vectorOf(log.floor()),
  digest,
  end: log.end(),
})

// Of different vectors nothing can be said: what one of them lacks is still to come.
const compareDigest = (
  log: ChangeLog,
  ours: string,
  { vector, digest }: { readonly vector: VersionVector; readonly digest: string },
): LocalEvent | undefined =>
  ours !== '' && digest !== '' && equals(vector, log.vector())
    ? { kind: 'digest_compared', same: ours === digest }
    : undefined
