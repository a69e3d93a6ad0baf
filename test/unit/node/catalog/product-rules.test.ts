import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import { tagsMax } from '../../../../node/catalog/limits.ts'
import { product } from '../../../../node/catalog/product.ts'
import { isAsGiven, type ProductInput } from '../../../../node/catalog/product-input.ts'
import {
  changePrice,
  deleteProduct,
  editProduct,
  putProduct,
} from '../../../../node/catalog/product-rules.ts'
import type { Command } from '../../../../node/core/core.ts'
import { createRegion, productInput, type Region } from './region.ts'

const id = productIdOf('LAMP')
const dollars = (amount: number) => ({ amount, currency: 'USD' })
const variant = (sku: string, more: object = {}) => ({
  sku,
  options: [['Size', sku]] as const,
  price: null,
  initialQuantity: undefined,
  ...more,
})

describe('a product', () => {
  test('is sold as the one variant that it is, if it has no others', () => {
    const alice = createRegion()
    alice.create(productInput())
    expect(alice.shown(id)).toMatchObject({
      id,
      sku: 'LAMP',
      variants: [
        { id: variantIdOf(id, 'LAMP'), sku: 'LAMP', price: dollars(4_900), available: null },
      ],
    })
  })

  test('has its variants in the order in which they were given, each at its own price or its', () => {
    const alice = createRegion()
    const variants = [variant('Z'), variant('A', { price: dollars(5_200) })]
    alice.create(productInput({ variants }))
    expect(alice.shown(id)?.variants).toMatchObject([
      { sku: 'Z', options: { Size: 'Z' }, price: dollars(4_900) },
      { sku: 'A', options: { Size: 'A' }, price: dollars(5_200) },
    ])
  })

  test('shows how many units of each variant there are, where they are counted', () => {
    const alice = createRegion()
    const variants = [
      variant('S', { initialQuantity: 7 }),
      variant('M'),
      variant('L', { initialQuantity: 0 }),
    ]
    alice.create(productInput({ variants }))
    expect(alice.shown(id)?.variants.map(({ available }) => available)).toEqual([7, null, 0])
    const listed = alice.queries.products({ sort: 'newest', limit: 1 })
    expect(listed.ok && listed.value.items.map((json) => JSON.parse(json))).toEqual([
      alice.shown(id),
    ])
  })

  test('stands in all its categories, with every path', () => {
    const alice = createRegion()
    const categories = [['Home', 'Lamps'], ['Gifts']]
    alice.create(productInput({ categories }))
    expect(alice.shown(id)).toMatchObject({
      categories: ['Gifts', 'Home', 'Lamps'],
      categoryPaths: [['Gifts'], ['Home', 'Lamps']],
      categoryIds: ['gifts', 'home.lamps'],
    })
    expect(alice.queries.category('home')).toBeDefined()
  })

  test('was updated when its tags were, even if one was only taken away', () => {
    const alice = createRegion()
    alice.create(productInput({ tags: ['sale'] }))
    const before = alice.shown(id)
    alice.clock.ms += 60_000
    alice.run(editProduct, { id, removeTags: ['sale'] })
    expect(alice.shown(id)).toMatchObject({ tags: [], createdAt: before?.createdAt })
    expect(alice.shown(id)?.updatedAt).toBe(new Date(alice.clock.ms).toISOString())
  })

  test('has a limit of tags that no sequence of edits gets around', () => {
    const alice = createRegion()
    const tags = Array.from({ length: tagsMax }, (_, index) => `tag ${index}`)
    alice.create(productInput({ tags }))
    expect(alice.run(editProduct, { id, addTags: ['one more'] })).toEqual({
      refused: 'invalid_request',
    })
    expect(alice.run(editProduct, { id, addTags: ['one more'], removeTags: ['tag 0'] })).toEqual({
      id,
    })
  })
})

describe('an SKU', () => {
  test('names one product', () => {
    const alice = createRegion()
    alice.create(productInput())
    expect(alice.create(productInput())).toEqual({ refused: 'sku_taken' })
  })

  test('of a variant is nobody else’s, whether product or variant', () => {
    const alice = createRegion()
    alice.create(productInput({ variants: [variant('LAMP-S')] }))
    expect(alice.create(productInput({ sku: 'LAMP-S' }))).toEqual({ refused: 'sku_taken' })
    const other = productInput({ sku: 'CHAIR', variants: [variant('LAMP-S')] })
    expect(alice.create(other)).toEqual({ refused: 'sku_taken' })
    expect(alice.create({ ...other, variants: [variant('LAMP')] })).toEqual({
      refused: 'sku_taken',
    })
  })

  test('is not given twice by commands that are decided together', () => {
    const alice = createRegion()
    const put = (input: ProductInput): Command =>
      ({ decide: putProduct(alice.skuOwners), input, actor: 'account/admin' }) as Command
    const results = alice.core.execute([
      put(productInput({ variants: [variant('SHARED')] })),
      put(productInput({ sku: 'CHAIR', variants: [variant('SHARED')] })),
    ])
    expect(results.map((result) => 'ok' in result && result.ok)).toEqual([true, false])
  })

  test('is free again when its product is gone', () => {
    const alice = createRegion()
    alice.create(productInput({ variants: [variant('LAMP-S')] }))
    alice.run(deleteProduct, { id, reason: 'broken' })
    expect(alice.create(productInput({ sku: 'LAMP-S' }))).toEqual({ id: productIdOf('LAMP-S') })
  })
})

describe('putting a product in', () => {
  test('that is there as given writes nothing', () => {
    const input = productInput({
      brand: 'Pharos',
      categories: [['Home', 'Lamps']],
      tags: ['sale', 'new', 'sale'],
      images: [{ url: 'https://shop.example/lamp.jpg', alt: 'A lamp' }],
      variants: [variant('S'), variant('M', { price: dollars(1) })],
    })
    const alice = createRegion()
    alice.put(input)
    expect(isAsGiven(alice.core.read(product, id), input)).toBe(true)
    expect(isAsGiven(alice.core.read(product, id), { ...input, name: 'Lamp' })).toBe(false)
  })

  test('overwrites what differs, takes away what is not given, and says so', () => {
    const alice = createRegion()
    expect(
      alice.put(productInput({ tags: ['old'], variants: [variant('S'), variant('M')] })),
    ).toEqual({
      id,
      isNew: true,
    })
    expect(
      alice.put(productInput({ name: 'Lamp', tags: ['new'], variants: [variant('M')] })),
    ).toEqual({
      id,
      isNew: false,
    })
    expect(alice.shown(id)).toMatchObject({
      name: 'Lamp',
      tags: ['new'],
      variants: [{ sku: 'M' }],
    })
  })

  test('never counts its units twice', () => {
    const alice = createRegion()
    alice.put(productInput({ initialQuantity: 5 }))
    alice.put(productInput({ name: 'Lamp', initialQuantity: 5 }))
    expect(alice.shown(id)?.variants[0]?.available).toBe(5)
  })

  test('brings a deleted one back', () => {
    const alice = createRegion()
    alice.put(productInput())
    alice.run(deleteProduct, { id, reason: 'broken' })
    expect(alice.shown(id)).toBeUndefined()
    expect(alice.put(productInput({ name: 'Mended Lamp' }))).toEqual({ id, isNew: true })
    expect(alice.shown(id)?.name).toBe('Mended Lamp')
  })
})

describe('what cannot be', () => {
  const withLamp = (): Region => {
    const alice = createRegion()
    alice.create(productInput())
    return alice
  }

  test.each([
    ['edited', (alice: Region) => alice.run(editProduct, { id, name: 'x' })],
    ['priced', (alice: Region) => alice.run(changePrice, { id, price: dollars(1), reason: null })],
    ['deleted', (alice: Region) => alice.run(deleteProduct, { id, reason: '' })],
  ])('a product that is not there is not %s', (_, attempt) => {
    expect(attempt(createRegion())).toEqual({ refused: 'product_not_found' })
    const alice = withLamp()
    alice.run(deleteProduct, { id, reason: 'broken' })
    expect(attempt(alice)).toEqual({ refused: 'product_deleted' })
  })

  test('prices of one product are in one currency', () => {
    const alice = withLamp()
    const euros = { amount: 1, currency: 'EUR' }
    expect(alice.run(changePrice, { id, price: euros, reason: null })).toEqual({
      refused: 'currency_mismatch',
    })
    const variants = [variant('S', { price: euros })]
    expect(alice.put(productInput({ variants }))).toEqual({ refused: 'currency_mismatch' })
  })

  test('a product too large for one change is refused before anything of it is kept', () => {
    const alice = createRegion()
    const large = '\u{1F4A1}'.repeat(60)
    const variants = Array.from({ length: 100 }, (_, at) => ({
      ...variant(`S-${at}`),
      options: Array.from({ length: 8 }, (_, index) => [`${index}${large}`, large] as const),
    }))
    const before = alice.digest()
    expect(alice.create(productInput({ variants }))).toEqual({ refused: 'body_too_large' })
    expect(alice.digest()).toBe(before)
    expect(alice.create(productInput({ sku: 'S-1' }))).not.toHaveProperty('refused')
  })
})

test('any sequence of puts leaves the product as the last one gave it', () => {
  const label = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  const input = fc
    .record({
      name: label,
      description: label,
      brand: fc.option(label),
      tags: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
      categories: fc.array(
        fc.array(fc.constantFrom('x', 'y', 'z'), { minLength: 1, maxLength: 3 }),
        {
          maxLength: 2,
        },
      ),
      images: fc
        .uniqueArray(fc.constantFrom('1', '2', '3'), { maxLength: 3 })
        .map((names) => names.map((name) => ({ url: `https://shop.example/${name}`, alt: null }))),
      popularity: fc.nat(),
      price: fc.nat().map(dollars),
      variants: fc
        .uniqueArray(fc.constantFrom('S', 'M', 'L'), { maxLength: 3 })
        .map((skus) => skus.map((sku) => variant(sku))),
    })
    .map(productInput)
  const alice = createRegion()
  fc.assert(
    fc.property(input, (given) => {
      alice.put(given)
      expect(isAsGiven(alice.core.read(product, id), given)).toBe(true)
    }),
    { numRuns: 50 },
  )
})
