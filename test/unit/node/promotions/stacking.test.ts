/** Which promotions count together. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { subtotalOf, type Goods } from '../../../../node/promotions/discount.ts'
import { stack, type Basket, type Offer } from '../../../../node/promotions/stacking.ts'
import { promotion } from '../pricing/arbitrary-shop.ts'
import { promotionInput } from '../pricing/market.ts'

const goods = fc.uniqueArray(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    product: fc.constant('p'),
    categories: fc.subarray(['home', 'food']),
    brand: fc.constant(null),
    tags: fc.subarray(['new']),
    unitMinor: fc.nat(5_000),
    quantity: fc.integer({ min: 1, max: 5 }),
  }),
  { selector: ({ key }) => key },
)

const offers: fc.Arbitrary<readonly Offer[]> = fc.array(
  fc
    .record({
      promotion,
      id: fc.constantFrom('p', 'q', 'r', 's'),
      coupon: fc.constantFrom(null, 'X', 'Y'),
    })
    .map(({ promotion: input, id, coupon }) => ({ promotion: { ...input, id }, coupon })),
  { maxLength: 5 },
)

const basketOf = (lines: readonly Goods[], shippingMinor: number | undefined): Basket => ({
  currency: 'EUR',
  lines,
  shipping: { method: 'parcel', chargeFor: () => shippingMinor },
})

const charge = fc.option(fc.nat(1_000), { nil: undefined })

describe('a stack', () => {
  test('leaves no more to pay than any promotion that stands alone, or than none at all', () => {
    fc.assert(
      fc.property(goods, offers, charge, (lines, all, shipping) => {
        const basket = basketOf(lines, shipping)
        const best = stack(all, basket)
        const seen = new Set<string>()
        for (const offer of all) {
          // Of two offers of one promotion only one can count.
          if (seen.has(offer.promotion.id) || offer.promotion.isCombinable) continue
          seen.add(offer.promotion.id)
          if (all.filter((other) => other.promotion.id === offer.promotion.id).length > 1) continue
          expect(best.payMinor).toBeLessThanOrEqual(stack([offer], basket).payMinor)
        }
        expect(best.payMinor).toBeLessThanOrEqual(stack([], basket).payMinor)
      }),
      { numRuns: 500 },
    )
  })

  test('counts several only if each may be combined, and each promotion once', () => {
    fc.assert(
      fc.property(goods, offers, charge, (lines, all, shipping) => {
        const { counted } = stack(all, basketOf(lines, shipping))
        const ids = counted.map(({ offer }) => offer.promotion.id)
        expect(new Set(ids).size).toBe(ids.length)
        const areCombinable = counted.every(({ offer }) => offer.promotion.isCombinable)
        expect(counted.length <= 1 || areCombinable).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('takes off no line more than it costs, and pays what is left', () => {
    fc.assert(
      fc.property(goods, offers, fc.nat(1_000), (lines, all, shipping) => {
        const { counted, payMinor } = stack(all, basketOf(lines, shipping))
        let left = shipping - counted.reduce((sum, one) => sum + one.shippingMinor, 0)
        for (const [at, line] of lines.entries()) {
          const off = counted.reduce((sum, { lineMinor }) => sum + (lineMinor[at] ?? 0), 0)
          expect(off).toBeLessThanOrEqual(subtotalOf(line))
          left += subtotalOf(line) - off
        }
        expect(payMinor).toBe(left)
      }),
      { numRuns: 500 },
    )
  })

  test('counts what is got, then percentages, then amounts', () => {
    const lines: readonly Goods[] = [
      {
        key: 'a',
        product: 'p',
        categories: [],
        brand: null,
        tags: [],
        unitMinor: 1_000,
        quantity: 3,
      },
    ]
    const offer = (id: string, fields: Parameters<typeof promotionInput>[0]): Offer => ({
      promotion: { ...promotionInput(fields), id },
      coupon: null,
    })
    const amount = offer('a', { benefit: { kind: 'amount', amount: 100, currency: 'EUR' } })
    const tenth = offer('b', { benefit: { kind: 'percentage', ppm: 100_000 } })
    const third = offer('c', {
      benefit: { kind: 'buy_x_get_y', buy: 2, get: 1, ppm: 1_000_000, gets: null, timesMax: null },
    })
    const free = offer('d', { benefit: { kind: 'free_shipping', methods: [] } })
    const { counted, payMinor } = stack([free, amount, tenth, third], basketOf(lines, 490))
    expect(
      counted.map(
        ({
          offer: {
            promotion: { id },
          },
          lineMinor,
          shippingMinor,
        }) => [id, ...lineMinor, shippingMinor],
      ),
    ).toEqual([
      ['c', 1_000, 0],
      ['b', 200, 0],
      ['a', 100, 0],
      ['d', 0, 490],
    ])
    expect(payMinor).toBe(1_700)
  })
})
