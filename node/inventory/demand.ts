/**
 * How fast each stock sells here, by the recent past: every unit taken counts, half as much after each
 * half-life. It is a guess for sharing rights, and is forgotten when the process ends.
 */

import {
  demandBusyPerMinute,
  demandForgottenPerMinute,
  demandHalfLifeMs,
  demandTrackedMax,
} from './limits.ts'
import type { StockId } from './location-id.ts'

export interface Demand {
  note(id: StockId, units: number, nowMs: number): void
  /** Units in a minute; 0 for a stock that nobody asks for. */
  perMinute(id: StockId, nowMs: number): number
  /** The stocks that are asked for at least once in some minutes. */
  busy(nowMs: number): readonly StockId[]
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

  // A steady stream of r units a millisecond settles at r times the mean life of a unit's weight.
  const perMinuteOf = (meter: Meter, nowMs: number): number =>
    (faded(meter, nowMs) / (demandHalfLifeMs / Math.LN2)) * 60_000

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
      return meter ? perMinuteOf(meter, nowMs) : 0
    },
    busy: (nowMs) => {
      const busy: StockId[] = []
      for (const [id, meter] of meters) {
        const perMinute = perMinuteOf(meter, nowMs)
        if (perMinute >= demandBusyPerMinute) busy.push(id)
        else if (perMinute < demandForgottenPerMinute) meters.delete(id)
      }
      return busy
    },
  }
}
