import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as escrowCounter from '../../../../crdt/escrow-counter.ts'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import { payWithinMs } from '../../../../node/flash-sale/limits.ts'
import {
  countedUnits,
  judge,
  purchase,
  purchaseIdOf,
} from '../../../../node/flash-sale/purchase.ts'
import {
  attemptPurchase,
  confirmPurchase,
  owedUndoings,
  undoPurchase,
} from '../../../../node/flash-sale/purchase-rules.ts'
import { cancelSale, planSale, saleIdOf } from '../../../../node/flash-sale/sale.ts'
import { mainLocation } from '../../../../node/inventory/location-id.ts'
import { grantRights } from '../../../../node/inventory/rights-rules.ts'
import { stockIdOf } from '../../../../node/inventory/location-id.ts'
import { stockAt } from '../../../../node/inventory/stock.ts'
import {
  createClock,
  createRegion,
  meet,
  productInput,
  send,
  startMs,
  type Region,
} from '../catalog/region.ts'

const lamp = variantIdOf(productIdOf('LAMP'), 'LAMP')
const terms = {
  variant: lamp,
  name: 'Doorbuster',
  price: { amount: 990, currency: 'USD' },
  startsMs: startMs,
  endsMs: startMs + 3_600_000,
  perBuyer: 2,
}
const id = saleIdOf(lamp, startMs)

const openSale = (units: number, clock = createClock()): Region => {
  const region = createRegion(clock)
  region.create(productInput({ initialQuantity: units }))
  region.run(planSale, terms)
  return region
}

const by = 'node/test'

let attempts = 0
const attempt = (region: Region, buyer: string, units = 1, name = `a${++attempts}`) =>
  region.run(attemptPurchase, { sale: id, buyer, units, attempt: name })

const spent = (region: Region) =>
  escrowCounter.spent({ store: stockAt(region.core, lamp, mainLocation).store.units })

const world = ({ core, clock }: Region) => ({
  ...core,
  replica: core.replica(),
  lineage: core.lineage(),
  time: { wallMs: clock.ms, logical: 0, replica: core.replica() },
})

const judged = (region: Region, buyer: string) =>
  judge(region.core.read(purchase, purchaseIdOf(id, buyer)), {
    perBuyer: terms.perBuyer,
    nowMs: region.clock.ms,
  }).map(({ shown }) => shown)

describe('a buyer', () => {
  test('gets units while there are some, and no more than the limit', () => {
    const alice = openSale(3)
    expect(attempt(alice, 'bob', 2)).toMatchObject({ state: 'held', quantity: 2 })
    expect(attempt(alice, 'bob')).toEqual({ refused: 'purchase_limit_reached' })
    expect(attempt(alice, 'carol', 3)).toEqual({ refused: 'purchase_limit_reached' })
    expect(attempt(alice, 'carol', 2)).toEqual({ refused: 'sold_out' })
    expect(attempt(alice, 'carol')).toMatchObject({ state: 'held' })
    expect(attempt(alice, 'dave')).toEqual({ refused: 'sold_out' })
  })

  test('who pays has bought; who does not pay in time leaves the units to the next', () => {
    const alice = openSale(2)
    attempt(alice, 'bob', 1, 'paid')
    attempt(alice, 'carol', 1, 'unpaid')
    const paid = { sale: id, buyer: 'bob', attempt: 'paid' }
    expect(alice.run(confirmPurchase, paid)).toMatchObject({ state: 'bought' })
    expect(alice.run(confirmPurchase, paid)).toEqual({ refused: 'purchase_not_found' })
    alice.clock.ms += payWithinMs + 1
    expect(judged(alice, 'carol')).toEqual(['expired'])
    expect(attempt(alice, 'dave')).toMatchObject({ state: 'held' })
    expect(alice.run(confirmPurchase, { sale: id, buyer: 'carol', attempt: 'unpaid' })).toEqual({
      refused: 'sold_out',
    })
    expect(spent(alice)).toBe(1)
  })

  test('who pays late gets the units if nobody else has taken them', () => {
    const alice = openSale(1)
    attempt(alice, 'bob', 1, 'late')
    alice.clock.ms += payWithinMs + 1
    const late = { sale: id, buyer: 'bob', attempt: 'late' }
    expect(alice.run(confirmPurchase, late)).toMatchObject({ state: 'bought' })
  })

  test('may give units back, before and after paying', () => {
    const alice = openSale(1)
    for (const isPaid of [false, true]) {
      const name = { sale: id, buyer: 'bob', attempt: `back-${isPaid}` }
      attempt(alice, 'bob', 1, name.attempt)
      if (isPaid) alice.run(confirmPurchase, name)
      expect(alice.run(undoPurchase, { ...name, by })).toMatchObject({ state: 'given_back' })
      expect(alice.run(undoPurchase, { ...name, by })).toEqual({ refused: 'purchase_not_found' })
    }
    expect(attempt(alice, 'carol')).toMatchObject({ state: 'held' })
  })

  test('comes too early, too late, or to a sale that is not', () => {
    const alice = openSale(1)
    const startsMs = terms.endsMs + 60_000
    alice.run(planSale, { ...terms, startsMs, endsMs: startsMs + 60_000 })
    const early = { sale: saleIdOf(lamp, startsMs), buyer: 'bob', units: 1, attempt: 'early' }
    expect(alice.run(attemptPurchase, early)).toEqual({ refused: 'sale_not_active' })
    const other = saleIdOf(lamp, 1)
    const input = { sale: other, buyer: 'bob', units: 1, attempt: 'x' }
    expect(alice.run(attemptPurchase, input)).toEqual({ refused: 'sale_not_found' })
    alice.clock.ms = terms.endsMs
    expect(attempt(alice, 'bob')).toEqual({ refused: 'sale_not_active' })
    alice.clock.ms = startsMs
    expect(alice.run(attemptPurchase, early)).toMatchObject({ state: 'held' })
    alice.run(cancelSale, { id: early.sale })
    const late = { ...early, attempt: 'late' }
    expect(alice.run(attemptPurchase, late)).toEqual({ refused: 'sale_not_active' })
  })
})

describe('a buyer who comes to two regions that are cut off from each other', () => {
  test('keeps what the limit allows, the earliest first; the other region takes its units back', () => {
    const clock = createClock()
    const alice = openSale(8, clock)
    const bob = createRegion(clock)
    send(alice, bob)
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
    attempt(alice, 'erin', 1)
    attempt(bob, 'erin', 2)
    attempt(alice, 'erin', 1)
    meet(alice, bob)
    for (const region of [alice, bob])
      expect(judged(region, 'erin')).toEqual(['held', 'over_limit', 'held'])
    expect(owedUndoings(world(alice), { sale: id, buyer: 'erin' })).toEqual([])
    for (const owed of owedUndoings(world(bob), { sale: id, buyer: 'erin' }))
      bob.run(undoPurchase, { ...owed, by })
    meet(alice, bob)
    expect(judged(alice, 'erin')).toEqual(['held', 'given_back', 'held'])
    expect(owedUndoings(world(bob), { sale: id, buyer: 'erin' })).toEqual([])
    expect(attempt(bob, 'frank', 2)).toMatchObject({ state: 'held' })
  })

  test('whatever is tried and paid, nobody ends with more than the limit, and no unit is sold twice', () => {
    const step = fc.record({
      at: fc.nat(1),
      does: fc.constantFrom('attempt', 'attempt', 'pay', 'undo', 'meet'),
      buyer: fc.constantFrom('bob', 'carol'),
      units: fc.integer({ min: 1, max: 2 }),
      which: fc.nat(9),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (script) => {
        const clock = createClock()
        const alice = openSale(6, clock)
        const bob = createRegion(clock)
        send(alice, bob)
        const regions = [alice, bob]
        const made: { at: Region; name: { sale: typeof id; buyer: string; attempt: string } }[] = []
        for (const { at, does, buyer, units, which } of script) {
          const region = regions[at]!
          const chosen = made[which % Math.max(made.length, 1)]
          if (does === 'meet') meet(alice, bob)
          else if (does === 'attempt') {
            const name = { sale: id, buyer, attempt: `p${++attempts}` }
            const done = region.run(attemptPurchase, { ...name, units })
            if (!('refused' in done)) made.push({ at: region, name })
          } else if (chosen) {
            if (does === 'pay') chosen.at.run(confirmPurchase, chosen.name)
            else chosen.at.run(undoPurchase, { ...chosen.name, by })
          }
        }
        meet(alice, bob)
        for (const region of regions) {
          for (const buyer of ['bob', 'carol']) {
            for (const owed of owedUndoings(world(region), { sale: id, buyer }))
              region.run(undoPurchase, { ...owed, by })
          }
        }
        meet(alice, bob)
        for (const region of regions) {
          for (const buyer of ['bob', 'carol']) {
            const document = region.core.read(purchase, purchaseIdOf(id, buyer))
            const all = judge(document, { perBuyer: terms.perBuyer, nowMs: clock.ms })
            expect(countedUnits(all)).toBeLessThanOrEqual(terms.perBuyer)
            expect(all.map(({ shown }) => shown)).not.toContain('over_limit')
          }
          const counter = { store: stockAt(region.core, lamp, mainLocation).store.units }
          expect(escrowCounter.spent(counter)).toBeLessThanOrEqual(escrowCounter.received(counter))
        }
      }),
      { numRuns: 60 },
    )
  }, 60_000)
})
