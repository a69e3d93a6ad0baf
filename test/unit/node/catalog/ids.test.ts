import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as categoryPath from '../../../../node/catalog/category-path.ts'
import {
  brandIdOf,
  categoryIdOf,
  isProductId,
  isVariantId,
  productIdOf,
  productOf,
  slug,
  variantIdOf,
} from '../../../../node/catalog/ids.ts'

const text = fc.string({ unit: 'grapheme', minLength: 1 })

describe('a product id', () => {
  test('follows from the SKU alone, and is another for another SKU', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(isProductId(productIdOf(a))).toBe(true)
        expect(productIdOf(a) === productIdOf(b)).toBe(a === b)
      }),
    )
  })

  test('is part of the ids of its variants', () => {
    fc.assert(
      fc.property(text, text, (sku, variantSku) => {
        const variant = variantIdOf(productIdOf(sku), variantSku)
        expect(isVariantId(variant)).toBe(true)
        expect(productOf(variant)).toBe(productIdOf(sku))
      }),
    )
  })

  test('never changes: it stands in links and in other nodes', () => {
    expect(productIdOf('WX-4711')).toMatchInlineSnapshot(`"dr57euo0rjk4633vt7be"`)
    expect(variantIdOf(productIdOf('WX-4711'), 'WX-4711-M')).toMatchInlineSnapshot(
      `"dr57euo0rjk4633vt7be-voovvkm1"`,
    )
  })
})

describe('a slug', () => {
  test('is its own slug', () => {
    fc.assert(
      fc.property(text, (name) => {
        expect(slug(slug(name))).toBe(slug(name))
        expect(slug(name)).not.toMatch(/[.\s/]/)
      }),
      { numRuns: 2_000 },
    )
  })

  test('is its own slug for every letter there is', () => {
    const unstable: string[] = []
    for (let code = 0; code <= 0x10ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const letter = String.fromCodePoint(code)
      if (/[\p{L}\p{N}\p{M}]/u.test(letter) && slug(slug(letter)) !== slug(letter)) {
        unstable.push(letter)
      }
    }
    expect(unstable).toEqual([])
  })

  test.each([
    ['Prepaid Phones', 'prepaid-phones'],
    ['  Home & Garden ', 'home-garden'],
    ['Lampen für Küche', 'lampen-für-küche'],
    ['Ｆｕｌｌ Ｗｉｄｔｈ', 'full-width'],
    ['हिन्दी किताबें', 'हिन्दी-किताबें'],
    ['日本語', '日本語'],
  ])('%s is %s', (name, expected) => {
    expect(slug(name)).toBe(expected)
  })

  test('of signs alone is still one of its own', () => {
    expect(slug('***')).toMatch(/^[0-9a-v]{8}$/)
    expect(slug('***')).not.toBe(slug('+++'))
  })

  test('is the same for spellings that a person takes for one', () => {
    expect(brandIdOf('Café Noir')).toBe(brandIdOf('CAFE\u0301 NOIR'))
    expect(categoryIdOf(['Phones', 'Prepaid Phones'])).toBe('phones.prepaid-phones')
    expect(categoryIdOf(['phones', 'PREPAID  phones'])).toBe('phones.prepaid-phones')
  })
})

describe('a category path', () => {
  test('is split where it was joined', () => {
    const name = fc
      .string({ unit: fc.constantFrom('a', ' ', '>', '.'), minLength: 1 })
      .filter(categoryPath.isName)
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (names) => {
        expect(categoryPath.split(categoryPath.join(names))).toEqual(names)
      }),
      { numRuns: 1_000 },
    )
  })
})
