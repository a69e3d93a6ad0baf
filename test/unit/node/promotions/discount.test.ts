/** What promotions take off, against the simplest way to count it. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  discountsOf,
  subtotalOf,
  unitsGot,
  type Goods,
} from '../../../../node/promotions/discount.ts'
import { allGoods } from '../../../../node/promotions/promotion.ts'

const goods = (key: string, unitMinor: number, quantity: number): Goods => ({
  key,
  product: key,
  categories: [],
  brand: null,
  tags: [],
  unitMinor,
  quantity,
})

const lines = fc.uniqueArray(
  fc
    .record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      unit: fc.nat(9),
      quantity: fc.integer({ min: 1, max: 6 }),
    })
    .map(({ key, unit, quantity }) => goods(key, unit * 100, quantity)),
  { minLength: 1, selector: ({ key }) => key },
)

const flags = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })

describe('buy x, get y', () => {
  test('gives as many as fit, unit by unit, the cheapest first', () => {
    fc.assert(
      fc.property(
        lines,
        flags,
        flags,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.option(fc.integer({ min: 1, max: 2 })),
        (basket, isBought, isGot, buy, get, timesMax) => {
          const bargain = { isBought, isGot, buy, get, timesMax }
          expect(unitsGot(basket, bargain)).toEqual(unitByUnit(basket, bargain))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test.each([
    // Buy 2, get 1 free of seven: two whole bargains, and one unit over.
    [[goods('a', 100, 7)], 2, 1, [2]],
    // The third of three is the cheapest.
    [[goods('a', 300, 2), goods('b', 100, 1)], 2, 1, [0, 1]],
    // Buy 2, get 2: three units are two bought and one got.
    [[goods('a', 100, 3)], 2, 2, [1]],
    [[goods('a', 100, 999)], 1, 1, [499]],
  ])('%#', (basket, buy, get, got) => {
    const all = basket.map(() => true)
    expect(unitsGot(basket, { isBought: all, isGot: all, buy, get, timesMax: null })).toEqual(got)
  })
})

interface Bargain {
  readonly isBought: readonly boolean[]
  readonly isGot: readonly boolean[]
  readonly buy: number
  readonly get: number
  readonly timesMax: number | null
}

/** Every number of units that might be got, tried from the most on. */
const unitByUnit = (basket: readonly Goods[], { isBought, isGot, buy, get, timesMax }: Bargain) => {
  const units = basket.flatMap(({ unitMinor, key, quantity }, at) =>
    Array.from({ length: quantity }, () => ({ at, unitMinor, key })),
  )
  const gettable = units
    .filter(({ at }) => isGot[at])
    .sort((a, b) => a.unitMinor - b.unitMinor || (a.key < b.key ? -1 : 1))
  const most = timesMax === null ? Infinity : timesMax * get
  for (let count = Math.min(gettable.length, most); count > 0; count--) {
    const got = new Set(gettable.slice(0, count))
    const bought = units.filter((unit) => isBought[unit.at] && !got.has(unit)).length
    if (Math.floor(bought / buy) * get >= count) {
      return basket.map((_, at) => [...got].filter((unit) => unit.at === at).length)
    }
  }
  return basket.map(() => 0)
}

describe('a discount', () => {
  test('of an amount is spread to the cent, and never more than there is', () => {
    fc.assert(
      fc.property(lines, fc.nat(10_000), (basket, amount) => {
        const left = basket.map(subtotalOf)
        const benefit = { kind: 'amount' as const, amount, currency: 'EUR' }
        const taken = discountsOf({ benefit, scope: allGoods }, basket, left)
        const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)
        expect(sum(taken)).toBe(Math.min(amount, sum(left)))
      }),
    )
  })

  test('touches only what is in scope', () => {
    const basket = [goods('a', 500, 1), { ...goods('b', 500, 1), categories: ['home.cups'] }]
    const left = basket.map(subtotalOf)
    const benefit = { kind: 'percentage' as const, ppm: 100_000 }
    const scoped = (scope: Partial<typeof allGoods>) =>
      discountsOf({ benefit, scope: { ...allGoods, ...scope } }, basket, left)
    expect(scoped({ categories: ['home'] })).toEqual([0, 50])
    expect(scoped({ categories: ['hom'] })).toEqual([0, 0])
    expect(scoped({ products: ['a'] })).toEqual([50, 0])
    expect(scoped({ brands: ['x'], tags: ['y'] })).toEqual([0, 0])
    expect(scoped({})).toEqual([50, 50])
  })
})
