/**
 * Moves events from the log to one place that wants them, in order.
 *
 * Its offset outlives the process. What cannot be delivered is tried again, later each time; meanwhile the backlog is in the
 * log, and nothing else waits for it.
 */

import type { Timers } from '../../sync/surroundings.ts'
import { chanceOf, waitMs } from './back-off.ts'
import type { Scope } from './duty.ts'
import type { DomainEvent } from './event.ts'
import type { EventFile } from './event-file.ts'
import type { Feed } from './feed.ts'
import { lookEveryMs, retryMsMax, retryMsMin } from './limits.ts'

export interface Pump {
  /** To be called when the log grew. */
  wake(): void
  /** Tries at once what would be tried later: the place may be in reach again. */
  retry(): void
  state(): PumpState
  close(): Promise<void>
}

export interface PumpState {
  readonly position: number
  /** Positions of the log that are still to be read. */
  readonly backlog: number
  readonly delivered: number
  readonly missed: number
  readonly unread: number
  /** Tries in a row that failed, and why the last one did. */
  readonly failures: number
  readonly problem: string | undefined
}

/** A slice of the log on its way. */
export interface Parcel {
  readonly events: readonly DomainEvent[]
  readonly from: number
  readonly next: number
  /** Notes the offset; to be called in the transaction of the effect, if it is one of this file. */
  readonly advance: () => void
}

export interface PumpDeps {
  readonly feed: Feed
  readonly file: EventFile
  readonly timers: Timers
  readonly random: (bytes: number) => Uint8Array
  readonly soon: (work: () => void) => void
}

export interface PumpOptions {
  /** Names the offset. */
  readonly consumer: string
  readonly scope: Scope
  /** Where a consumer begins that never read: at what the log still has, or at what comes next. */
  readonly begin: 'first' | 'end'
  /**
   * Delivers a parcel, and calls its `advance`. Or answers where to read on instead, if the place is
   * not where it was thought to be.
   */
  readonly deliver: (parcel: Parcel) => Promise<number | undefined> | number | undefined
  /** Whether nobody wants anything now: then what comes is passed over without being read. */
  readonly isIdle?: () => boolean
  /** Asked when there is nothing to deliver, now and then: where to read on, if not here. */
  readonly look?: () => Promise<number | undefined>
}

export const createPump = (deps: PumpDeps, options: PumpOptions): Pump => {
  const { feed, file, timers, soon } = deps
  const { consumer, scope, deliver, look } = options
  const begin = (): number => (options.begin === 'first' ? feed.first() : feed.end())
  let position = file.offsetOf(consumer) ?? begin()
  // What was gone before it began, and what it reads again, it does not miss.
  let readUpTo = file.offsetOf(consumer) ?? feed.end()
  if (file.offsetOf(consumer) === undefined) file.advance(consumer, position, 0)
  let delivered = 0
  let unread = 0
  let failures = 0
  let problem: string | undefined
  let isClosed = false
  let isAwake = false
  let isTimeToLook = true
  let running: Promise<void> | undefined
  let cancel = (): void => undefined

  const goBackTo = (where: number): void => {
    position = Math.max(Math.min(where, feed.end()), 0)
    file.advance(consumer, position, 0)
  }

  /** One slice; whether there may be more. */
  const step = async (): Promise<boolean> => {
    const from = position
    if (options.isIdle?.() === true) {
      // Not noted: after a restart it is passed over again.
      position = feed.end()
      readUpTo = Math.max(readUpTo, position)
      return false
    }
    const slice = feed.read(from, scope, readUpTo)
    if (slice.next === from) return false
    const advance = (): void => file.advance(consumer, slice.next, slice.missed)
    if (slice.events.length === 0) advance()
    else {
      const elsewhere = await deliver({ events: slice.events, from, next: slice.next, advance })
      if (elsewhere !== undefined) {
        goBackTo(elsewhere)
        return true
      }
    }
    position = slice.next
    readUpTo = Math.max(readUpTo, position)
    delivered += slice.events.length
    unread += slice.unread
    return true
  }

  const lookRound = async (): Promise<boolean> => {
    if (!isTimeToLook) return false
    isTimeToLook = false
    const elsewhere = await look?.()
    if (elsewhere === undefined) return false
    goBackTo(elsewhere)
    return true
  }

  const run = async (): Promise<void> => {
    let turns = 0
    try {
      for (;;) {
        if (isClosed) return
        isAwake = false
        const isMore = await step()
        failures = 0
        problem = undefined
        if (!isMore && !isAwake && !(await lookRound())) break
        // A turn for others: reading on is never more urgent than a shopper.
        if (++turns % 4 === 0) await new Promise<void>((resolve) => soon(resolve))
      }
      runIn(lookEveryMs)
    } catch (error) {
      failures++
      problem = error instanceof Error ? error.message : String(error)
      runIn(waitMs(failures, { min: retryMsMin, max: retryMsMax }, chanceOf(deps.random)))
    }
  }

  const start = (): void => {
    cancel()
    running ??= run().finally(() => {
      running = undefined
      if (isAwake && failures === 0 && !isClosed) start()
    })
  }
  const runIn = (ms: number): void => {
    if (isClosed) return
    cancel()
    cancel = timers.after(ms, () => {
      isTimeToLook = true
      start()
    })
  }
  runIn(0)

  return {
    wake: () => {
      isAwake = true
      // While it fails, the wait that it is in is not cut short by every new change.
      if (!isClosed && running === undefined && failures === 0) start()
    },
    retry: () => {
      if (!isClosed && running === undefined && failures > 0) start()
    },
    state: () => ({
      position,
      backlog: Math.max(feed.end() - position, 0),
      delivered,
      missed: file.missedOf(consumer),
      unread,
      failures,
      problem,
    }),
    close: async () => {
      isClosed = true
      cancel()
      await running
    },
  }
}
