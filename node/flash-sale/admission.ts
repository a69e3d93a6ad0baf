/**
 * The queue before a sale: first come, first served, so many at once. Who is not served within a moment
 * is given a place and asks again; what became of an attempt is remembered for a while.
 */

import type { Clock, Timers } from '../../sync/surroundings.ts'
import { Fault } from '../fault.ts'
import { answerWithinMs, inFlightMax, queueMax, ticketMs, ticketsMax } from './limits.ts'

export interface Admission<T> {
  /** Queues `work` under a name; resolves with its result, or with its place if that takes longer. */
  enter(name: string, work: () => Promise<T>): Promise<Ticket<T>>
  /** What became of an attempt; undefined if nothing is known of it. */
  look(name: string): Ticket<T> | undefined
  waiting(): number
}

export type Ticket<T> =
  | { readonly state: 'done'; readonly result: T }
  | { readonly state: 'failed'; readonly error: unknown }
  /** How many are before it, and when it is worth asking again. */
  | { readonly state: 'queued'; readonly position: number; readonly pollAfterMs: number }

interface Entry<T> {
  readonly name: string
  readonly work: () => Promise<T>
  /** Its number in the order of coming. */
  readonly number: number
  readonly settled: Promise<Ticket<T>>
  readonly settle: (ticket: Ticket<T>) => void
  ticket: Ticket<T> | undefined
  endedMs: number
}

export const createAdmission = <T>(deps: {
  readonly clock: Clock
  readonly timers: Timers
}): Admission<T> => {
  const { clock, timers } = deps
  // By name, in the order of coming: what is forgotten first stands first.
  const entries = new Map<string, Entry<T>>()
  let queue: Entry<T>[] = []
  let begun = 0
  let inFlight = 0
  let came = 0
  // How long one takes, as the flow of the last ones tells: for who asks when to come back.
  let msPerEntry = 1

  const pump = () => {
    const room = Math.min(inFlightMax - inFlight, queue.length - begun)
    for (const entry of queue.slice(begun, begun + room)) void run(entry)
    begun += Math.max(room, 0)
    // What was served is let go in large pieces.
    if (begun > 1_024) {
      queue = queue.slice(begun)
      begun = 0
    }
  }

  const run = async (entry: Entry<T>) => {
    inFlight++
    const startMs = clock.monotonic()
    const ticket = await entry.work().then(
      (result): Ticket<T> => ({ state: 'done', result }),
      (error: unknown): Ticket<T> => ({ state: 'failed', error }),
    )
    inFlight--
    const ms = (clock.monotonic() - startMs) / Math.max(inFlight + 1, 1)
    msPerEntry = msPerEntry * 0.95 + ms * 0.05
    entry.ticket = ticket
    entry.endedMs = clock.monotonic()
    entry.settle(ticket)
    pump()
  }

  const placeOf = (entry: Entry<T>): Ticket<T> => {
    const first = queue[begun]
    const position = first ? Math.max(entry.number - first.number + 1, 0) : 0
    const pollAfterMs = Math.min(Math.max(Math.round(position * msPerEntry), 100), 10_000)
    return entry.ticket ?? { state: 'queued', position, pollAfterMs }
  }

  const forget = () => {
    const nowMs = clock.monotonic()
    for (const [name, entry] of entries) {
      const isOld = entry.ticket !== undefined && nowMs - entry.endedMs > ticketMs
      if (!isOld && entries.size <= ticketsMax) return
      if (entry.ticket === undefined) return
      entries.delete(name)
    }
  }

  const patiently = async (entry: Entry<T>): Promise<Ticket<T>> => {
    const { promise: late, resolve } = Promise.withResolvers<Ticket<T>>()
    const cancel = timers.after(answerWithinMs, () => resolve(placeOf(entry)))
    const ticket = await Promise.race([entry.settled, late])
    cancel()
    return ticket
  }

  return {
    enter: (name, work) => {
      const known = entries.get(name)
      if (known) return patiently(known)
      if (queue.length - begun >= queueMax) {
        throw new Fault('overloaded', 'More people wait than this node can serve; come back soon')
      }
      forget()
      const { promise, resolve } = Promise.withResolvers<Ticket<T>>()
      const entry: Entry<T> = {
        name,
        work,
        number: ++came,
        settled: promise,
        settle: resolve,
        ticket: undefined,
        endedMs: 0,
      }
      entries.set(name, entry)
      queue.push(entry)
      pump()
      return patiently(entry)
    },
    look: (name) => {
      const entry = entries.get(name)
      return entry && placeOf(entry)
    },
    waiting: () => queue.length - begun,
  }
}
