/**
 * How fast each stock sells here, by the recent past: every unit taken counts, half as much after each
 * half-life. It is a guess for sharing rights, and is forgotten when the process ends.
 */

import { demandHalfLifeMs, demandTrackedMax } from './limits.ts'
import type { StockId } from './location-id.ts'

export interface Demand {
  note(id: StockId, units: number, nowMs: number): void
  /** Units in a minute; 0 for a stock that nobody asks for. */
  perMinute(id: StockId, nowMs: number): number
  /** The stocks that somebody asked for lately. */
  ids(): Iterable<StockId>
}

interface Meter {
  readonly units: number
  readonly atMs: number
}

export const createDemand = (): Demand => {
  // A map keeps the order of insertion; what is noted again moves to the end, and the front is dropped.
  const meters = new Map<StockId, Meter>()
  const faded = ({ units, atMs }: Meter, nowMs: number): number =>
    units * 2 ** (-Math.max(nowMs - atMs, 0) / demandHalfLifeMs)

  return {
    note: (id, units, nowMs) => {
      const before = meters.get(id)
      meters.delete(id)
      meters.set(id, { units: (before ? faded(before, nowMs) : 0) + units, atMs: nowMs })
      const oldest = meters.size > demandTrackedMax ? meters.keys().next().value : undefined
      if (oldest !== undefined) meters.delete(oldest)
    },
    perMinute: (id, nowMs) => {
      const meter = meters.get(id)
      // A steady stream of r units a millisecond settles at r times the mean life of a unit's weight.
      return meter ? (faded(meter, nowMs) / (demandHalfLifeMs / Math.LN2)) * 60_000 : 0
    },
    ids: () => meters.keys(),
  }
}
