import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Product } from '../../../../node/story/answers.ts'
import { castOf } from '../../../../node/story/cast.ts'
import { productsMin } from '../../../../node/story/limits.ts'

const products = (currency: string, count: number, more: Partial<Product> = {}): Product[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `${currency}-${at}`,
    sku: `SKU-${at}`,
    name: `Thing ${at}`,
    categories: [`Shelf ${at % 3}`],
    tags: [],
    price: { amount: 1000 + at, currency },
    variants: [{ id: `${currency}-${at}-only` }],
    ...more,
  }))

describe('the cast', () => {
  test('is seven different products in one currency, whatever the catalog', () => {
    const counts = fc.integer({ min: 0, max: 30 })
    fc.assert(
      fc.property(counts, counts, (dollars, euros) => {
        const cast = castOf([...products('USD', dollars), ...products('EUR', euros)])
        expect(cast.ok).toBe(Math.max(dollars, euros) >= productsMin)
        if (!cast.ok) return
        const parts = Object.values(cast.value) as readonly Product[]
        expect(new Set(parts.map(({ id }) => id)).size).toBe(7)
        expect(new Set(parts.map(({ price }) => price.currency)).size).toBe(1)
      }),
    )
  })

  test('does not depend on the order in which the products came', () => {
    const all = products('USD', 20)
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
        const cast = castOf(shuffled)
        const names = cast.ok ? Object.values(cast.value).map(({ name }) => name) : []
        const again = castOf(all)
        expect(names).toEqual(again.ok && Object.values(again.value).map(({ name }) => name))
      }),
    )
  })

  test('says how many products there are when they do not suffice', () => {
    const cast = castOf(products('USD', 3))
    expect(cast.ok ? '' : cast.refusal).toMatch(/at least 8 products .* has 3/)
  })

  test('passes over what cannot be made cheaper or put into a cart', () => {
    const free = products('USD', 20, { price: { amount: 0, currency: 'USD' } })
    const bare = products('USD', 20, { variants: [] })
    expect(castOf([...free, ...bare]).ok).toBe(false)
  })
})
