/** The read model, however it came about, is the one that the documents make. */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { productIdOf } from '../../../../node/catalog/ids.ts'
import { changePrice, deleteProduct, editProduct } from '../../../../node/catalog/product-rules.ts'
import { rebuild } from '../../../../node/core/rebuild.ts'
import * as shop from '../../../../node/shop.ts'
import { createClock, createRegion, meet, productInput, type Region } from './region.ts'

const sku = fc.constantFrom('LAMP', 'CHAIR', 'TABLE')
const label = fc.constantFrom('Home', 'Gifts', 'Sale')
const labels = fc.uniqueArray(label, { maxLength: 2 })

const act = fc.oneof(
  fc.record({ sku, tags: labels, variants: labels }).map(
    ({ sku, tags, variants }) =>
      (region: Region) =>
        region.put(
          productInput({
            sku,
            tags,
            variants: variants.map((size) => ({
              sku: `${sku}-${size}`,
              options: [['Size', size]],
              price: null,
              initialQuantity: 1,
            })),
          }),
        ),
  ),
  fc.record({ sku, categories: labels, brand: label }).map(
    ({ sku, categories, brand }) =>
      (region: Region) =>
        region.run(editProduct, {
          id: productIdOf(sku),
          categories: categories.map((name) => [name]),
          brand,
        }),
  ),
  fc.record({ sku, amount: fc.nat(100) }).map(
    ({ sku, amount }) =>
      (region: Region) =>
        region.run(changePrice, {
          id: productIdOf(sku),
          price: { amount, currency: 'USD' },
          reason: null,
        }),
  ),
  sku.map(
    (sku) => (region: Region) => region.run(deleteProduct, { id: productIdOf(sku), reason: '' }),
  ),
)

const rowsOf = ({ store: { database } }: Region) =>
  shop.readModelTables.map(({ name, columns }) => ({
    name,
    rows: database
      .prepare(`select ${columns.join(', ')} from ${name} order by ${columns.join(', ')}`)
      .all(),
  }))

test('rows are the same in both regions, and the same when they are made anew', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('alice', 'bob', 'both'), act), { maxLength: 15 })
  fc.assert(
    fc.property(steps, (history) => {
      const clock = createClock()
      const [alice, bob] = [createRegion(clock), createRegion(clock)]
      for (const [where, step] of history) {
        if (where === 'both') meet(alice, bob)
        step(where === 'bob' ? bob : alice)
      }
      meet(alice, bob)
      expect(rowsOf(bob)).toEqual(rowsOf(alice))
      const before = rowsOf(alice)
      rebuild(alice.store, shop.kinds)
      expect(rowsOf(alice)).toEqual(before)
    }),
    { numRuns: 25 },
  )
})
