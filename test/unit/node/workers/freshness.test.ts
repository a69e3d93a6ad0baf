import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProductId } from '../../../../node/catalog/ids.ts'
import { createLocalMemory } from '../../../../native/fallback/local-memory.ts'
import { createFreshness } from '../../../../node/workers/freshness.ts'
import { createSharedProducts } from '../../../../node/workers/shared-products.ts'

test('a change moves the stamp of its document, for every thread that has the table', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (kind, id) => {
      const here = createFreshness()
      const there = createFreshness(here.buffer)
      const before = there.stampOf(kind, id)
      here.changed(kind, id)
      expect(there.stampOf(kind, id)).not.toBe(before)
      expect(there.stampOf(kind, id)).toBe(here.stampOf(kind, id))
    }),
  )
})

test('few documents share a stamp', () => {
  const freshness = createFreshness()
  const ids = Array.from({ length: 2_000 }, (_, at) => `${at}`.padStart(20, 'a'))
  freshness.changed('product', ids[0] ?? '')
  const moved = ids.filter((id) => freshness.stampOf('product', id) !== 0)
  expect(moved.length).toBeLessThan(4)
})

// Ids that meet in one place of the map, and ids that do not.
const ids = ['aa', 'bb', 'ca', 'db'].map(
  (ends) => `0123456789abcdef${ends[0]}00${ends[1]}`.slice(0, 20) as ProductId,
)

type Step =
  | { readonly does: 'write'; readonly id: number; readonly json: string }
  | { readonly does: 'delete'; readonly id: number }
  | { readonly does: 'read'; readonly id: number; readonly by: number }

const id = fc.nat({ max: ids.length - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant('write' as const), id, json: fc.string({ maxLength: 300 }) }),
  fc.record({ does: fc.constant('delete' as const), id }),
  fc.record({ does: fc.constant('read' as const), id, by: fc.nat({ max: 2 }) }),
)

test('whoever reads a product reads it as it was last written, whoever read it before', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const stored = new Map<string, string>()
      const freshness = createFreshness()
      const map = createLocalMemory().maps.create({ expected: 16 })
      const queries = { product: (id: ProductId) => stored.get(id) }
      const readers = [0, 1, 2].map(() => createSharedProducts(map, queries, freshness))
      const reads: (readonly [string | undefined, string | undefined])[] = []
      for (const one of steps) {
        const product = ids[one.id] ?? ids[0]!
        if (one.does === 'read') {
          reads.push([readers[one.by]?.product(product), stored.get(product)])
          continue
        }
        if (one.does === 'write') stored.set(product, one.json)
        else stored.delete(product)
        freshness.changed('product', product)
      }
      for (const [read, written] of reads) expect(read).toBe(written)
    }),
  )
})

test('a product that changed while it was read is read again by the next', () => {
  const freshness = createFreshness()
  const map = createLocalMemory().maps.create({ expected: 16 })
  const product = ids[0]!
  let json = 'old'
  const slow = createSharedProducts(
    map,
    {
      product: () => {
        const read = json
        json = 'new'
        freshness.changed('product', product)
        return read
      },
    },
    freshness,
  )
  expect(slow.product(product)).toBe('old')
  expect(createSharedProducts(map, { product: () => json }, freshness).product(product)).toBe('new')
})

test('a product too long to be kept, or whose id has another form, is read each time', () => {
  const freshness = createFreshness()
  const map = createLocalMemory().maps.create({ expected: 16 })
  const json = 'x'.repeat(100_000)
  const products = createSharedProducts(map, { product: () => json }, freshness)
  expect(products.product(ids[0]!)).toBe(json)
  expect(products.product('no id' as ProductId)).toBe(json)
  expect(map.size()).toBe(0)
})
