/** Each row of the conflict matrix of a product: what two regions did to it, and what it is then. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { productIdOf } from '../../../../node/catalog/ids.ts'
import {
  changePrice,
  deleteProduct,
  editProduct,
  settleDeletion,
  type ProductEdit,
} from '../../../../node/catalog/product-rules.ts'
import { product } from '../../../../node/catalog/product.ts'
import { createConflictQueries } from '../../../../node/inspector/conflict-queries.ts'
import { conflictsOf } from '../../../../node/inspector/conflict.ts'
import { inspectedKinds } from '../../../../node/shop.ts'
import { rowsOf } from '../../crdt/conflict-page.ts'
import { createClock, createRegion, meet, productInput, send, type Region } from './region.ts'

const id = productIdOf('LAMP')
const dollars = (amount: number) => ({ amount, currency: 'USD' })
const [productKind] = inspectedKinds
if (!productKind) throw new Error('The shop knows products')

type Act = (region: Region) => unknown

const edit =
  (fields: Omit<ProductEdit, 'id'>): Act =>
  (region) =>
    region.run(editProduct, { id, ...fields })
const price =
  (amount: number): Act =>
  (region) =>
    region.run(changePrice, { id, price: dollars(amount), reason: null })
const drop =
  (reason: string): Act =>
  (region) =>
    region.run(deleteProduct, { id, reason })
const settle =
  (value: 'restore' | 'keep'): Act =>
  (region) =>
    region.run(settleDeletion, { id, value })
const create =
  (name: string): Act =>
  (region) =>
    region.create(productInput({ name }))

interface Meeting {
  readonly given?: readonly Act[]
  readonly alice: Act
  /** Later than alice. */
  readonly bob: Act
}

/** Lets both act while they are cut off, and answers what both see when they have met. */
const outcome = ({ given = [create('Lamp')], alice: first, bob: second }: Meeting) => {
  const clock = createClock()
  const alice = createRegion(clock)
  const bob = createRegion(clock)
  for (const act of given) expect(act(alice)).not.toHaveProperty('refused')
  send(alice, bob)
  expect(first(alice)).not.toHaveProperty('refused')
  expect(second(bob)).not.toHaveProperty('refused')
  meet(alice, bob)
  expect(alice.digest()).toBe(bob.digest())
  expect(alice.shown(id)).toEqual(bob.shown(id))
  const conflicts = conflictsOf(productKind, bob.core.read(product, id))
  return { alice, bob, shown: bob.shown(id), conflicts }
}

const word = fc.constantFrom('Lamp', 'Lantern', 'Light', 'Lampion')
const amount = fc.integer({ min: 0, max: 1_000_000 })

/** Lets both acts meet, whichever came first. */
const inBothOrders = (
  { given, one, other }: { given?: readonly Act[]; one: Act; other: Act },
  check: (met: ReturnType<typeof outcome>) => void,
): void => {
  for (const [first, second] of [
    [one, other],
    [other, one],
  ] as const) {
    check(outcome({ ...(given && { given }), alice: first, bob: second }))
  }
}

const always = <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void): void =>
  fc.assert(fc.property(arbitrary, holds), { numRuns: 10 })

const onSale: readonly Act[] = [create('Lamp'), edit({ tags: ['sale'] })]

/** Whatever was edited while somebody deleted it: it stays deleted, and a person should look. */
const staysDeleted = (change: Act): void =>
  inBothOrders({ given: onSale, one: change, other: drop('broken') }, ({ shown, conflicts }) => {
    expect(shown).toBeUndefined()
    expect(conflicts).toEqual(['deletion'])
  })

const properties: Readonly<Record<string, () => void>> = {
  'product: create x create': () =>
    always(fc.tuple(word, word), ([a, b]) => {
      const { shown, conflicts } = outcome({ given: [], alice: create(a), bob: create(b) })
      expect(shown?.name).toBe(b)
      expect(conflicts).toEqual(a === b ? [] : ['name'])
    }),
  'product: edit x edit': () =>
    always(fc.tuple(amount, amount), ([a, b]) => {
      const { shown, conflicts } = outcome({ alice: price(a), bob: price(b) })
      expect(shown?.price).toEqual(dollars(b))
      expect(conflicts).toEqual(a === b ? [] : ['price'])
    }),
  'product: edit x edit elsewhere': () =>
    always(fc.tuple(word, amount), ([name, popularity]) =>
      inBothOrders({ one: edit({ name }), other: edit({ popularity }) }, ({ shown, conflicts }) => {
        expect(shown).toMatchObject({ name, popularity })
        expect(conflicts).toEqual([])
      }),
    ),
  'product: add tag x add tag': () =>
    always(fc.tuple(word, word), ([a, b]) => {
      const { shown } = outcome({ alice: edit({ addTags: [a] }), bob: edit({ addTags: [b] }) })
      expect(shown?.tags).toEqual([...new Set([a, b])].toSorted())
    }),
  'product: add tag x remove tag': () =>
    inBothOrders(
      { given: onSale, one: edit({ addTags: ['sale'] }), other: edit({ removeTags: ['sale'] }) },
      ({ shown, conflicts }) => {
        expect(shown?.tags).toEqual(['sale'])
        expect(conflicts).toEqual([])
      },
    ),
  'product: add tag x set tags': () =>
    inBothOrders(
      { given: onSale, one: edit({ addTags: ['gift'] }), other: edit({ tags: ['new'] }) },
      ({ shown }) => expect(shown?.tags).toEqual(['gift', 'new']),
    ),
  'product: remove tag x remove tag': () =>
    inBothOrders(
      { given: onSale, one: edit({ removeTags: ['sale'] }), other: edit({ removeTags: ['sale'] }) },
      ({ shown }) => expect(shown?.tags).toEqual([]),
    ),
  'product: remove tag x set tags': () =>
    inBothOrders(
      { given: onSale, one: edit({ removeTags: ['sale'] }), other: edit({ tags: ['sale'] }) },
      ({ shown }) => expect(shown?.tags).toEqual(['sale']),
    ),
  'product: set tags x set tags': () =>
    inBothOrders(
      { given: onSale, one: edit({ tags: ['new'] }), other: edit({ tags: ['gift'] }) },
      ({ shown }) => expect(shown?.tags).toEqual(['gift', 'new']),
    ),
  'product: categorise x categorise': () =>
    inBothOrders(
      {
        one: edit({ categories: [['Home', 'Lamps']] }),
        other: edit({ categories: [['Gifts']] }),
      },
      ({ shown }) => expect(shown?.categoryPaths).toEqual([['Gifts'], ['Home', 'Lamps']]),
    ),
  'product: edit x delete': () => always(amount, (units) => staysDeleted(price(units))),
  'product: add tag x delete': () => always(word, (tag) => staysDeleted(edit({ addTags: [tag] }))),
  'product: remove tag x delete': () => staysDeleted(edit({ removeTags: ['sale'] })),
  'product: categorise x delete': () => staysDeleted(edit({ categories: [] })),
  'product: delete x delete': () => {
    const { shown, conflicts } = outcome({ alice: drop('broken'), bob: drop('old') })
    expect(shown).toBeUndefined()
    expect(conflicts).toEqual([])
  },
  'product: restore x restore': () => {
    const given = [create('Lamp'), drop('broken')]
    const { shown, conflicts } = outcome({
      given,
      alice: settle('restore'),
      bob: settle('restore'),
    })
    expect(shown?.name).toBe('Lamp')
    expect(conflicts).toEqual([])
  },
  'product: restore x keep': () => {
    const given = [create('Lamp'), drop('broken')]
    const restored = outcome({ given, alice: settle('keep'), bob: settle('restore') })
    expect(restored.shown?.name).toBe('Lamp')
    expect(restored.conflicts).toEqual(['deletion'])
    const kept = outcome({ given, alice: settle('restore'), bob: settle('keep') })
    expect(kept.shown).toBeUndefined()
    expect(kept.conflicts).toEqual(['deletion'])
  },
  'product: keep x keep': () => {
    const given = [create('Lamp'), drop('broken')]
    const { shown, conflicts } = outcome({ given, alice: settle('keep'), bob: settle('keep') })
    expect(shown).toBeUndefined()
    expect(conflicts).toEqual([])
  },
  'product: take an sku x take it elsewhere': () => {
    const clock = createClock()
    const [alice, bob] = [createRegion(clock), createRegion(clock)]
    const variants = [{ sku: 'SHARED', options: [], price: null, initialQuantity: undefined }]
    alice.create(productInput({ variants }))
    bob.create(productInput({ sku: 'CHAIR', variants }))
    meet(alice, bob)
    expect(alice.digest()).toBe(bob.digest())
    const both = [id, productIdOf('CHAIR')].toSorted()
    expect(alice.queries.skuOwners('SHARED').toSorted()).toEqual(both)
    const list = createConflictQueries(alice.store.database, inspectedKinds)
    const found = list.list({ kind: 'product', limit: 10, cursor: undefined })
    expect(found).toEqual({
      ok: true,
      value: { items: both.map((one) => ({ kind: 'product', id: one, field: 'sku/SHARED' })) },
    })
  },
}

describe('the conflict matrix', () => {
  test('has a row for each property and a property for each row', () => {
    expect(rowsOf('product')).toEqual(Object.keys(properties))
  })

  test.each(Object.entries(properties))('%s', (_, holds) => {
    expect(holds).not.toThrow()
  })
})

describe('a conflict of a product', () => {
  test('ends with a write that has seen the siblings', () => {
    const { alice, bob } = outcome({ alice: price(1), bob: price(2) })
    price(3)(alice)
    send(alice, bob)
    expect(bob.shown(id)?.price).toEqual(dollars(3))
    expect(conflictsOf(productKind, bob.core.read(product, id))).toEqual([])
  })

  test('is none if one of two deletions had seen the edit', () => {
    const { conflicts } = outcome({
      alice: (region) => {
        edit({ name: 'Lantern' })(region)
        return drop('broken')(region)
      },
      bob: drop('old'),
    })
    expect(conflicts).toEqual([])
  })

  test.each([
    ['restoring brings back the edit that the deletion did not know of', 'restore', 'Lantern'],
    ['keeping the deletion leaves the edit out', 'keep', undefined],
  ] as const)('%s', (_, decision, name) => {
    const { alice, bob } = outcome({ alice: drop('broken'), bob: edit({ name: 'Lantern' }) })
    settle(decision)(alice)
    send(alice, bob)
    expect(bob.shown(id)?.name).toBe(name)
    expect(conflictsOf(productKind, bob.core.read(product, id))).toEqual([])
  })
})
