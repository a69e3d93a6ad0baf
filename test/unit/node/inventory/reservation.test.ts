import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as escrowCounter from '../../../../crdt/escrow-counter.ts'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import { mainLocation, type LocationId } from '../../../../node/inventory/location-id.ts'
import type { HeldUnits } from '../../../../node/inventory/reservation.ts'
import { putLocation } from '../../../../node/inventory/location.ts'
import { available, inStock, isCounted, stockAt } from '../../../../node/inventory/stock.ts'
import {
  adjustStock,
  countStock,
  receiveStock,
  setMode,
  setThreshold,
  transferStock,
} from '../../../../node/inventory/stock-rules.ts'
import { viewStock } from '../../../../node/inventory/view.ts'
import {
  createClock,
  createRegion,
  meet,
  productInput,
  send,
  type Region,
} from '../catalog/region.ts'
import { holdUnits, releaseHeld, returnUnits, sellHeld } from './acts.ts'

const lamp = variantIdOf(productIdOf('LAMP'), 'LAMP')
const stockOf = ({ core }: Region, location = mainLocation) => stockAt(core, lamp, location)
const untilMs = (region: Region, ms = 60_000) => region.clock.ms + ms

const openShop = (initialQuantity?: number, clock = createClock()): Region => {
  const region = createRegion(clock)
  region.create(productInput({ initialQuantity }))
  return region
}

const hold = (region: Region, checkout: string, units: number, ms?: number) =>
  region.run(holdUnits, { checkout, variant: lamp, units, untilMs: untilMs(region, ms) })

const heldBy = (answer: ReturnType<typeof hold>): readonly HeldUnits[] => {
  if ('refused' in answer) throw new Error(answer.refused)
  return answer.held
}

const world = ({ core, clock }: Region) => ({
  ...core,
  replica: core.replica(),
  lineage: core.lineage(),
  time: { wallMs: clock.ms, logical: 0, replica: core.replica() },
})

describe('units that are set aside', () => {
  test('are there for their checkout and for no other', () => {
    const alice = openShop(3)
    const held = heldBy(hold(alice, 'c1', 2))
    expect(hold(alice, 'c2', 2)).toEqual({ refused: 'insufficient_stock' })
    expect(viewStock(world(alice), lamp)).toMatchObject({ available: 1, here: 1, elsewhere: 0 })
    expect(alice.run(sellHeld, { checkout: 'c1', held })).toEqual({ held })
    expect(available(stockOf(alice))).toBe(1)
    expect(stockOf(alice).store.holds.size).toBe(0)
  })

  test('are free again when they are given back, and when their time is over', () => {
    const alice = openShop(3)
    const held = heldBy(hold(alice, 'c1', 3))
    alice.run(releaseHeld, { checkout: 'c1', held })
    heldBy(hold(alice, 'c2', 3, 1_000))
    alice.clock.ms += 1_001
    expect(heldBy(hold(alice, 'c3', 3))).toMatchObject([{ units: 3 }])
  })

  test('are sold late if nobody else has taken them, and refused if somebody has', () => {
    const alice = openShop(3)
    const first = heldBy(hold(alice, 'c1', 2, 1_000))
    alice.clock.ms += 2_000
    const second = heldBy(hold(alice, 'c2', 2))
    expect(alice.run(sellHeld, { checkout: 'c1', held: first })).toEqual({
      refused: 'insufficient_stock',
    })
    alice.run(releaseHeld, { checkout: 'c2', held: second })
    expect(alice.run(sellHeld, { checkout: 'c1', held: first })).toEqual({ held: first })
  })

  test('of one checkout replace what it had set aside before', () => {
    const alice = openShop(3)
    hold(alice, 'c1', 1)
    expect(heldBy(hold(alice, 'c1', 3))).toMatchObject([{ units: 3 }])
  })

  test('come from several locations, if none has enough', () => {
    const alice = openShop(2)
    const shelf = 'shelf' as LocationId
    const place = { name: 'Shelf', address: null, coordinates: null, hours: null }
    alice.run(putLocation, { id: shelf, ...place })
    alice.run(receiveStock, { variant: lamp, location: shelf, units: 3, reason: 'new' })
    const held = heldBy(hold(alice, 'c1', 4))
    expect(held.map(({ location, units }) => [location, units])).toEqual([
      ['shelf', 3],
      ['main', 1],
    ])
    alice.run(sellHeld, { checkout: 'c1', held })
    expect(alice.shown(productIdOf('LAMP'))?.variants[0]?.available).toBe(1)
  })
})

describe('how a variant is sold', () => {
  test('uncounted: whatever is asked for, and nothing is written', () => {
    const alice = openShop()
    const held = heldBy(hold(alice, 'c1', 1_000))
    expect(held).toMatchObject([{ mode: 'untracked', units: 1_000 }])
    alice.run(sellHeld, { checkout: 'c1', held })
    expect(isCounted(alice.core, lamp)).toBe(false)
    expect(available(stockOf(alice))).toBeUndefined()
  })

  test('on promise: what is there first, and what comes in goes to those who wait', () => {
    const alice = openShop(2)
    alice.run(setMode, { variant: lamp, mode: 'backorder' })
    const held = heldBy(hold(alice, 'c1', 5))
    expect(held.map(({ mode, units }) => [mode, units])).toEqual([
      ['rights', 2],
      ['backorder', 3],
    ])
    alice.run(sellHeld, { checkout: 'c1', held })
    expect(available(stockOf(alice))).toBe(-3)
    const came = { variant: lamp, location: mainLocation, units: 10, reason: 'new' }
    expect(alice.run(receiveStock, came)).toMatchObject({ old: 0, new: 7 })
    expect(available(stockOf(alice))).toBe(7)
    expect(escrowCounter.spent({ store: stockOf(alice).store.units })).toBe(5)
  })

  test('a promise that is taken back is owed no more', () => {
    const alice = openShop(0)
    alice.run(setMode, { variant: lamp, mode: 'backorder' })
    const held = heldBy(hold(alice, 'c1', 3))
    alice.run(sellHeld, { checkout: 'c1', held })
    alice.run(returnUnits, { checkout: 'c1', held })
    expect(available(stockOf(alice))).toBe(0)
  })
})

describe('what an admin does', () => {
  const act = { variant: lamp, location: mainLocation, reason: 'why' }

  test('adds, writes off and counts', () => {
    const alice = openShop(3)
    expect(alice.run(adjustStock, { ...act, units: 4 })).toMatchObject({ old: 3, new: 7 })
    expect(alice.run(adjustStock, { ...act, units: -2 })).toMatchObject({ old: 7, new: 5 })
    expect(alice.run(countStock, { ...act, counted: 9 })).toMatchObject({ old: 5, new: 9 })
    expect(alice.run(countStock, { ...act, counted: 0 })).toMatchObject({ old: 9, new: 0 })
  })

  test('writes nothing off that is set aside, or that another node may be selling', () => {
    const clock = createClock()
    const alice = openShop(3, clock)
    const bob = createRegion(clock)
    send(alice, bob)
    hold(alice, 'c1', 2)
    expect(alice.run(adjustStock, { ...act, units: -2 })).toEqual({ refused: 'insufficient_stock' })
    expect(bob.run(adjustStock, { ...act, units: -1 })).toEqual({ refused: 'insufficient_stock' })
  })

  test('moves units to a location that is there, and nowhere else', () => {
    const alice = openShop(3)
    const shelf = 'shelf' as LocationId
    const move = { variant: lamp, from: mainLocation, to: shelf, units: 2, reason: 'why' }
    expect(alice.run(transferStock, move)).toEqual({ refused: 'location_not_found' })
    const place = { name: 'Shelf', address: null, coordinates: null, hours: null }
    alice.run(putLocation, { id: shelf, ...place })
    expect(alice.run(transferStock, move)).toMatchObject({ old: 3, new: 1 })
    expect([inStock(stockOf(alice)), inStock(stockOf(alice, shelf))]).toEqual([1, 2])
    expect(viewStock(world(alice), lamp)).toMatchObject({ available: 3, here: 3 })
    const back = { variant: lamp, from: shelf, to: mainLocation, units: 2, reason: 'why' }
    expect(alice.run(transferStock, back)).toMatchObject({ old: 2, new: 0 })
    expect(alice.run(transferStock, back)).toEqual({ refused: 'insufficient_stock' })
  })

  test('is refused for what is not for sale', () => {
    const alice = openShop()
    const other = variantIdOf(productIdOf('NONE'), 'NONE')
    expect(alice.run(receiveStock, { ...act, variant: other, units: 1 })).toEqual({
      refused: 'unknown_variant',
    })
  })

  test('is told of low stock', () => {
    const alice = openShop(3)
    alice.run(setThreshold, { variant: lamp, location: mainLocation, threshold: 2 })
    const low = () =>
      alice.store.database
        .prepare('select variant, available, low from stock where low is not null')
        .all()
    expect(low()).toEqual([])
    const held = heldBy(hold(alice, 'c1', 1))
    alice.run(sellHeld, { checkout: 'c1', held })
    expect(low()).toEqual([{ variant: lamp, available: 2, low: 2 }])
  })
})

describe('whatever checkouts and admins do, cut off or not', () => {
  type Step =
    | { does: 'hold'; at: number; units: number; ms: number }
    | { does: 'sell' | 'release' | 'return'; at: number; which: number }
    | { does: 'receive' | 'adjust' | 'count'; at: number; units: number }
    | { does: 'meet'; at: number; with: number }
    | { does: 'wait'; ms: number }
  const at = fc.nat(2)
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          does: fc.constant('hold' as const),
          at,
          units: fc.integer({ min: 1, max: 4 }),
          ms: fc.integer({ min: 1, max: 500 }),
        }),
      },
      {
        weight: 5,
        arbitrary: fc.record({
          does: fc.constantFrom(
            'sell' as const,
            'sell' as const,
            'release' as const,
            'return' as const,
          ),
          at,
          which: fc.nat(30),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          does: fc.constantFrom('receive' as const, 'adjust' as const, 'count' as const),
          at,
          units: fc.integer({ min: -3, max: 6 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ does: fc.constant('meet' as const), at, with: at }) },
      {
        weight: 1,
        arbitrary: fc.record({
          does: fc.constant('wait' as const),
          ms: fc.integer({ min: 1, max: 600 }),
        }),
      },
    ),
    { maxLength: 60 },
  )

  test(
    'never more is sold than came in, and what is sellable here and elsewhere is what there is',
    { timeout: 60_000 },
    () => {
      fc.assert(
        fc.property(steps, (script) => {
          const clock = createClock()
          const alice = openShop(5, clock)
          const regions = [alice, createRegion(clock), createRegion(clock)]
          for (const region of regions) send(alice, region)
          const orders: {
            checkout: string
            held: readonly HeldUnits[]
            at: number
            state: string
          }[] = []
          for (const step of script) {
            if (step.does === 'wait') {
              clock.ms += step.ms
              continue
            }
            const region = regions[step.at]!
            if (step.does === 'meet') meet(region, regions[step.with]!)
            else if (step.does === 'hold') {
              const checkout = `c${orders.length}`
              const done = hold(region, checkout, step.units, step.ms)
              if (!('refused' in done))
                orders.push({ checkout, held: done.held, at: step.at, state: 'held' })
            } else if ('which' in step) {
              const order = orders[step.which % Math.max(orders.length, 1)]
              if (!order) continue
              const own = regions[order.at]!
              const { checkout, held } = order
              if (step.does === 'return' && order.state === 'sold') {
                own.run(returnUnits, { checkout, held })
                order.state = 'returned'
              }
              if (step.does === 'release' && order.state === 'held') {
                own.run(releaseHeld, { checkout, held })
                order.state = 'released'
              }
              if (step.does === 'sell' && order.state === 'held') {
                const done = own.run(sellHeld, { checkout, held })
                order.state = 'refused' in done ? 'refused' : 'sold'
              }
            } else {
              const input = { variant: lamp, location: mainLocation, reason: 'why' }
              if (step.does === 'receive' && step.units > 0)
                region.run(receiveStock, { ...input, units: step.units })
              if (step.does === 'adjust' && step.units !== 0)
                region.run(adjustStock, { ...input, units: step.units })
              if (step.does === 'count' && step.units >= 0)
                region.run(countStock, { ...input, counted: step.units })
            }
            for (const one of regions) {
              const counter = { store: stockOf(one).store.units }
              expect(escrowCounter.spent(counter)).toBeLessThanOrEqual(
                escrowCounter.received(counter),
              )
              expect(escrowCounter.rights(counter, one.core.lineage())).toBeGreaterThanOrEqual(0)
            }
          }
          for (const one of regions) for (const other of regions) meet(one, other)
          for (const one of regions) for (const other of regions) meet(one, other)
          const views = regions.map((one) => viewStock(world(one), lamp))
          const here = views.reduce((sum, view) => sum + (view.here ?? 0), 0)
          for (const view of views) {
            expect(view.available).toBe(here)
            expect(view.elsewhere).toBe(here - (view.here ?? 0))
          }
        }),
        { numRuns: 60 },
      )
    },
  )
})
