import { describe, expect, test } from 'vitest'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import { cachedProductsMax } from '../../../../node/catalog/limits.ts'
import { createProductCache } from '../../../../node/catalog/product-cache.ts'

const lamp = productIdOf('LAMP')

const changed = (kind: string, id: string) => [{ kind: { schema: { kind } }, id }]

const createShelf = () => {
  const jsonById = new Map<string, string>([[lamp, '{"price":1}']])
  const asked: string[] = []
  const cache = createProductCache({
    product: (id) => {
      asked.push(id)
      return jsonById.get(id)
    },
  })
  return { cache, jsonById, asked }
}

describe('a product that was read', () => {
  test('is answered again without asking', () => {
    const { cache, asked } = createShelf()
    expect(cache.product(lamp)).toBe('{"price":1}')
    expect(cache.product(lamp)).toBe('{"price":1}')
    expect(asked).toEqual([lamp])
  })

  test.each([
    ['the product', changed('product', lamp)],
    ['the stock of a variant', changed('stock', variantIdOf(lamp, 'LAMP-RED'))],
  ])('is asked for anew when %s has changed', (_, change) => {
    const { cache, jsonById } = createShelf()
    cache.product(lamp)
    jsonById.set(lamp, '{"price":2}')
    cache.forget(changed('cart', lamp))
    expect(cache.product(lamp)).toBe('{"price":1}')
    cache.forget(change)
    expect(cache.product(lamp)).toBe('{"price":2}')
  })

  test('that is not there is asked for each time, because it may come', () => {
    const { cache, jsonById } = createShelf()
    const chair = productIdOf('CHAIR')
    expect(cache.product(chair)).toBeUndefined()
    jsonById.set(chair, '{}')
    expect(cache.product(chair)).toBe('{}')
  })

  test('leaves when more were read than are kept', () => {
    const { cache, jsonById, asked } = createShelf()
    cache.product(lamp)
    for (let index = 0; index < cachedProductsMax; index++) {
      const id = productIdOf(`SKU-${index}`)
      jsonById.set(id, '{}')
      cache.product(id)
    }
    asked.length = 0
    cache.product(lamp)
    expect(asked).toEqual([lamp])
  })
})
