/** Tax in a price and on top of it, and the rule by which both agree. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { taxOn } from '../../../../node/tax/taxation.ts'

const amount = fc.oneof(fc.nat(10_000), fc.integer({ min: 0, max: 1_000_000_000_000 }))
const rate = fc.nat(1_000_000)

describe('tax', () => {
  test('that is added to a price is the tax that is found in the sum', () => {
    fc.assert(
      fc.property(amount, rate, (net, ratePpm) => {
        const added = taxOn(net, ratePpm, false)
        expect(taxOn(net + added, ratePpm, true)).toBe(added)
      }),
      { numRuns: 5_000 },
    )
  })

  test('that is in a price is, on what is left, the same to within a minor unit', () => {
    fc.assert(
      fc.property(amount, rate, (gross, ratePpm) => {
        const included = taxOn(gross, ratePpm, true)
        const added = taxOn(gross - included, ratePpm, false)
        expect(Math.abs(added - included)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('is never negative, and never more than the price that has it in it', () => {
    fc.assert(
      fc.property(amount, rate, (gross, ratePpm) => {
        const included = taxOn(gross, ratePpm, true)
        expect(included).toBeGreaterThanOrEqual(0)
        expect(included).toBeLessThanOrEqual(gross)
      }),
    )
  })

  test.each([
    [11_900, 190_000, true, 1_900],
    [10_000, 190_000, false, 1_900],
    // Half a cent goes to the even side, up and down.
    [50, 50_000, false, 2],
    [150, 50_000, false, 8],
    [250, 50_000, false, 12],
    [0, 190_000, true, 0],
    [999, 0, false, 0],
  ])('of %i at %i ppm, included %s, is %i', (of, ratePpm, isIncluded, tax) => {
    expect(taxOn(of, ratePpm, isIncluded)).toBe(tax)
  })
})
