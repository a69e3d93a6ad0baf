/**
 * Passing on what one peer has brought: the other peers are told at once that we have it, and get it
 * from us a little later, unless they have said by then that they have it, too.
 *
 * In a full mesh each node gets a change from where it was made, so nobody need pass it on; in a
 * sparse one, somebody must. No node knows which of the two it is in. To wait for the time that a
 * change takes to the others and a word of it back costs a sparse mesh little and saves a full one
 * most repetitions. Nothing is ever left out: what a peer has not said to have is sent.
 */

import * as limits from './limits.ts'
import type { Timers } from './surroundings.ts'

export interface Passing {
  /** A peer has brought changes, and they are durable. */
  tookChanges(): void
  close(): void
}

export interface PassingDeps {
  readonly timers: Timers
  /** Tells all peers what we have. */
  readonly announce: () => void
  /** Sends all peers what they have not said to have. */
  readonly forward: () => void
}

export const createPassing = ({ timers, announce, forward }: PassingDeps): Passing => {
  const announcing = createAlarm(timers, announce)
  const forwarding = createAlarm(timers, forward)
  return {
    tookChanges: () => {
      announcing.set({ afterMs: limits.announceAfterMs, restsMax: 0 })
      forwarding.set({ afterMs: limits.forwardAfterMs, restsMax: limits.forwardRestsMax })
    },
    close: () => {
      announcing.stop()
      forwarding.stop()
    },
  }
}

/** Does its work some time after it was set; while more comes in that time, it begins to wait anew. */
const createAlarm = (timers: Timers, work: () => void) => {
  let cancel: (() => void) | undefined
  let rests = 0
  let isSetAgain = false

  const wait = (afterMs: number, restsMax: number): void => {
    isSetAgain = false
    cancel = timers.after(afterMs, () => {
      if (isSetAgain && rests < restsMax) {
        rests++
        return wait(afterMs, restsMax)
      }
      cancel = undefined
      work()
    })
  }

  return {
    set: ({ afterMs, restsMax }: { readonly afterMs: number; readonly restsMax: number }): void => {
      isSetAgain = true
      if (cancel) return
      rests = 0
      wait(afterMs, restsMax)
    },
    stop: (): void => {
      cancel?.()
      cancel = undefined
    },
  }
}
