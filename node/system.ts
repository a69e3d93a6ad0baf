/** The real world, for the parts that take it as arguments: time, timers, chance. */

import { randomBytes } from 'node:crypto'
import type { Clock, Timers } from '../sync/surroundings.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

export const systemTimers: Timers = {
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => {
      clearTimeout(timer)
    }
  },
}

/** Timers that do not keep the process alive. */
export const backgroundTimers: Timers = {
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms).unref()
    return () => {
      clearTimeout(timer)
    }
  },
}

export const systemRandom = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes))

export const soon = (work: () => void): void => {
  setImmediate(work)
}
