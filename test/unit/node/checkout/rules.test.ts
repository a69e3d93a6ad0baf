/** What begins and ends a checkout, by the rules alone. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { takeOver } from '../../../../node/checkout/begin-rules.ts'
import { abandon, conclude } from '../../../../node/checkout/conclude-rules.ts'
import { order as orderSchema } from '../../../../node/orders/order.ts'
import { runsOf } from '../../../../node/orders/run.ts'
import { holdMs } from '../../../../node/checkout/limits.ts'
import { deleteProduct } from '../../../../node/catalog/product-rules.ts'
import { productIdOf } from '../../../../node/catalog/ids.ts'
import { orderOf } from '../../../../node/orders/order-log.ts'
import { moneyOf } from '../../../../node/orders/order-money.ts'
import { paymentOf } from '../../../../node/payments/payment-rules.ts'
import { mainLocation } from '../../../../node/inventory/location-id.ts'
import { receiveStock } from '../../../../node/inventory/stock-rules.ts'
import { variantOf } from '../cart/shopping.ts'
import { createClock, meet, type Region } from '../catalog/region.ts'
import { begin, end, openRun, openSellers, place, read, unsold } from './../orders/selling.ts'

const open = (units = 10): { readonly alice: Region; readonly bob: Region } => {
  const [alice, bob] = openSellers(createClock(), { TEA: units, CAKE: units })
  if (!alice || !bob) throw new Error('There are two regions')
  return { alice, bob }
}

describe('a checkout', () => {
  it('sets units aside, and stores what is to be paid, before anybody is asked for money', () => {
    const { alice } = open(3)
    const { id } = begin(alice, { lines: { TEA: 2 } })
    expect(paymentOf(alice.core, id)).toMatchObject({
      state: 'pending',
      amount: { amount: 9_800, currency: 'USD' },
    })
    expect(begin(alice, { lines: { TEA: 2 } }).result).toEqual({ refused: 'insufficient_stock' })
    expect(unsold(alice, 'TEA')).toBe(3)
  })

  it('gives everything back when the payment is declined', () => {
    const { alice } = open(2)
    const { id } = begin(alice, { lines: { TEA: 2 } })
    const declined = { outcome: 'declined', code: 'card_declined', retry: true } as const
    expect(end(alice, id, declined).problem).toMatchObject({ code: 'payment_declined' })
    expect(orderOf(alice.core, id)).toBeUndefined()
    expect('refused' in begin(alice, { lines: { TEA: 2 } }).result).toBe(false)
  })

  it('ends once, however often it is ended', () => {
    const { alice } = open()
    const { id } = begin(alice, { lines: { TEA: 2 } })
    const run = openRun(alice, id)
    const result = { outcome: 'authorised', reference: 'pi_1' } as const
    for (let times = 0; times < 3; times++) {
      const done = alice.run(conclude, { id, run, ordinal: 7, result })
      expect(done).toEqual({ id, problem: null })
    }
    const declined = { outcome: 'declined', code: 'x', retry: false } as const
    expect(alice.run(conclude, { id, run, ordinal: 7, result: declined })).toEqual({
      id,
      problem: null,
    })
    expect(unsold(alice, 'TEA')).toBe(8)
    expect(read(alice, id).doubles).toEqual([])
  })

  it('is an order although nobody knows what became of the payment', () => {
    const { alice } = open()
    const { id } = begin(alice, { lines: { TEA: 2 } })
    expect(end(alice, id, { outcome: 'unknown' }).problem).toBe(null)
    expect(read(alice, id).status).toBe('pending')
    expect(paymentOf(alice.core, id).captureWanted).toEqual({ amount: 9_800, currency: 'USD' })
  })

  it('whose time is over without a word about money is given up, and its payment let go', () => {
    const { alice } = open()
    const { id } = begin(alice, { lines: { TEA: 2 } })
    alice.clock.ms += holdMs + 1
    expect(end(alice, id, { outcome: 'unknown' }).problem).toMatchObject({
      code: 'checkout_expired',
    })
    expect(paymentOf(alice.core, id).closed).toBe('checkout_expired')
  })

  it('is refused as the total that was shown says, and only then', () => {
    const { alice } = open(999)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30_000 }), (amount) => {
        const expectedTotal = { amount, currency: 'USD' }
        const { result } = begin(alice, { lines: { TEA: 1 }, expectedTotal })
        expect('refused' in result).toBe(amount !== 4_900)
      }),
      { numRuns: 50, examples: [[4_900]] },
    )
    const euros = { amount: 4_900, currency: 'EUR' }
    expect(begin(alice, { lines: { TEA: 1 }, expectedTotal: euros }).result).toEqual({
      refused: 'price_changed',
    })
  })

  it('of what is not sold any more is refused', () => {
    const { alice } = open()
    alice.run(deleteProduct, { id: productIdOf('TEA'), reason: 'recall' })
    expect(begin(alice, { lines: { TEA: 1 } }).result).toEqual({ refused: 'variant_unavailable' })
    expect(begin(alice, { lines: { GHOST: 1 } }).result).toEqual({ refused: 'variant_unavailable' })
    expect(begin(alice, { lines: {} }).result).toEqual({ refused: 'cart_empty' })
  })

  it.each([0, -1, 1.5, 1e6, Number.NaN])('of %s units of something is refused', (quantity) => {
    const { alice } = open()
    const { id, result } = begin(alice, { lines: { TEA: quantity } })
    expect(result).toHaveProperty('refused')
    expect(alice.core.exists(orderSchema, id)).toBe(false)
    expect(unsold(alice, 'TEA')).toBe(10)
  })
})

describe('an order that is placed', () => {
  it('has parts that add up, whatever is in it', () => {
    const { alice } = open(100_000)
    fc.assert(
      fc.property(
        fc.record({ TEA: fc.integer({ min: 1, max: 99 }), CAKE: fc.integer({ min: 1, max: 99 }) }),
        (lines) => {
          const order = read(alice, place(alice, { lines }))
          const { agreed } = order.placement.event
          const goods = agreed.lines.reduce((sum, { total }) => sum + total, 0)
          expect(goods + (agreed.shipping?.total ?? 0)).toBe(agreed.totals.total)
          expect(moneyOf(order).payable).toBe(agreed.totals.total)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('has a number of its own', () => {
    const { alice, bob } = open()
    meet(alice, bob)
    const numbers = [1, 2, 3].map(() => {
      const order = read(alice, place(alice, { lines: { TEA: 1 } }))
      return order.placement.event.number
    })
    expect(new Set(numbers).size).toBe(3)
  })
})

describe('a run of another region', () => {
  it('is taken over on the terms that were agreed there, whatever it would cost by now', () => {
    const [alice, bob] = openSellers(createClock(), { TEA: 4 })
    if (!alice || !bob) throw new Error('There are two regions')
    const { id } = begin(alice, { lines: { TEA: 1 } })
    meet(alice, bob)
    // Bob has no rights to sell: he is told so, and nothing is begun.
    expect(bob.run(takeOver, { id, node: 'bob' })).toEqual({ refused: 'insufficient_stock' })
    expect(runsOf(bob.core.read(orderSchema, id))).toHaveLength(1)
  })

  it('is not needed any more when the order was placed elsewhere, and leaves its payment alone', () => {
    const { alice, bob } = open()
    const stock = { variant: variantOf('TEA'), location: mainLocation, units: 5, reason: 'x' }
    bob.run(receiveStock, stock)
    const { id } = begin(alice, { lines: { TEA: 1 } })
    meet(alice, bob)
    expect(bob.run(takeOver, { id, node: 'bob' })).toEqual({ id })
    expect(end(bob, id).problem).toBe(null)
    meet(alice, bob)
    expect(end(alice, id).problem).toBe(null)
    expect(read(alice, id).doubles).toEqual([])
    expect(paymentOf(alice.core, id).closed).toBeUndefined()
    expect(unsold(alice, 'TEA')).toBe(14)
  })

  it('is given up once its node is gone, and the payment with it', () => {
    const { alice, bob } = open()
    const { id } = begin(alice, { lines: { TEA: 1 } })
    meet(alice, bob)
    const [run] = runsOf(bob.core.read(orderSchema, id))
    if (!run) throw new Error('There is a run')
    expect(bob.run(abandon, { id, run: run.dot })).toMatchObject({
      problem: { code: 'checkout_expired' },
    })
    expect(paymentOf(bob.core, id).closed).toBeDefined()
    // Should it come back, it finds its run ended.
    meet(alice, bob)
    expect(runsOf(alice.core.read(orderSchema, id))[0]?.end).toMatchObject({
      code: 'checkout_expired',
    })
  })

  it('that commits without knowing that it was given up makes an order that is never paid', () => {
    const { alice, bob } = open()
    const { id } = begin(alice, { lines: { TEA: 1 } })
    meet(alice, bob)
    const [run] = runsOf(bob.core.read(orderSchema, id))
    if (!run) throw new Error('There is a run')
    bob.run(abandon, { id, run: run.dot })
    expect(end(alice, id).problem).toBe(null)
    meet(alice, bob)
    expect(runsOf(alice.core.read(orderSchema, id))[0]?.end).toBe('committed')
    expect(paymentOf(alice.core, id).closed).toBeDefined()
  })
})
