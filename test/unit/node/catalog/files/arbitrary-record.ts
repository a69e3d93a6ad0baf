/** Any catalog record there can be, for properties. */

import * as fc from 'fast-check'
import { amountMax } from '../../../../../node/catalog/money.ts'
import { popularityMax, quantityMax } from '../../../../../node/catalog/limits.ts'
import type { CatalogRecord } from '../../../../../node/catalog/files/record.ts'

// Without characters that a line's texts may not have: controls, and the C1 that are repaired.
const wild = (maxLength: number) =>
  fc.string({ unit: 'grapheme', maxLength }).map((text) =>
    text
      .replace(/[\p{Cc}\p{Zl}\p{Zp}>]/gu, '')
      .slice(0, maxLength)
      .toWellFormed(),
  )

const label = wild(20).map((text) => `${text}x`)
const sku = fc.stringMatching(/^[A-Za-z0-9._~-]{1,16}$/)
const currency = fc.constantFrom('USD', 'EUR', 'JPY', 'KWD')
const quantity = fc.integer({ min: 0, max: quantityMax })

const money = (currencyOf: fc.Arbitrary<string>) =>
  fc.record({ amount: fc.integer({ min: 0, max: amountMax }), currency: currencyOf })

const image = fc.record(
  { url: fc.webUrl({ validSchemes: ['https', 'http'] }), alt: label },
  { requiredKeys: ['url'] },
)

const variants = fc.uniqueArray(
  fc.record(
    {
      sku,
      options: fc.dictionary(
        label.filter((name) => name !== '__proto__'),
        label,
        { maxKeys: 3, noNullPrototype: true },
      ),
      price: money(currency),
      quantity,
    },
    { requiredKeys: ['sku', 'options'] },
  ),
  { maxLength: 4, selector: (variant) => variant.sku },
)

export const anyRecord: fc.Arbitrary<CatalogRecord> = fc
  .record(
    {
      sku,
      name: label,
      description: wild(40).map((text) => `${text}\n\t${text}`),
      brand: label,
      categories: fc.array(label, { maxLength: 4 }),
      tags: fc.uniqueArray(label, { maxLength: 4 }),
      price: money(currency),
      images: fc.array(image, { maxLength: 3 }),
      popularity: fc.integer({ min: 0, max: popularityMax }),
      quantity,
      variants,
    },
    {
      requiredKeys: [
        'sku',
        'name',
        'description',
        'categories',
        'tags',
        'price',
        'images',
        'variants',
      ],
    },
  )
  .map(({ quantity: units, ...record }) =>
    units === undefined || record.variants.length > 0 ? record : { ...record, quantity: units },
  )
