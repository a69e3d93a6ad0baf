/** When to try again what did not work: after a second, then twice as long each time, up to a minute. */

import type { Clock } from '../../sync/surroundings.ts'
import { againMsMax, againMsMin } from './limits.ts'

export interface Later {
  isTooSoon(key: string): boolean
  /** Notes a try: the next one is put off. */
  tried(key: string): void
  /** Something changed: the next try may be at once. */
  forget(key: string): void
  /** Forgets what has not been tried for long. */
  sweep(): void
}

export const createLater = (clock: Pick<Clock, 'monotonic'>): Later => {
  const tries = new Map<string, { readonly atMs: number; readonly pauseMs: number }>()
  return {
    isTooSoon: (key) => {
      const last = tries.get(key)
      return last !== undefined && clock.monotonic() < last.atMs + last.pauseMs
    },
    tried: (key) => {
      const before = tries.get(key)?.pauseMs
      const pauseMs = before === undefined ? againMsMin : Math.min(before * 2, againMsMax)
      tries.set(key, { atMs: clock.monotonic(), pauseMs })
    },
    forget: (key) => void tries.delete(key),
    sweep: () => {
      const beforeMs = clock.monotonic() - 2 * againMsMax
      for (const [key, { atMs }] of tries) if (atMs < beforeMs) tries.delete(key)
    },
  }
}
