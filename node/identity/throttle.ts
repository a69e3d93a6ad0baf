/**
 * A throttle: so many attempts at once for each key, then one at a time, in bounded memory.
 *
 * It is a token bucket that remembers one number a key: when the bucket will be full again
 * ("generic cell rate algorithm", ITU-T I.371). A key whose bucket is full need not be remembered.
 */

export interface Throttle {
  /** Takes one attempt: 0 if it may go ahead, else how many milliseconds to wait. */
  take(key: string): number
  /** Gives an attempt back, for one that turned out to be honest. */
  giveBack(key: string): void
}

export const createThrottle = ({
  clock,
  burst,
  refillMs,
  keysMax,
}: {
  readonly clock: { now(): number }
  /** Attempts that a full bucket holds. */
  readonly burst: number
  /** The time in which one attempt comes back. */
  readonly refillMs: number
  readonly keysMax: number
}): Throttle => {
  const fullAtMs = new Map<string, number>()

  // A clock that was set back must not make anyone wait longer than an empty bucket would.
  const fullAt = (key: string, nowMs: number): number =>
    Math.min(Math.max(fullAtMs.get(key) ?? nowMs, nowMs), nowMs + burst * refillMs)

  // The key used last stands last, so that the first to be forgotten is the one not used longest.
  const remember = (key: string, untilMs: number): void => {
    fullAtMs.delete(key)
    fullAtMs.set(key, untilMs)
    if (fullAtMs.size <= keysMax) return
    for (const oldest of fullAtMs.keys()) {
      fullAtMs.delete(oldest)
      break
    }
  }

  return {
    take: (key) => {
      const nowMs = clock.now()
      const untilMs = fullAt(key, nowMs) + refillMs
      const waitMs = untilMs - nowMs - burst * refillMs
      if (waitMs > 0) return waitMs
      remember(key, untilMs)
      return 0
    },
    giveBack: (key) => {
      const nowMs = clock.now()
      const untilMs = fullAt(key, nowMs) - refillMs
      if (untilMs > nowMs) remember(key, untilMs)
      else fullAtMs.delete(key)
    },
  }
}
