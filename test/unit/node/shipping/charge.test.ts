/** What shipping costs. */

import { describe, expect, test } from 'vitest'
import { chargeOf } from '../../../../node/shipping/charge.ts'
import type { Rate } from '../../../../node/shipping/method.ts'

const rate = (fields: Partial<Rate>): Rate => ({
  zone: 'near',
  currency: 'EUR',
  basis: 'flat',
  steps: [{ from: 0, amount: 490 }],
  upTo: null,
  ...fields,
})

const exactnessOf = (zone: string) => ({ near: 1, exact: 5, alike: 5 })[zone]

const charge = (rates: readonly Rate[], { grams = 0, subtotalMinor = 0 } = {}) =>
  chargeOf({ rates }, exactnessOf, { currency: 'EUR', grams, subtotalMinor })

describe('the charge', () => {
  test('is that of the most exact zone, and of equals of the lower id', () => {
    const rates = [
      rate({}),
      rate({ zone: 'exact', steps: [{ from: 0, amount: 990 }] }),
      rate({ zone: 'alike', steps: [{ from: 0, amount: 690 }] }),
    ]
    expect(charge(rates)).toBe(690)
    expect(charge(rates.toReversed())).toBe(690)
  })

  test('goes in steps by weight, up to a bound', () => {
    const steps = [
      { from: 0, amount: 490 },
      { from: 2_000, amount: 790 },
    ]
    const rates = [rate({ basis: 'weight', steps, upTo: 10_000 })]
    expect([0, 1_999, 2_000, 10_000, 10_001].map((grams) => charge(rates, { grams }))).toEqual([
      490,
      490,
      790,
      790,
      undefined,
    ])
  })

  test('goes in steps by subtotal, from the first step on', () => {
    const steps = [
      { from: 1_000, amount: 490 },
      { from: 5_000, amount: 0 },
    ]
    const rates = [rate({ basis: 'subtotal', steps })]
    expect(
      [999, 1_000, 4_999, 5_000].map((subtotalMinor) => charge(rates, { subtotalMinor })),
    ).toEqual([undefined, 490, 490, 0])
  })

  test('is in the currency of the goods, or there is none', () => {
    expect(charge([rate({ currency: 'USD' })])).toBeUndefined()
    expect(charge([rate({ zone: 'elsewhere' })])).toBeUndefined()
  })
})
