/** What changes of the real rules are told as, and that the telling does not depend on who tells it when. */

import { describe, expect, it } from 'vitest'
import { productIdOf } from '../../../../node/catalog/ids.ts'
import { changePrice, deleteProduct, editProduct } from '../../../../node/catalog/product-rules.ts'
import { documentOf, eventTypes } from '../../../../node/events/catalogue.ts'
import { deriveEvents } from '../../../../node/events/derive.ts'
import { isEventId, type DomainEvent } from '../../../../node/events/event.ts'
import { receiveStock } from '../../../../node/inventory/stock-rules.ts'
import { mainLocation } from '../../../../node/inventory/location-id.ts'
import { accountIdOf } from '../../../../node/identity/account-id.ts'
import { createAccount } from '../../../../node/identity/account.ts'
import { cancelOrder, deliverOrder, packOrder } from '../../../../node/orders/order-rules.ts'
import * as change from '../../../../sync/change.ts'
import { act, guest, variantOf } from '../cart/shopping.ts'
import { createClock, createRegion, productInput, send, type Region } from '../catalog/region.ts'
import { keys } from '../identity/test-node.ts'
import { begin, end, openSellers, place } from '../orders/selling.ts'

const lookup = { accountOfSession: () => undefined }

const eventsOf = (region: Region): readonly DomainEvent[] =>
  region.log
    .read(0, Infinity)
    .entries.flatMap(({ bytes }) => deriveEvents(change.decode(bytes), lookup).events)

const typesSince = (region: Region, work: () => void): readonly string[] => {
  const before = eventsOf(region).length
  work()
  return eventsOf(region)
    .slice(before)
    .map(({ type }) => type)
}

/** A day at a shop, in which most of what there is happens. */
const live = (): Region => {
  const [alice = createRegion()] = openSellers(createClock(), { TEA: 20, CAKE: 5 }, 1)
  const id = productIdOf('TEA')
  alice.run(changePrice, { id, price: { amount: 99, currency: 'USD' }, reason: 'a sale' })
  alice.run(editProduct, { id, tags: ['green'] })
  const account = accountIdOf(keys, 'carol@shop.example')
  const passwordHash = `$argon2id$v=19$m=19456,t=2,p=1$${'b'.repeat(22)}$${'c'.repeat(43)}`
  alice.run(createAccount, { id: account, email: 'carol@shop.example', passwordHash, roles: [] })
  act(alice, { does: 'add', sku: 'TEA', quantity: 2 })
  act(alice, { does: 'remove', sku: 'TEA' })
  const paid = place(alice, { lines: { TEA: 2 } })
  alice.run(packOrder, { id: paid, by: 'account/admin' })
  alice.run(deliverOrder, { id: paid, by: 'account/admin' })
  const other = place(alice, { lines: { CAKE: 1 }, payment: 'none' })
  alice.run(cancelOrder, { id: other, by: 'account/admin', reason: 'changed her mind' })
  alice.run(deleteProduct, { id: productIdOf('CAKE'), reason: 'sold out' })
  return alice
}

describe('the events of a shop', () => {
  it('fit their schemas, each under an id of its own', () => {
    const events = eventsOf(live())
    expect(new Set(events.map(({ type }) => type)).size).toBeGreaterThan(10)
    for (const { type, data } of events) documentOf(type).data.parse(data)
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    expect(events.map(({ id }) => id).filter((id) => !isEventId(id))).toEqual([])
  })

  it('are the same wherever and whenever they are derived', () => {
    const alice = live()
    const bob = createRegion(alice.clock)
    const before = eventsOf(alice)
    act(alice, { does: 'add', sku: 'TEA', quantity: 1 })
    send(alice, bob)
    expect(JSON.stringify(eventsOf(bob).slice(0, before.length))).toBe(JSON.stringify(before))
  })

  it('hold neither addresses nor names of people', () => {
    const text = JSON.stringify(eventsOf(live()))
    expect(text).not.toMatch(/carol@|Carol Harbour|1 Quay|12345|argon2id/)
  })
})

describe('a product', () => {
  it('is created with the stock it begins with', () => {
    const alice = createRegion()
    const [created, ...stock] = ((): readonly DomainEvent[] => {
      alice.create(productInput({ sku: 'TEA', name: 'Tea', initialQuantity: 3 }))
      return eventsOf(alice)
    })()
    expect(created).toMatchObject({
      type: 'product.created',
      subject: `products/${productIdOf('TEA')}`,
      data: { sku: 'TEA', name: 'Tea', price: { amount: 4_900, currency: 'USD' } },
    })
    expect(stock.map(({ type }) => type)).toEqual([
      'product.inventory.updated',
      'inventory.updated',
    ])
    expect(created?.id).toMatch(/:1$/)
    expect(stock[0]?.id).toMatch(/:1\/1$/)
  })

  it('is priced anew, with the price before and the reason', () => {
    const alice = createRegion()
    alice.create(productInput({ sku: 'TEA' }))
    const price = { amount: 99, currency: 'USD' }
    alice.run(changePrice, { id: productIdOf('TEA'), price, reason: 'a sale' })
    expect(eventsOf(alice).at(-1)).toMatchObject({
      type: 'product.price.changed',
      data: { price, before: { amount: 4_900, currency: 'USD' }, reason: 'a sale' },
    })
  })

  it('is deleted as an update that says so', () => {
    const alice = createRegion()
    alice.create(productInput({ sku: 'TEA' }))
    alice.run(deleteProduct, { id: productIdOf('TEA'), reason: 'withdrawn' })
    expect(eventsOf(alice).at(-1)).toMatchObject({
      type: 'product.updated',
      data: { fields: ['deletion'], isDeleted: true },
    })
  })

  it('has its stock told of when units come in', () => {
    const [alice = createRegion()] = openSellers(createClock(), { TEA: 1 }, 1)
    const input = {
      variant: variantOf('TEA'),
      location: mainLocation,
      units: 4,
      reason: 'delivery',
    }
    expect(typesSince(alice, () => alice.run(receiveStock, input))).toEqual([
      'product.inventory.updated',
      'inventory.updated',
    ])
  })
})

describe('a cart', () => {
  it('tells which line was added to, and which was taken out', () => {
    const [alice = createRegion()] = openSellers(createClock(), { TEA: 9, CAKE: 9 }, 1)
    act(alice, { does: 'add', sku: 'TEA', quantity: 2 })
    act(alice, { does: 'set', sku: 'CAKE', quantity: 3 })
    expect(eventsOf(alice).at(-1)).toMatchObject({
      type: 'cart.item_added',
      data: { cartId: guest, variantId: variantOf('CAKE'), quantity: 3, isTotal: true },
    })
    act(alice, { does: 'remove', sku: 'TEA' })
    expect(eventsOf(alice).slice(-2)).toMatchObject([
      { type: 'cart.updated' },
      { type: 'cart.item_removed', data: { cartId: guest, variantId: variantOf('TEA') } },
    ])
  })

  it('that is cleared takes all of its lines out', () => {
    const [alice = createRegion()] = openSellers(createClock(), { TEA: 9, CAKE: 9 }, 1)
    act(alice, { does: 'add', sku: 'TEA', quantity: 2 })
    act(alice, { does: 'add', sku: 'CAKE', quantity: 2 })
    expect(typesSince(alice, () => act(alice, { does: 'clear' }))).toEqual([
      'cart.updated',
      'cart.item_removed',
      'cart.item_removed',
    ])
  })
})

describe('an order', () => {
  it('is created with its lines and its total, once, and stock is told of', () => {
    const [alice = createRegion()] = openSellers(createClock(), { TEA: 9 }, 1)
    const { id } = begin(alice, { lines: { TEA: 2 } })
    const types = typesSince(alice, () => end(alice, id))
    expect(types.filter((type) => type === 'order.created')).toHaveLength(1)
    expect(types).toContain('inventory.updated')
    expect(eventsOf(alice).find(({ type }) => type === 'order.created')).toMatchObject({
      subject: `orders/${id}`,
      data: {
        orderId: id,
        userId: 'carol',
        total: 9_800,
        lines: [{ variantId: variantOf('TEA'), units: 2 }],
      },
    })
  })

  it('that nobody heard the end of moves no stock', () => {
    const [alice = createRegion()] = openSellers(createClock(), { TEA: 9 }, 1)
    expect(typesSince(alice, () => begin(alice, { lines: { TEA: 2 } }))).not.toContain(
      'inventory.updated',
    )
  })
})

it('every type of the requirements has a schema', () => {
  expect(eventTypes).toHaveLength(40)
})
