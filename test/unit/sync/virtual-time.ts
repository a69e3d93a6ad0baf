/** Time that passes only when a test says so, for code that takes its clock and timers. */

import type { Clock, Timers } from '../../../sync/surroundings.ts'

export interface VirtualTime {
  readonly clock: Clock
  readonly timers: Timers
  /** Lets `ms` pass, with all that happens on the way. */
  advance(ms: number): Promise<void>
  /** Lets time pass until `condition` holds; says whether it did within `msMax`. */
  advanceUntil(condition: () => boolean, msMax: number): Promise<boolean>
}

/** The wall clock's time at the start: some day in 2026. */
export const startWallMs = 1_780_000_000_000

export const createVirtualTime = (): VirtualTime => {
  let nowMs = 0
  let order = 0
  const due = new Map<number, { readonly ms: number; readonly callback: () => void }>()

  const earliest = (): number | undefined => {
    let first: number | undefined
    for (const [id, { ms }] of due) {
      // Ids rise, so of equal times the first asked for comes first.
      if (first === undefined || ms < (due.get(first)?.ms ?? 0)) first = id
    }
    return first
  }

  const runNext = async (limitMs: number): Promise<boolean> => {
    const id = earliest()
    const next = id === undefined ? undefined : due.get(id)
    if (id === undefined || !next || next.ms > limitMs) return false
    due.delete(id)
    nowMs = Math.max(nowMs, next.ms)
    next.callback()
    // Promises that were kept by now are heard before time goes on.
    for (let turn = 0; turn < 6; turn++) await Promise.resolve()
    return true
  }

  return {
    clock: { now: () => startWallMs + nowMs, monotonic: () => nowMs },
    timers: {
      after: (ms, callback) => {
        const id = order++
        due.set(id, { ms: nowMs + ms, callback })
        return () => void due.delete(id)
      },
    },
    advance: async (ms) => {
      const limitMs = nowMs + ms
      while (await runNext(limitMs));
      nowMs = limitMs
    },
    advanceUntil: async (condition, msMax) => {
      const limitMs = nowMs + msMax
      while (!condition()) {
        if (!(await runNext(limitMs))) return condition()
      }
      return true
    },
  }
}
