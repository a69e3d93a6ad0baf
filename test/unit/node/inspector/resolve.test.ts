import { describe, expect, test } from 'vitest'
import type { Value } from '../../../../crdt/value.ts'
import { productIdOf } from '../../../../node/catalog/ids.ts'
import { product, type Product } from '../../../../node/catalog/product.ts'
import { changePrice, editProduct } from '../../../../node/catalog/product-rules.ts'
import { conflictsOf } from '../../../../node/inspector/conflict.ts'
import { createConflictQueries } from '../../../../node/inspector/conflict-queries.ts'
import { explain } from '../../../../node/inspector/explain.ts'
import { replayHistory } from '../../../../node/inspector/history.ts'
import { resolveConflict, type ResolveInput } from '../../../../node/inspector/resolve.ts'
import { inspectedKinds } from '../../../../node/shop.ts'
import {
  createClock,
  createRegion,
  meet,
  productInput,
  send,
  type Region,
} from '../catalog/region.ts'

const id = productIdOf('LAMP')
const dollars = (amount: number) => ({ amount, currency: 'USD' })
const inspected = inspectedKinds.find(({ kind }) => kind.schema.kind === 'product')
if (!inspected) throw new Error('The shop knows products')

/** Two regions that disagree about the price and the name of a lamp. */
const disagree = () => {
  const clock = createClock()
  const alice = createRegion(clock)
  const bob = createRegion(clock)
  alice.create(productInput())
  send(alice, bob)
  alice.run(changePrice, { id, price: dollars(100), reason: null })
  bob.run(changePrice, { id, price: dollars(200), reason: null })
  alice.run(editProduct, { id, name: 'Lantern' })
  bob.run(editProduct, { id, name: 'Light' })
  meet(alice, bob)
  return { alice, bob }
}

const resolve = (region: Region, field: string, keep: ResolveInput['keep']) =>
  region.run(resolveConflict(inspected), { id, field, keep })

const conflicts = (region: Region) => conflictsOf(inspected, region.core.read(product, id))

const pricesOf = ({ core }: Region) => {
  const document: Product = core.read(product, id)
  return [...document.store.price.values()].map(({ dot, value }) => ({ dot, price: value.value }))
}

describe('a conflict', () => {
  test('is listed until it is settled, in every region', () => {
    const { alice, bob } = disagree()
    const list = (region: Region) => {
      const queries = createConflictQueries(region.store.database, inspectedKinds)
      const found = queries.list({ kind: undefined, limit: 10, cursor: undefined })
      return found.ok ? found.value.items.map(({ field }) => field) : []
    }
    expect(list(alice)).toEqual(['name', 'price'])
    resolve(alice, 'name', { value: 'Lamp' })
    send(alice, bob)
    expect(list(bob)).toEqual(['price'])
  })

  test('is listed once, whatever the length of the pages', () => {
    const { alice } = disagree()
    const queries = createConflictQueries(alice.store.database, inspectedKinds)
    const first = queries.list({ kind: 'product', limit: 1, cursor: undefined })
    if (!first.ok) throw new Error(first.refusal.detail)
    const second = queries.list({ kind: 'product', limit: 1, cursor: first.value.next })
    if (!second.ok) throw new Error(second.refusal.detail)
    expect([...first.value.items, ...second.value.items].map(({ field }) => field)).toEqual([
      'name',
      'price',
    ])
    expect(second.value.next).toBeUndefined()
  })

  test('is settled by keeping the value that lost', () => {
    const { alice, bob } = disagree()
    const loser = pricesOf(alice).find(({ price }) => price.amount === 100)
    if (!loser) throw new Error('Both prices are kept')
    const { replica, counter } = loser.dot
    expect(resolve(alice, 'price', { dot: `${replica}:${counter}` })).toMatchObject({
      kind: 'product',
      id,
      field: 'price',
    })
    send(alice, bob)
    expect(bob.shown(id)?.price).toEqual(dollars(100))
    expect(conflicts(bob)).toEqual(['name'])
  })

  test('that two settle at once is one conflict less and one more', () => {
    const { alice, bob } = disagree()
    resolve(alice, 'price', { value: dollars(300) })
    resolve(bob, 'price', { value: dollars(400) })
    meet(alice, bob)
    expect(alice.shown(id)?.price).toEqual(dollars(400))
    expect(pricesOf(bob)).toHaveLength(2)
  })

  test.each<readonly [string, string, Value]>([
    ['a price below nothing', 'price', { amount: -1, currency: 'USD' }],
    ['a price in no currency', 'price', { amount: 1, currency: 'XXX' }],
    ['a price with more to it', 'price', { amount: 1, currency: 'USD', also: 1 }],
    ['half a price', 'price', { amount: 1 }],
    ['no price', 'price', null],
    ['an empty name', 'name', ''],
    ['a name of several lines', 'name', 'a\nb'],
    ['half a character', 'name', '\ud800'],
    ['a number for a name', 'name', 1],
  ])('is not settled with %s', (_, field, value) => {
    const { alice } = disagree()
    const before = alice.digest()
    expect(resolve(alice, field, { value })).toEqual({ refused: 'invalid_request' })
    expect(alice.digest()).toBe(before)
  })

  test('that is none is not settled', () => {
    const { alice } = disagree()
    for (const field of [
      'brand',
      'no such field',
      'price/amount',
      '__proto__',
      'constructor',
      '',
    ]) {
      expect(resolve(alice, field, { value: null })).toEqual({ refused: 'conflict_not_found' })
    }
    for (const dot of ['', 'x', '0000000000000000:1', 'ffffffffffffffff:99']) {
      expect(resolve(alice, 'price', { dot })).toEqual({ refused: 'conflict_not_found' })
    }
  })

  test('about an account is settled by keeping, never by writing: roles are not given away here', () => {
    const account = inspectedKinds.find(({ kind }) => kind.schema.kind === 'account')
    expect(account).toBeDefined()
    expect(account?.ownValues).toBeUndefined()
  })
})

describe('an explanation', () => {
  const explained = (region: Region) =>
    explain(
      product,
      replayHistory({ store: region.store, nodeOf: () => undefined }, { kind: inspected.kind, id }),
    )

  test('names the winner, what lost, and the rule', () => {
    const { bob } = disagree()
    expect(explained(bob)['price']).toMatchObject({
      value: dollars(200),
      rule: 'latest_write',
      winner: { value: dollars(200), writtenBy: { type: 'product.price_changed' } },
      siblings: [{ value: dollars(100), writtenBy: { type: 'product.price_changed' } }],
    })
  })

  test('says when the replica broke a tie, and when all agree', () => {
    const clock = createClock()
    const [alice, bob] = [createRegion(clock), createRegion(clock)]
    alice.create(productInput())
    send(alice, bob)
    const now = clock.ms
    for (const [region, name] of [
      [alice, 'Lantern'],
      [bob, 'Light'],
    ] as const) {
      clock.ms = now + 1_000
      region.run(editProduct, { id, name, description: 'Both say this' })
    }
    meet(alice, bob)
    expect(explained(alice)).toEqual(explained(bob))
    expect(explained(bob)['name']?.rule).toBe('replica_breaks_tie')
    expect(explained(bob)['description']?.rule).toBe('all_agree')
    expect(conflicts(bob)).toEqual(['name'])
  })

  test('is the same in a region that heard of it all in another order', () => {
    const { alice, bob } = disagree()
    const carol = createRegion()
    send(bob, carol)
    expect(explained(carol)).toEqual(explained(alice))
  })
})
