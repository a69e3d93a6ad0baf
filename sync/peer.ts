/**
 * The shell of one session: it owns the connection, performs the session's effects and brings the answers.
 *
 * Events are taken one after the other, also those that an effect answers at once, so a step never
 * runs inside another.
 */

import { counterOf, isWithin, type VersionVector } from '../crdt/version-vector.ts'
import type { Dot } from '../crdt/dot.ts'
import type { ProofKeys, Role } from './auth.ts'
import type { ChainHeads } from './change.ts'
import type { ChangeIntake, ChangeLog, IntakeReport } from './change-log.ts'
import type { Connection } from './connection.ts'
import type { Effect, LocalEvent, PeerIdentity } from './event.ts'
import * as frames from './frame.ts'
import type { PeerAddress } from './frame.ts'
import * as limits from './limits.ts'
import type { Problem, RefusalCode } from './refusal.ts'
import * as sessions from './session.ts'
import { begin, type Session, type State } from './session-state.ts'
import type { Clock, Random, Timers } from './surroundings.ts'

export interface Peer {
  readonly role: Role
  session(): Session
  /** Whether the connection has opened. */
  isOpen(): boolean
  bytesSent(): number
  bytesReceived(): number
  /** Tells it that the log has more; cheap if the session has seen it already. */
  notifyLogGrew(): void
  gossip(peers: readonly PeerAddress[]): void
  /** Ends the session and says why to the peer. */
  close(code: RefusalCode): void
}

/** What all peers of a node share. */
export interface PeerDeps {
  readonly name: string
  readonly replica: Dot['replica']
  readonly advertised: readonly string[]
  readonly schemas: ReadonlyMap<string, number>
  readonly keys: ProofKeys
  readonly log: ChangeLog
  readonly intake: ChangeIntake
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
}

/** What the mesh decides and is told. Nothing is called before `createPeer` has returned. */
export interface PeerOwner {
  /** Why this peer may not stay, or undefined if it may. */
  admit(peer: Peer, identity: PeerIdentity): RefusalCode | undefined
  stateChanged(peer: Peer, state: State): void
  /** Changes from this peer were made durable: others may want them. */
  tookChanges(peer: Peer): void
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
      replica: deps.replica,
      addresses: deps.advertised,
      nonce: deps.random(frames.nonceBytes),
      keys: deps.keys,
      schemas: deps.schemas,
    },
    clock.monotonic(),
  )
  let isOpen = false
  let bytesSent = 0
  let bytesReceived = 0
  /** Events that came while another was being taken. */
  const waiting: (LocalEvent | Uint8Array)[] = []
  let isTaking = false
  /** A read of the log that waits for the socket to drain or for its turn. */
  let delayedRead: ReadEffect | undefined
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
    session = step.session
    for (const effect of step.effects) {
      const cause = event instanceof Uint8Array ? undefined : event.kind
      if (effect.kind === 'read_log' && cause === 'log_read') delayRead(effect)
      else perform(effect)
    }
    if (session.state !== before && session.state !== 'closed') {
      owner.stateChanged(peer, session.state)
    }
  }

  const perform = (effect: Effect): void => {
    switch (effect.kind) {
      case 'send':
        return send(frames.encode(effect.frame))
      case 'admit':
        return admit(effect.peer)
      case 'compare_heads':
        return answer(() => compareHeads(log, effect.heads))
      case 'seek':
        return answer(() => ({
          kind: 'sought',
          position: log.positionFor(effect.vector),
          end: log.end(),
        }))
      case 'read_log':
        return readLog(effect)
      case 'apply':
        // A fault of the log becomes an event; anything else is a bug and may end the process.
        return void apply(effect.changes)
      case 'measure':
        return answer(() => measure(log))
      case 'compare_digest':
        return answer(() => compareDigest(log, effect))
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

  /** Dispatches what `ask` finds in the log, or that it failed. */
  const answer = (ask: () => LocalEvent | undefined): void => {
    let event: LocalEvent | undefined
    try {
      event = ask()
    } catch (error) {
      event = storageFailed(error)
    }
    if (event) dispatch(event)
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
    else answer(() => ({ kind: 'admitted', heads: log.heads(), digest: log.digest() }))
  }

  // One read a turn of the event loop: a peer that is far behind must not hold up the shop.
  const delayRead = (effect: ReadEffect): void => {
    after(0, () => readLog(effect))
  }

  const readLog = (effect: ReadEffect): void => {
    if (session.state === 'closed') return
    if (connection.bufferedBytes() > limits.bufferedBytesHigh) {
      delayedRead = effect
      return
    }
    const { position, bytesMax } = effect
    answer(() => ({
      kind: 'log_read',
      position,
      slice: log.read(position, bytesMax),
      end: log.end(),
    }))
  }

  const readDelayed = (): void => {
    const effect = delayedRead
    if (!effect || connection.bufferedBytes() > limits.bufferedBytesHigh) return
    delayedRead = undefined
    readLog(effect)
  }

  const apply = async (changes: readonly Uint8Array[]): Promise<void> => {
    let report = nothingTaken
    if (changes.length > 0) {
      try {
        report = await deps.intake.receive(changes)
      } catch (error) {
        return dispatch(storageFailed(error))
      }
    }
    if (report.taken > 0) owner.tookChanges(peer)
    answer(() => ({ kind: 'applied', report, vector: log.vector() }))
  }

  const close = ({ problem, by }: Extract<Effect, { kind: 'close' }>): void => {
    for (const cancel of cancels) cancel()
    cancels.clear()
    connection.close()
    owner.closed(peer, problem, by)
  }

  const tick = (): void => {
    after(limits.tickMs, () => {
      dispatch({ kind: 'ticked' })
      if (session.state !== 'closed') tick()
    })
  }

  const peer: Peer = {
    role,
    session: () => session,
    isOpen: () => isOpen,
    bytesSent: () => bytesSent,
    bytesReceived: () => bytesReceived,
    notifyLogGrew: () => dispatch({ kind: 'log_grew', end: log.end() }),
    gossip: (peers) => dispatch({ kind: 'gossiped', peers }),
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

type ReadEffect = Extract<Effect, { kind: 'read_log' }>

const storageFailed = (error: unknown): LocalEvent => ({
  kind: 'storage_failed',
  detail: error instanceof Error ? error.message : 'The log failed.',
})

const measure = (log: ChangeLog): LocalEvent => ({
  kind: 'measured',
  vector: log.vector(),
  digest: log.digest(),
  end: log.end(),
})

// A head beyond ours cannot be compared here; our own head is behind it, and the peer compares that.
const compareHeads = (log: ChangeLog, heads: ChainHeads): LocalEvent => {
  const vector = log.vector()
  const forks: Dot[] = []
  for (const [replica, { counter, hash }] of heads) {
    if (counter > counterOf(vector, replica)) continue
    const ours = log.hashAt({ replica, counter })
    if (ours && !isSame(ours, hash)) forks.push({ replica, counter })
  }
  return { kind: 'heads_compared', forks, vector }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])

// Of different vectors nothing can be said: what one of them lacks is still to come.
const compareDigest = (
  log: ChangeLog,
  { vector, digest }: { readonly vector: VersionVector; readonly digest: string },
): LocalEvent | undefined =>
  isWithin(vector, log.vector()) && isWithin(log.vector(), vector)
    ? { kind: 'digest_compared', same: log.digest() === digest }
    : undefined
