import { expect, test } from 'vitest'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import { createDemand } from '../../../../node/inventory/demand.ts'
import { demandHalfLifeMs, demandTrackedMax } from '../../../../node/inventory/limits.ts'
import { mainLocation, stockIdOf, type StockId } from '../../../../node/inventory/location-id.ts'

const lamp = stockIdOf(variantIdOf(productIdOf('LAMP'), 'LAMP'), mainLocation)

test('a steady demand is known within some minutes, and forgotten when it ends', () => {
  const demand = createDemand()
  expect(demand.perMinute(lamp, 0)).toBe(0)
  let nowMs = 0
  for (; nowMs < 10 * demandHalfLifeMs; nowMs += 2_000) demand.note(lamp, 1, nowMs)
  expect(demand.perMinute(lamp, nowMs)).toBeCloseTo(30, 0)
  expect(demand.busy(nowMs)).toEqual([lamp])
  expect(demand.perMinute(lamp, nowMs + demandHalfLifeMs)).toBeCloseTo(15, 0)
  expect(demand.busy(nowMs + 20 * demandHalfLifeMs)).toEqual([])
  expect(demand.perMinute(lamp, nowMs)).toBe(0)
})

test('a clock that runs backwards makes no demand', () => {
  const demand = createDemand()
  demand.note(lamp, 1, 1_000_000)
  expect(demand.perMinute(lamp, 0)).toBe(demand.perMinute(lamp, 1_000_000))
})

test('no more stocks are remembered than there is room for, the latest', () => {
  const demand = createDemand()
  for (let at = 0; at <= demandTrackedMax; at++) demand.note(`s${at}` as StockId, 1, 0)
  expect(demand.busy(0)).toHaveLength(demandTrackedMax)
  expect(demand.perMinute('s0' as StockId, 0)).toBe(0)
})
