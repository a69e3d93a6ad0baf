/**
 * The addresses that a mesh dials: when, how often, and whose they turned out to be.
 *
 * An address is known by configuration or by hearsay. It has a name once a node has answered there
 * and proved itself. While that node is connected, however it came, its addresses rest.
 */

import * as limits from './limits.ts'
import type { Peer } from './peer.ts'
import { backOffMs } from './redial.ts'
import { isRefusalCode, refusals, type Problem, type RefusalCode } from './refusal.ts'
import type { Random, Timers } from './surroundings.ts'

export interface Dialler {
  /** Takes note of an address and dials it unless it may rest. Hearsay past the limit is dropped. */
  learn(address: string, origin: { readonly configured: boolean; readonly name?: string }): void
  /** The node that answered our call has proved its name. */
  named(peer: Peer, name: string): void
  /** A call is over. */
  ended(peer: Peer, problem: Problem, livedMs: number): void
  /** The session with this node is over: its addresses need rest no longer. */
  released(name: string): void
  /** Dials the node at once, whatever the back-off. */
  dialNow(name: string): void
  /** Ends all calls that were made to this node, and dials it no more until told to. */
  hangUp(name: string, code: RefusalCode): void
  lines(): readonly Line[]
  close(): void
}

/** One address and how it goes with it. */
export interface Line {
  readonly address: string
  readonly name: string | undefined
  readonly peer: Peer | undefined
  /** Why the last call ended. */
  readonly problem: Problem | undefined
}

export interface DiallerDeps {
  readonly timers: Timers
  readonly random: Random
  /** Begins a session over a new connection to `address`. */
  readonly call: (address: string) => Peer
  /** Whether this node need not be dialled: it is connected, or its link is cut. */
  readonly mayRest: (name: string) => boolean
}

interface Slot {
  readonly address: string
  readonly configured: boolean
  name: string | undefined
  peer: Peer | undefined
  problem: Problem | undefined
  attempts: number
  cancelTimer: (() => void) | undefined
  /** It leads back to ourselves and is not dialled again. */
  isOurs: boolean
}

export const createDialler = ({ timers, random, call, mayRest }: DiallerDeps): Dialler => {
  const slotsByAddress = new Map<string, Slot>()
  let isClosed = false

  const slots = (): Slot[] => [...slotsByAddress.values()]
  const slotsOf = (name: string): Slot[] => slots().filter((slot) => slot.name === name)
  const slotOf = (peer: Peer): Slot | undefined => slots().find((slot) => slot.peer === peer)

  /** The addresses worth dialling for a node: the operator's, if there are any. */
  const dialledOf = (name: string): Slot[] => {
    const all = slotsOf(name)
    const configured = all.filter((slot) => slot.configured)
    return configured.length > 0 ? configured : all
  }

  const stopWaiting = (slot: Slot): void => {
    slot.cancelTimer?.()
    slot.cancelTimer = undefined
  }

  const dialSoon = (slot: Slot, ms: number): void => {
    stopWaiting(slot)
    if (isClosed || slot.isOurs || slot.peer) return
    slot.cancelTimer = timers.after(ms, () => {
      slot.cancelTimer = undefined
      if (slot.name !== undefined && mayRest(slot.name)) return
      slot.peer = call(slot.address)
    })
  }

  const backOff = (slot: Slot, code: RefusalCode): void => {
    dialSoon(slot, backOffMs(random, { attempts: slot.attempts, code }))
  }

  return {
    learn: (address, { configured, name }) => {
      const known = slotsByAddress.get(address)
      if (known) {
        known.name ??= name
        return
      }
      const isEnough = name !== undefined && slotsOf(name).some((slot) => slot.configured)
      if (!configured && (isEnough || slotsByAddress.size >= limits.addressesMax)) return
      const slot: Slot = {
        address,
        configured,
        name,
        peer: undefined,
        problem: undefined,
        attempts: 0,
        cancelTimer: undefined,
        isOurs: false,
      }
      slotsByAddress.set(address, slot)
      dialSoon(slot, 0)
    },
    named: (peer, name) => {
      const slot = slotOf(peer)
      if (slot) slot.name = name
    },
    ended: (peer, problem, livedMs) => {
      const slot = slotOf(peer)
      if (!slot) return
      slot.peer = undefined
      slot.problem = problem
      slot.attempts = livedMs >= limits.stableMsMin ? 0 : slot.attempts + 1
      const code = isRefusalCode(problem.code) ? problem.code : 'connection_lost'
      if (refusals[code].redial === 'never') slot.isOurs = true
      else if (!slot.configured && slot.attempts >= limits.hearsayDialsMax) {
        slotsByAddress.delete(slot.address)
      } else backOff(slot, code)
    },
    released: (name) => {
      for (const slot of dialledOf(name)) {
        if (!slot.peer && !slot.cancelTimer) backOff(slot, 'connection_lost')
      }
    },
    dialNow: (name) => {
      for (const slot of dialledOf(name)) {
        slot.attempts = 0
        dialSoon(slot, 0)
      }
    },
    hangUp: (name, code) => {
      for (const slot of slotsOf(name)) {
        slot.peer?.close(code)
        stopWaiting(slot)
      }
    },
    lines: () => slots().filter(({ isOurs }) => !isOurs),
    close: () => {
      isClosed = true
      for (const slot of slots()) {
        stopWaiting(slot)
        slot.peer?.close('shutting_down')
      }
    },
  }
}
