/**
 * A network between machines: connections that carry messages in order, late, and not always; that die
 * at both ends, or at one; and links that pass nothing in one direction or in both.
 */

import type { Connection, ConnectionListener } from '../../../sync/connection.ts'
import type { Random } from './random.ts'
import type { Timeline } from './timeline.ts'
import type { Trace } from './trace.ts'

/** A process as the network knows it. */
export interface Host {
  readonly name: string
  /** The number of its machine, for the trace. */
  readonly number: number
  isOver(): boolean
  /** Where the process stands in time: later than now, while it waits for its disk. */
  timeMs(): number
  /** Runs something in the process, as soon as it has time. */
  perform(work: () => void): void
}

export interface Network {
  /** Makes a process reachable under its name. */
  listen(host: Host, accept: (connection: Connection) => void): void
  dial(from: Host, to: string): Connection
  /** Nothing passes from `from` to `to` any more; undone as often as it was done. */
  block(from: string, to: string): void
  unblock(from: string, to: string): void
  /** Ends all connections between two machines; if only one end is told, the other must find out. */
  sever(a: string, b: string, told: 'both' | 'one'): void
  /** The process is gone: killed, and the system closes its connections; or cut from power, and nobody does. */
  gone(host: Host, how: 'closed' | 'silent'): void
  /** From now on every message arrives, soon and once. */
  heal(): void
  /** How often each thing that happens to messages has happened. */
  readonly count: (what: MessageFate) => void
}

export type MessageFate = 'lost' | 'doubled' | 'blocked' | 'resetByReboot' | 'paused' | 'buffered'

export interface NetworkConditions {
  readonly latencyMsMin: number
  readonly latencyMsMax: number
  /** Of each message: the chance that it is lost, or comes twice, within a connection that lives on. */
  readonly loss: number
  readonly duplication: number
  /** How many bytes a link passes in a millisecond; 0: as many as there are. */
  readonly bytesPerMs: number
}

interface End {
  readonly owner: Host
  readonly number: number
  far: End
  listener: ConnectionListener | undefined
  readonly inbound: Uint8Array[]
  isOpen: boolean
  isPaused: boolean
  /** When the last message of this end leaves, and when it arrives: later ones come after it. */
  leavesMs: number
  arrivesMs: number
  waitingBytes: number
}

export interface NetworkDeps {
  readonly timeline: Timeline
  readonly trace: Trace
  readonly random: Random
  readonly conditions: NetworkConditions
  readonly count: (what: MessageFate) => void
}

/** How long a call waits for an answer before it is given up. */
const answerMsMax = 8_000

export const createNetwork = (deps: NetworkDeps): Network => {
  const { timeline, trace, random, count } = deps
  let conditions = deps.conditions
  const listeners = new Map<string, { host: Host; accept: (connection: Connection) => void }>()
  const blocks = new Map<string, number>()
  const ends = new Set<End>()
  let made = 0

  const isBlocked = (from: Host, to: Host): boolean =>
    (blocks.get(`${from.name}>${to.name}`) ?? 0) > 0

  const latencyMs = (): number =>
    conditions.latencyMsMin +
    random.fraction() * (conditions.latencyMsMax - conditions.latencyMsMin)

  const deliver = (end: End): void => {
    if (end.owner.isOver()) return
    end.owner.perform(() => take(end))
  }

  const take = (end: End): void => {
    while (end.isOpen && !end.isPaused && end.listener) {
      const bytes = end.inbound.shift()
      if (!bytes) return
      trace.mix(timeline.nowMs(), end.number, bytes.length, bytes[0] ?? 0, bytes.at(-1) ?? 0)
      end.listener.received(bytes)
    }
  }

  /** Ends one end, and tells who listens there. */
  const shut = (end: End, reason: string): void => {
    if (!end.isOpen) return
    end.isOpen = false
    ends.delete(end)
    if (!end.owner.isOver()) end.owner.perform(() => end.listener?.closed(reason))
  }

  /** Tells the far end in the order of the messages, if it can be reached. */
  const hangUp = (end: End, reason: string): void => {
    const { far } = end
    if (isBlocked(end.owner, far.owner)) return
    const atMs = Math.max(end.arrivesMs, end.owner.timeMs() + latencyMs())
    timeline.at(atMs, () => shut(far, reason))
  }

  const send = (end: End, bytes: Uint8Array): void => {
    const { owner, far } = end
    if (!end.isOpen || owner.isOver()) return
    const nowMs = owner.timeMs()
    const { bytesPerMs } = conditions
    if (bytesPerMs > 0) {
      end.leavesMs = Math.max(end.leavesMs, nowMs) + bytes.length / bytesPerMs
      end.waitingBytes += bytes.length
      if (end.waitingBytes > 64 * 1024) count('buffered')
      timeline.at(end.leavesMs, () => {
        end.waitingBytes -= bytes.length
        if (end.isOpen && !owner.isOver()) owner.perform(() => end.listener?.drained())
      })
    } else end.leavesMs = nowMs
    if (isBlocked(owner, far.owner)) return count('blocked')
    if (random.chance(conditions.loss)) return count('lost')
    const copies = random.chance(conditions.duplication) ? 2 : 1
    if (copies === 2) count('doubled')
    for (let copy = 0; copy < copies; copy++) {
      end.arrivesMs = Math.max(end.arrivesMs, end.leavesMs + latencyMs())
      timeline.at(end.arrivesMs, () => arrive(end, bytes))
    }
  }

  const arrive = (from: End, bytes: Uint8Array): void => {
    const end = from.far
    if (end.owner.isOver()) {
      // The machine is up again and knows of no such connection.
      const now = listeners.get(end.owner.name)?.host
      if (now && now !== end.owner && !now.isOver()) {
        count('resetByReboot')
        shut(from, 'The other side was started anew')
      }
      return
    }
    if (!end.isOpen) return
    end.inbound.push(bytes)
    deliver(end)
  }

  const connectionOf = (end: End): Connection => ({
    listen: (listener) => {
      end.listener = listener
      if (!end.isOpen) return
      listener.opened()
      take(end)
    },
    send: (bytes) => send(end, bytes),
    bufferedBytes: () => end.waitingBytes,
    pause: () => {
      end.isPaused = true
      count('paused')
    },
    resume: () => {
      end.isPaused = false
      timeline.at(timeline.nowMs(), () => deliver(end))
    },
    close: () => {
      if (!end.isOpen) return
      end.isOpen = false
      ends.delete(end)
      hangUp(end, 'The other side closed')
    },
  })

  const newEnd = (owner: Host): End => {
    const end: Omit<End, 'far'> = {
      owner,
      number: ++made,
      listener: undefined,
      inbound: [],
      isOpen: false,
      isPaused: false,
      leavesMs: 0,
      arrivesMs: 0,
      waitingBytes: 0,
    }
    // Its far end follows at once.
    return end as End
  }

  const connect = (near: End, name: string, isGivenUp: () => boolean): void => {
    const target = listeners.get(name)
    const fail = (reason: string) => {
      if (!near.owner.isOver()) near.owner.perform(() => near.listener?.closed(reason))
    }
    if (!target || target.host.isOver()) return fail('Nobody answers')
    const far = newEnd(target.host)
    near.far = far
    far.far = near
    if (isBlocked(near.owner, target.host) || isBlocked(target.host, near.owner)) {
      return void timeline.at(timeline.nowMs() + answerMsMax, () => fail('No answer'))
    }
    if (isGivenUp() || near.owner.isOver()) return
    near.isOpen = true
    far.isOpen = true
    ends.add(near)
    ends.add(far)
    far.owner.perform(() => target.accept(connectionOf(far)))
    near.owner.perform(() => near.listener?.opened())
  }

  const change = (from: string, to: string, by: number): void => {
    const key = `${from}>${to}`
    blocks.set(key, Math.max(0, (blocks.get(key) ?? 0) + by))
  }

  return {
    count,
    listen: (host, accept) => void listeners.set(host.name, { host, accept }),
    dial: (from, to) => {
      const near = newEnd(from)
      near.far = near
      let isGivenUp = false
      timeline.at(from.timeMs() + latencyMs(), () => connect(near, to, () => isGivenUp))
      const connection = connectionOf(near)
      return {
        ...connection,
        close: () => {
          isGivenUp = true
          connection.close()
        },
      }
    },
    block: (from, to) => change(from, to, 1),
    unblock: (from, to) => change(from, to, -1),
    sever: (a, b, told) => {
      for (const end of ends) {
        const { far } = end
        const names = [end.owner.name, far.owner.name]
        if (!names.includes(a) || !names.includes(b) || a === b) continue
        // Who is not told still believes in the connection, and what it sends goes nowhere.
        if (told === 'both' || end.owner.name === a) shut(end, 'The connection was reset')
      }
    },
    gone: (host, how) => {
      for (const end of ends) {
        if (end.owner !== host) continue
        ends.delete(end)
        if (how === 'closed') hangUp(end, 'The other side is gone')
      }
    },
    heal: () => {
      blocks.clear()
      conditions = { latencyMsMin: 1, latencyMsMax: 10, loss: 0, duplication: 0, bytesPerMs: 0 }
    },
  }
}
