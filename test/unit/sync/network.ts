/** A network in memory: connections with latency that lose, repeat and withhold messages when told to. */

import type { Connection, ConnectionListener } from '../../../sync/connection.ts'
import type { Timers } from '../../../sync/surroundings.ts'
import * as frames from '../../../sync/frame.ts'

export interface Network {
  /** Makes a node reachable. */
  listen(node: string, accept: (connection: Connection) => void): void
  dial(from: string, to: string): Connection
  /** Messages from `from` to `to` vanish until they are let through again. */
  block(from: string, to: string): void
  unblock(from: string, to: string): void
  /** Ends all connections between two nodes. */
  sever(a: string, b: string): void
  /** What becomes of each message that carries changes, or belongs to a pull. */
  setFate(fate: (kind: frames.Frame['kind']) => Fate): void
  /** Every frame that was delivered, in order. */
  readonly delivered: readonly Delivery[]
  openCount(): number
}

export type Fate = 'arrives' | 'lost' | 'twice' | 'late'

export interface Delivery {
  readonly from: string
  readonly to: string
  readonly frame: frames.Frame
}

interface End {
  readonly owner: string
  readonly inbound: Uint8Array[]
  listener: ConnectionListener | undefined
  isPaused: boolean
  isOpen: boolean
}

const latencyMs = 5
const lateMs = 40

/** The numbers of frames that may meet a fate: `changes`, and from `behind` on. */
const changesFrame = 4
const firstOfPulls = 12

export const createNetwork = (timers: Timers): Network => {
  const acceptors = new Map<string, (connection: Connection) => void>()
  const blocked = new Set<string>()
  const pairs = new Set<readonly [End, End]>()
  const delivered: Delivery[] = []
  let fate: (kind: frames.Frame['kind']) => Fate = () => 'arrives'

  const flush = (end: End, from: string): void => {
    while (end.isOpen && !end.isPaused && end.listener) {
      const bytes = end.inbound.shift()
      if (!bytes) return
      delivered.push({ from, to: end.owner, frame: frames.decode(bytes) })
      end.listener.received(bytes)
    }
  }

  const shut = (end: End, reason: string): void => {
    if (!end.isOpen) return
    end.isOpen = false
    end.listener?.closed(reason)
  }

  const connectionOf = (near: End, far: End, pair: readonly [End, End]): Connection => ({
    listen: (listener) => {
      near.listener = listener
      if (near.isOpen) listener.opened()
      flush(near, far.owner)
    },
    send: (bytes) => {
      if (!near.isOpen || blocked.has(`${near.owner}>${far.owner}`)) return
      const isFated = bytes[0] === changesFrame || (bytes[0] ?? 0) >= firstOfPulls
      const outcome = isFated ? fate(frames.decode(bytes).kind) : 'arrives'
      const copies = outcome === 'lost' ? 0 : outcome === 'twice' ? 2 : 1
      for (let copy = 0; copy < copies; copy++) {
        timers.after(outcome === 'late' ? lateMs : latencyMs, () => {
          if (!far.isOpen) return
          far.inbound.push(bytes)
          flush(far, near.owner)
        })
      }
    },
    bufferedBytes: () => 0,
    pause: () => {
      near.isPaused = true
    },
    resume: () => {
      near.isPaused = false
      timers.after(0, () => flush(near, far.owner))
    },
    close: () => {
      near.isOpen = false
      pairs.delete(pair)
      if (blocked.has(`${near.owner}>${far.owner}`)) return
      timers.after(latencyMs, () => shut(far, 'The other side closed'))
    },
  })

  const newEnd = (owner: string): End => ({
    owner,
    inbound: [],
    listener: undefined,
    isPaused: false,
    isOpen: false,
  })

  return {
    delivered,
    listen: (node, accept) => void acceptors.set(node, accept),
    dial: (from, to) => {
      const pair = [newEnd(from), newEnd(to)] as const
      const [near, far] = pair
      timers.after(latencyMs, () => {
        const accept = acceptors.get(to)
        const isBlocked = blocked.has(`${from}>${to}`) || blocked.has(`${to}>${from}`)
        if (!accept || isBlocked) {
          near.listener?.closed('Nobody answers')
          return
        }
        pairs.add(pair)
        near.isOpen = true
        far.isOpen = true
        accept(connectionOf(far, near, pair))
        near.listener?.opened()
      })
      return connectionOf(near, far, pair)
    },
    block: (from, to) => void blocked.add(`${from}>${to}`),
    unblock: (from, to) => void blocked.delete(`${from}>${to}`),
    sever: (a, b) => {
      for (const pair of pairs) {
        const owners = pair.map(({ owner }) => owner)
        if (!owners.includes(a) || !owners.includes(b)) continue
        pairs.delete(pair)
        for (const end of pair) shut(end, 'The line was cut')
      }
    },
    setFate: (next) => {
      fate = next
    },
    openCount: () => pairs.size,
  }
}
