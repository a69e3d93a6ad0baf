/** Splitting an amount to the minor unit. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocate } from '../../../../node/pricing/allocation.ts'

const parts = fc.uniqueArray(
  fc.record({ key: fc.string({ maxLength: 3 }), weight: fc.nat(100_000) }),
  { minLength: 1, maxLength: 12, selector: ({ key }) => key },
)

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)

const splits = parts.chain((list) => {
  const weights = sum(list.map(({ weight }) => weight))
  return fc.record({ list: fc.constant(list), amount: fc.integer({ min: 0, max: weights }) })
})

describe('an allocation', () => {
  test('adds up to the amount, and gives nobody more than their weight', () => {
    fc.assert(
      fc.property(splits, ({ list, amount }) => {
        const shares = allocate(amount, list)
        expect(sum(shares)).toBe(amount)
        for (const [at, share] of shares.entries()) {
          expect(share).toBeGreaterThanOrEqual(0)
          expect(share).toBeLessThanOrEqual(list[at]!.weight)
        }
      }),
    )
  })

  test('is within one of the exact share', () => {
    fc.assert(
      fc.property(splits, ({ list, amount }) => {
        const weights = sum(list.map(({ weight }) => weight))
        const shares = allocate(amount, list)
        for (const [at, share] of shares.entries()) {
          const exact = weights === 0 ? 0 : (amount * list[at]!.weight) / weights
          expect(Math.abs(share - exact)).toBeLessThan(1)
        }
      }),
    )
  })

  test('does not depend on the order in which the parts are listed', () => {
    fc.assert(
      fc.property(splits, fc.infiniteStream(fc.nat()), ({ list, amount }, noise) => {
        const shuffled = list
          .map((part) => ({ part, by: noise.next().value as number }))
          .sort((a, b) => a.by - b.by)
          .map(({ part }) => part)
        const byKey = (order: typeof list) =>
          new Map(allocate(amount, order).map((share, at) => [order[at]!.key, share]))
        expect(byKey(shuffled)).toEqual(byKey(list))
      }),
    )
  })

  test('gives the odd cent to who lost most by rounding down', () => {
    const three = ['a', 'b', 'c'].map((key) => ({ key, weight: 1 }))
    expect(allocate(1, three)).toEqual([1, 0, 0])
    expect(
      allocate(
        100,
        three.map((part) => ({ ...part, weight: 100 })),
      ),
    ).toEqual([34, 33, 33])
    expect(
      allocate(10, [
        { key: 'a', weight: 11 },
        { key: 'b', weight: 29 },
      ]),
    ).toEqual([3, 7])
  })
})
