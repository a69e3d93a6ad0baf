/** The rows of the conflict matrix about stock and purchases, each with its property. */

import { describe, expect, test } from 'vitest'
import * as escrowCounter from '../../../../crdt/escrow-counter.ts'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import { judge, purchase, purchaseIdOf } from '../../../../node/flash-sale/purchase.ts'
import { attemptPurchase } from '../../../../node/flash-sale/purchase-rules.ts'
import { planSale, saleIdOf } from '../../../../node/flash-sale/sale.ts'
import { conflictsOf } from '../../../../node/inspector/conflict.ts'
import { mayTake, openEstate, openingOf, estate } from '../../../../node/inventory/estate.ts'
import { mainLocation, stockIdOf } from '../../../../node/inventory/location-id.ts'
import { stockKind } from '../../../../node/inventory/projection.ts'
import { grantRights } from '../../../../node/inventory/rights-rules.ts'
import { inStock, stockAt, variantMode } from '../../../../node/inventory/stock.ts'
import {
  adjustStock,
  countStock,
  receiveStock,
  setMode,
} from '../../../../node/inventory/stock-rules.ts'
import { viewStock } from '../../../../node/inventory/view.ts'
import { declareGone } from '../../../../node/replication/membership.ts'
import { rowsOf } from '../../crdt/conflict-page.ts'
import {
  createClock,
  createRegion,
  meet,
  productInput,
  send,
  startMs,
  type Region,
} from '../catalog/region.ts'
import { holdUnits, sellAtOnce } from './acts.ts'

const lamp = variantIdOf(productIdOf('LAMP'), 'LAMP')
const at = { variant: lamp, location: mainLocation, reason: 'why' }
const stockOf = ({ core }: Region) => stockAt(core, lamp, mainLocation)
const counterOf = (region: Region) => ({ store: stockOf(region).store.units })
const viewOf = ({ core, clock }: Region) =>
  viewStock(
    {
      ...core,
      replica: core.replica(),
      lineage: core.lineage(),
      time: { wallMs: clock.ms, logical: 0, replica: core.replica() },
    },
    lamp,
  )

/** Two regions of which each may sell four. */
const open = () => {
  const clock = createClock()
  const alice = createRegion(clock)
  const bob = createRegion(clock)
  alice.create(productInput({ initialQuantity: 8 }))
  alice.run(grantRights, {
    stock: stockIdOf(lamp, mainLocation),
    name: '0'.repeat(16),
    needed: 4,
    wished: 0,
    left: 0,
    perMinute: 0,
    perMinuteHere: 0,
    to: bob.core.replica(),
  })
  send(alice, bob)
  return { alice, bob }
}

type Act = (region: Region) => unknown

/** What both are left with when they did this at once and have met. */
const outcome = (acts: { readonly alice: Act; readonly bob: Act }) => {
  const { alice, bob } = open()
  acts.alice(alice)
  acts.bob(bob)
  meet(alice, bob)
  meet(alice, bob)
  expect(alice.digest()).toBe(bob.digest())
  const counter = counterOf(alice)
  expect(escrowCounter.spent(counter)).toBeLessThanOrEqual(escrowCounter.received(counter))
  return { alice, bob }
}

const sellUnits =
  (units: number): Act =>
  (region) =>
    region.run(sellAtOnce, {
      checkout: region.core.replica(),
      variant: lamp,
      units,
      untilMs: 0,
    })
const setAside =
  (checkout: string, units: number): Act =>
  (region) =>
    region.run(holdUnits, { checkout, variant: lamp, units, untilMs: region.clock.ms + 60_000 })
const receive =
  (units: number): Act =>
  (region) =>
    region.run(receiveStock, { ...at, units })
const count =
  (counted: number): Act =>
  (region) =>
    region.run(countStock, { ...at, counted })
const writeOff =
  (units: number): Act =>
  (region) =>
    region.run(adjustStock, { ...at, units: -units })
const mode =
  (to: 'rights' | 'backorder'): Act =>
  (region) =>
    region.run(setMode, { variant: lamp, mode: to })

const properties: Readonly<Record<string, () => void>> = {
  'stock: sell x sell': () => {
    const { alice } = outcome({ alice: sellUnits(4), bob: sellUnits(4) })
    expect(inStock(stockOf(alice))).toBe(0)
    const more = outcome({ alice: sellUnits(5), bob: sellUnits(5) })
    expect(inStock(stockOf(more.alice))).toBe(8)
  },
  'stock: sell x receive': () => {
    const { alice } = outcome({ alice: sellUnits(3), bob: receive(2) })
    expect(inStock(stockOf(alice))).toBe(7)
  },
  'stock: sell x count': () => {
    const { alice } = outcome({ alice: sellUnits(3), bob: count(10) })
    expect(inStock(stockOf(alice))).toBe(7)
  },
  'stock: sell x write off': () => {
    const { alice } = outcome({ alice: sellUnits(4), bob: writeOff(4) })
    expect(inStock(stockOf(alice))).toBe(0)
  },
  'stock: set aside x set aside': () => {
    const { alice, bob } = outcome({ alice: setAside('c1', 3), bob: setAside('c2', 2) })
    expect([viewOf(alice).here, viewOf(bob).here]).toEqual([1, 2])
    expect(viewOf(alice).elsewhere).toBe(2)
  },
  'stock: set aside x set aside for the same': () => {
    const { alice, bob } = outcome({ alice: setAside('c1', 3), bob: setAside('c1', 3) })
    expect([viewOf(alice).here, viewOf(bob).here]).toEqual([1, 1])
    alice.clock.ms += 60_001
    expect([viewOf(alice).here, viewOf(bob).here]).toEqual([4, 4])
  },
  'stock: receive x receive': () => {
    const { alice } = outcome({ alice: receive(2), bob: receive(3) })
    expect(inStock(stockOf(alice))).toBe(13)
  },
  'stock: receive x count': () => {
    const { alice } = outcome({ alice: receive(2), bob: count(9) })
    expect(inStock(stockOf(alice))).toBe(11)
  },
  'stock: count x count': () => {
    const { alice } = outcome({ alice: count(9), bob: count(9) })
    expect(inStock(stockOf(alice))).toBe(10)
  },
  'stock: set mode x set mode': () => {
    const { alice } = outcome({ alice: mode('rights'), bob: mode('backorder') })
    expect(variantMode(alice.core, lamp)).toBe('backorder')
    expect(conflictsOf({ kind: stockKind }, stockOf(alice))).toEqual(['mode'])
  },
  'stock: claim x claim': () => {
    const claim =
      (self: string): Act =>
      (region) => {
        region.run(declareGone, { self, name: 'carol', reason: 'burned' })
        region.run(openEstate, { self, node: 'carol', heardMs: undefined })
      }
    const { alice, bob } = outcome({ alice: claim('alice'), bob: claim('bob') })
    const heirs = [alice, bob].map(({ core }) => openingOf(core.read(estate, 'carol'))?.heir)
    expect(heirs).toEqual(['bob', 'bob'])
    const others = ['alice', 'bob']
    for (const self of others) {
      expect(mayTake(alice.core, { self, node: 'carol', others }).ok).toBe(false)
    }
  },

  'purchase: attempt x attempt': () => {
    const id = saleIdOf(lamp, startMs)
    const attempt =
      (name: string): Act =>
      (region) =>
        region.run(attemptPurchase, { sale: id, buyer: 'erin', units: 2, attempt: name })
    const { alice, bob } = open()
    const terms = { name: 'Sale', price: { amount: 1, currency: 'USD' }, perBuyer: 2 }
    alice.run(planSale, { variant: lamp, startsMs: startMs, endsMs: startMs + 9_000, ...terms })
    send(alice, bob)
    attempt('first')(alice)
    attempt('second')(bob)
    meet(alice, bob)
    const shown = judge(bob.core.read(purchase, purchaseIdOf(id, 'erin')), {
      perBuyer: 2,
      nowMs: bob.clock.ms,
    })
    expect(shown.map((one) => [one.name, one.shown])).toEqual([
      ['first', 'held'],
      ['second', 'over_limit'],
    ])
  },
}

describe('the conflict matrix', () => {
  test('has a row for each property and a property for each row', () => {
    expect([...rowsOf('stock'), ...rowsOf('purchase')]).toEqual(Object.keys(properties))
  })

  test.each(Object.entries(properties))('%s', (_, holds) => {
    expect(holds).not.toThrow()
  })
})
