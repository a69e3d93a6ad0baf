/** Rounding half to even, against arithmetic that does not round. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { million, shareOf } from '../../../../node/pricing/half-even.ts'

const amount = fc.oneof(fc.nat(1_000), fc.integer({ min: 0, max: 1_000_000_000_000 }))
/** At most a whole: what is beyond would not fit a double. */
const ratio = fc
  .integer({ min: 1, max: 2_000_000 })
  .chain((denominator) =>
    fc.record({ numerator: fc.nat(denominator), denominator: fc.constant(denominator) }),
  )

describe('a share', () => {
  test('is the nearest whole amount, and of two the even one', () => {
    fc.assert(
      fc.property(amount, ratio, (whole, { numerator, denominator }) => {
        const share = BigInt(shareOf(whole, numerator, denominator))
        const exact = 2n * BigInt(whole) * BigInt(numerator)
        const off = exact - 2n * share * BigInt(denominator)
        const distance = off < 0n ? -off : off
        expect(distance <= BigInt(denominator)).toBe(true)
        expect(distance !== BigInt(denominator) || share % 2n === 0n).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('of a share of at most all is at most all', () => {
    fc.assert(
      fc.property(amount, fc.nat(million), (whole, ppm) => {
        expect(shareOf(whole, ppm, million)).toBeLessThanOrEqual(whole)
      }),
    )
  })

  test.each([
    [5, 500_000, 2],
    [15, 500_000, 8],
    [25, 100_000, 2],
    [35, 100_000, 4],
    [1_000, 88_750, 89],
    [1_000_000_000_000, 190_000, 190_000_000_000],
  ])('of %i at %i ppm is %i', (whole, ppm, share) => {
    expect(shareOf(whole, ppm, million)).toBe(share)
  })
})
