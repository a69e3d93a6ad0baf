import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { productIdOf } from '../../../../node/catalog/ids.ts'
import type { ProductView } from '../../../../node/catalog/product.ts'
import { deleteProduct, editProduct } from '../../../../node/catalog/product-rules.ts'
import {
  productSorts,
  type Page,
  type ProductFilter,
  type ProductSort,
} from '../../../../node/catalog/queries.ts'
import { encodeCursor } from '../../../../node/http/cursor.ts'
import { createRegion, productInput, type Region } from './region.ts'

const page = (region: Region, filter: Partial<ProductFilter> = {}): Page => {
  const found = region.queries.products({ sort: 'newest', limit: 100, ...filter })
  if (!found.ok) throw new Error(found.refusal.detail)
  return found.value
}

const listed = (region: Region, filter: Partial<ProductFilter> = {}): readonly ProductView[] =>
  page(region, filter).items.map((json) => JSON.parse(json) as ProductView)

const skus = (region: Region, filter: Partial<ProductFilter> = {}): readonly string[] =>
  listed(region, filter).map(({ sku }) => sku)

const dollars = (amount: number) => ({ amount, currency: 'USD' })

/** A region that sells something of everything. */
const createShop = (): Region => {
  const region = createRegion()
  const sell = (sku: string, fields: Parameters<typeof productInput>[0]) =>
    region.create(productInput({ sku, name: sku, ...fields }))
  sell('PHONE', { categories: [['Phones']], brand: 'Ilo', price: dollars(300), popularity: 9 })
  sell('PREPAID', {
    categories: [['Phones', 'Prepaid Phones']],
    tags: ['sale'],
    price: dollars(100),
  })
  sell('PHONES-PLUS', { categories: [['Phones Plus']], brand: 'ILO', price: dollars(200) })
  sell('LAMP', {
    categories: [['Home', 'Lamps'], ['Gifts']],
    tags: ['sale', 'new'],
    initialQuantity: 0,
  })
  sell('CHAIR', { categories: [['Home']], initialQuantity: 2, popularity: 3 })
  return region
}

describe('a list of products', () => {
  test.each<readonly [string, Partial<ProductFilter>, readonly string[]]>([
    ['a category by id, and what is below it', { category: 'phones' }, ['PHONE', 'PREPAID']],
    ['a category by its path', { category: 'Phones > Prepaid Phones' }, ['PREPAID']],
    ['a category by a name anywhere in the tree', { category: 'Lamps' }, ['LAMP']],
    ['a category that is not there', { category: 'Boats' }, []],
    ['a tag', { tag: 'sale' }, ['LAMP', 'PREPAID']],
    ['a brand, however it is written', { brand: 'iLO' }, ['PHONE', 'PHONES-PLUS']],
    ['a price from', { minPrice: 300, maxPrice: 4_000 }, ['PHONE']],
    ['a price to', { maxPrice: 200 }, ['PHONES-PLUS', 'PREPAID']],
    ['what is in stock, or not counted', { inStock: true, category: 'home' }, ['CHAIR']],
    ['what is out of stock', { inStock: false }, ['LAMP']],
    ['a rating, which nothing has yet', { minRating: 1 }, []],
    ['several at once', { tag: 'sale', category: 'gifts', brand: undefined }, ['LAMP']],
  ])('keeps to %s', (_, filter, expected) => {
    expect(skus(createShop(), filter).toSorted()).toEqual(expected)
  })

  test.each<readonly [ProductSort, readonly string[]]>([
    ['newest', ['CHAIR', 'LAMP', 'PHONES-PLUS', 'PREPAID', 'PHONE']],
    ['oldest', ['PHONE', 'PREPAID', 'PHONES-PLUS', 'LAMP', 'CHAIR']],
    ['name', ['CHAIR', 'LAMP', 'PHONE', 'PHONES-PLUS', 'PREPAID']],
  ])('is sorted by %s', (sort, expected) => {
    expect(skus(createShop(), { sort })).toEqual(expected)
  })

  test('is sorted by price and popularity', () => {
    const region = createShop()
    const prices = listed(region, { sort: 'price_asc' }).map(({ price }) => price.amount)
    expect(prices).toEqual([100, 200, 300, 4_900, 4_900])
    expect(skus(region, { sort: 'price_desc' })).toEqual(
      skus(region, { sort: 'price_asc' }).toReversed(),
    )
    expect(skus(region, { sort: 'popularity' }).slice(0, 2)).toEqual(['PHONE', 'CHAIR'])
  })

  test('leaves out what was deleted', () => {
    const region = createShop()
    region.run(deleteProduct, { id: productIdOf('LAMP'), reason: 'broken' })
    expect(skus(region, { tag: 'sale' })).toEqual(['PREPAID'])
    expect(region.queries.tags(10)).toEqual([{ tag: 'sale', productCount: 1 }])
  })

  test('counts products in categories, brands and tags', () => {
    const region = createShop()
    expect(region.queries.category('home')?.productCount).toBe(1)
    expect(region.queries.category('home.lamps')?.productCount).toBe(1)
    expect(region.queries.brand('ilo')?.productCount).toBe(2)
    expect(region.queries.tags(10)).toEqual([
      { tag: 'sale', productCount: 2 },
      { tag: 'new', productCount: 1 },
    ])
    const categories = region.queries.categories().map(({ json }) => JSON.parse(json).id)
    expect(categories).toEqual([
      'gifts',
      'home',
      'home.lamps',
      'phones',
      'phones-plus',
      'phones.prepaid-phones',
    ])
  })
})

describe('the pages of a list', () => {
  test('show every product once, in order, whatever the sort and the length', () => {
    const region = createRegion()
    for (let at = 0; at < 40; at++) {
      region.create(
        productInput({
          sku: `SKU-${at}`,
          name: `Name ${at % 7}`,
          price: dollars(at % 5),
          popularity: at % 3,
        }),
      )
    }
    fc.assert(
      fc.property(
        fc.constantFrom(...productSorts),
        fc.integer({ min: 1, max: 15 }),
        (sort, limit) => {
          expect(walk(region, { sort, limit })).toEqual(skus(region, { sort }))
        },
      ),
      { numRuns: 40 },
    )
  })

  test('miss nothing that was there all the time, while others come and go', () => {
    const region = createRegion()
    const sell = (sku: string, amount: number) =>
      region.create(productInput({ sku, price: dollars(amount) }))
    const staying = Array.from({ length: 20 }, (_, at) => `STAYS-${at}`)
    staying.forEach((sku, at) => sell(sku, at * 10))
    let added = 0
    const seen = walk(region, { sort: 'price_asc', limit: 3 }, () => {
      sell(`EARLY-${++added}`, 1)
      sell(`LATE-${added}`, 1_000)
      region.run(deleteProduct, { id: productIdOf(`EARLY-${added}`), reason: '' })
      region.run(editProduct, { id: productIdOf('STAYS-3'), name: `Name ${added}` })
    })
    expect(seen.filter((sku) => sku.startsWith('STAYS'))).toEqual(staying)
    expect(new Set(seen).size).toBe(seen.length)
  })

  test.each([
    ['of another sort', encodeCursor(['name', 'Lamp', 'x'])],
    ['of no sort', encodeCursor(['best', 1, 'x'])],
    ['that is cut short', encodeCursor(['newest', 1, 'x']).slice(0, -5)],
    ['of another shape', encodeCursor({ sort: 'newest' })],
    ['with a number that is none', Buffer.from('[1,["newest",1e999,"x"]]').toString('base64url')],
    ['that is nothing', ''],
  ])('are not found with a cursor %s', (_, cursor) => {
    const found = createRegion().queries.products({ sort: 'newest', limit: 10, cursor })
    expect(found).toMatchObject({ ok: false, refusal: { code: 'invalid_cursor' } })
  })
})

/** The SKUs of all pages, one after the other. */
const walk = (
  region: Region,
  filter: Partial<ProductFilter>,
  between: () => void = () => {},
): readonly string[] => {
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const { items, next } = page(region, { ...filter, cursor })
    seen.push(...items.map((json) => (JSON.parse(json) as ProductView).sku))
    cursor = next
    between()
  } while (cursor !== undefined)
  return seen
}
