/** Stock, locations and flash sales over HTTP, on real nodes. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importLocationsCommand } from '../../node/cli/import-locations.ts'
import * as system from '../../node/system.ts'
import {
  admin,
  allAgree,
  allConnected,
  cleanUp,
  createCart,
  createProduct,
  newDirectory,
  setLinks,
  startNode,
  variantIdOf,
  type NodeUnderTest,
} from './node-under-test.ts'

let node: NodeUnderTest

beforeAll(async () => {
  node = await startNode({ name: 'eu' })
})
afterAll(cleanUp)

const refusal = (status: number, code: string) => ({ status, body: { code, status } })

const newVariant = async (initialQuantity?: number): Promise<string> =>
  variantIdOf(await createProduct(node, initialQuantity === undefined ? {} : { initialQuantity }))

const inventoryOf = async (variant: string) => (await node.ask('GET', `/inventory/${variant}`)).body

const act = (variant: string, what: string, body: unknown) =>
  node.order('POST', `/inventory/${variant}/${what}`, { body })

describe('stock', () => {
  test('tells what can be sold, here and elsewhere', async () => {
    expect(await inventoryOf(await newVariant())).toMatchObject({
      mode: 'untracked',
      available: null,
    })
    const variant = await newVariant(5)
    expect(await inventoryOf(variant)).toEqual({
      variantId: variant,
      mode: 'rights',
      available: 5,
      here: 5,
      elsewhere: 0,
      locations: [{ location: 'main', available: 5, here: 5, elsewhere: 0 }],
    })
  })

  test('is received, adjusted, counted, and its log tells why and by whom', async () => {
    const variant = await newVariant(5)
    const body = { location: 'main', quantity: 3, reason: 'pallet 7' }
    expect(await act(variant, 'receive', body)).toMatchObject({
      status: 200,
      body: { location: 'main', old: 5, new: 8, receipt: { durability: 'local' } },
    })
    await act(variant, 'adjust', { change: -2, reason: 'broken glass' })
    await act(variant, 'count', { quantity: 10 })
    const log = await node.order('GET', `/inventory/${variant}/log`)
    expect(log.body.items).toMatchObject([
      { type: 'inventory.counted', old: 6, new: 10, reason: 'counted' },
      { type: 'inventory.adjusted', old: 8, new: 6, reason: 'broken glass' },
      { type: 'inventory.received', old: 5, new: 8, reason: 'pallet 7' },
      { type: 'product.created', old: 0, new: 5, reason: null },
    ])
    expect(log.body.items[0]).toMatchObject({ actor: expect.stringMatching(/^account\//) })
    const short = await node.order('GET', `/inventory/${variant}/log?limit=1`)
    expect(short.body.items).toHaveLength(1)
  })

  test('shows in the product, the list and the cart', async () => {
    const { id, variants } = await createProduct(node, { initialQuantity: 1, tags: ['rare'] })
    const variant = variants[0]?.id ?? ''
    const cart = await createCart(node)
    const intents = [{ id: 'i1', type: 'add', variantId: variant, quantity: 2 }]
    const headers = { 'x-cart-token': cart.token }
    const added = await node.ask('POST', `/carts/${cart.id}/intents`, {
      body: { intents },
      headers,
    })
    expect(added.body).toMatchObject({ problems: [{ code: 'insufficient_stock' }] })
    const inStock = async () =>
      (await node.ask('GET', '/products?tag=rare&inStock=true')).body.items.map((one) => one.id)
    expect(await inStock()).toEqual([id])
    await act(variant, 'count', { quantity: 0 })
    expect(await inStock()).toEqual([])
    expect((await node.ask('GET', `/products/${id}`)).body.variants).toMatchObject([
      { available: 0 },
    ])
    await node.order('PUT', `/inventory/${variant}/mode`, { body: { mode: 'backorder' } })
    expect(await inStock()).toEqual([id])
    const shown = await node.ask('GET', `/carts/${cart.id}`, { headers })
    expect(shown.body).toMatchObject({ problems: [], lines: [{ available: null }] })
  })

  test('that is low is listed', async () => {
    const variant = await newVariant(9)
    const low = async () => (await node.order('GET', '/admin/low-stock?limit=100')).body.items
    await node.order('PUT', `/inventory/${variant}/threshold`, { body: { threshold: 4 } })
    expect(await low()).toEqual([])
    await act(variant, 'count', { quantity: 4 })
    expect(await low()).toEqual([
      { variantId: variant, location: 'main', available: 4, threshold: 4 },
    ])
  })

  test('counts a retry once', async () => {
    const variant = await newVariant(1)
    const given = { body: { quantity: 5 }, headers: { 'idempotency-key': 'pallet-12' } }
    const first = await node.order('POST', `/inventory/${variant}/receive`, given)
    const again = await node.order('POST', `/inventory/${variant}/receive`, given)
    expect(again.body).toEqual(first.body)
    expect(await inventoryOf(variant)).toMatchObject({ available: 6 })
  })

  test.each([
    ['receive', { quantity: 0 }],
    ['receive', { quantity: 1.5 }],
    ['receive', { quantity: -1 }],
    ['receive', { quantity: 1e12 }],
    ['receive', { quantity: 1, location: 'No Such' }],
    ['adjust', { change: 0, reason: 'none' }],
    ['adjust', { change: 1 }],
    ['count', { quantity: -1 }],
    ['transfer', { from: 'main', quantity: 1 }],
  ])('refuses to %s %j', async (what, body) => {
    expect(await act(await newVariant(1), what, body)).toMatchObject(
      refusal(400, 'invalid_request'),
    )
  })

  test('refuses what is not there, and whoever may not', async () => {
    const variant = await newVariant(3)
    const nowhere = { location: 'moon', quantity: 1 }
    expect(await act(variant, 'receive', nowhere)).toMatchObject(refusal(404, 'location_not_found'))
    const tooMany = { change: -4, reason: 'gone' }
    expect(await act(variant, 'adjust', tooMany)).toMatchObject(refusal(409, 'insufficient_stock'))
    const other = `${'0'.repeat(20)}-${'0'.repeat(8)}`
    expect(await act(other, 'receive', { quantity: 1 })).toMatchObject(
      refusal(422, 'unknown_variant'),
    )
    expect(await node.ask('GET', `/inventory/${other}`)).toMatchObject(
      refusal(422, 'unknown_variant'),
    )
    const nobody = await node.ask('POST', `/inventory/${variant}/receive`, {
      body: { quantity: 1 },
    })
    expect(nobody).toMatchObject(refusal(401, 'unauthorized'))
  })

  test('is watched by accounts that want to be told', async () => {
    const variant = await newVariant(0)
    const path = `/inventory/${variant}/watch`
    expect(await node.order('PUT', path)).toMatchObject({ status: 200, body: { isWatching: true } })
    expect(await node.order('DELETE', path)).toMatchObject({ body: { isWatching: false } })
    expect(await node.ask('PUT', path)).toMatchObject(refusal(401, 'unauthorized'))
  })
})

describe('locations', () => {
  const stores = [
    {
      id: 1000,
      type: 'Big',
      name: 'Harbour Mall',
      address: '1 Quay',
      address2: '',
      city: 'Bloomington',
      state: 'MN',
      zip: '55425',
      location: { lat: 44.85, lon: -93.24 },
      hours: 'Mon: 10-9',
      services: ['Repairs'],
    },
    {
      id: 1002,
      name: 'Lighthouse',
      address: '2 Cliff',
      address2: null,
      city: 'Tempe',
      hours: null,
    },
    { id: 1003, address: 'A store without a name', city: 'Nowhere' },
  ]

  test('are imported from a list of stores, and hold stock', async () => {
    const file = join(newDirectory(), 'stores.json')
    writeFileSync(file, JSON.stringify(stores))
    const out: string[] = []
    const deps = {
      fetch,
      env: { ATOLL_ADMIN_EMAIL: admin.email, ATOLL_ADMIN_PASSWORD: admin.password },
      random: system.systemRandom,
      clock: system.systemClock,
      timers: system.systemTimers,
      stdout: { write: (text: string) => out.push(text) },
      stderr: { write: (text: string) => out.push(text) },
    }
    const run = () => importLocationsCommand(deps, [file, '--to', node.url])
    expect(await run()).toBe(1)
    expect(out.join('')).toContain('3 locations: 2 created, 0 updated, 0 unchanged, 1 rejected')
    expect(out.join('')).toContain('store 3: name')
    expect(await run()).toBe(1)
    expect(out.join('')).toContain('2 unchanged')
    const listed = await node.ask('GET', '/locations?limit=1')
    expect(listed.body).toMatchObject({ items: [{ id: 'store-1000', name: 'Harbour Mall' }] })
    const rest = await node.ask('GET', `/locations?cursor=${listed.body.next}`)
    expect(rest.body.items).toMatchObject([
      { id: 'store-1002', address: { country: 'US', line1: '2 Cliff' }, coordinates: null },
    ])
    expect((await node.ask('GET', '/locations/store-1000')).body).toMatchObject({
      coordinates: { latitude: 44.85, longitude: -93.24 },
      hours: 'Mon: 10-9',
    })

    const variant = await newVariant(5)
    const move = { from: 'main', to: 'store-1000', quantity: 2 }
    expect(await act(variant, 'transfer', move)).toMatchObject({ body: { old: 5, new: 3 } })
    expect(await inventoryOf(variant)).toMatchObject({
      available: 5,
      locations: [
        { location: 'main', available: 3 },
        { location: 'store-1000', available: 2 },
      ],
    })
    const log = await node.order('GET', `/inventory/${variant}/log?location=store-1000`)
    expect(log.body.items).toMatchObject([{ type: 'inventory.transferred', old: 0, new: 2 }])
  })

  test('are made and changed one by one', async () => {
    const body = { name: 'Shelf' }
    const made = await node.order('PUT', '/locations/shelf', { body })
    expect(made).toMatchObject({ status: 200, body: { id: 'shelf', isNew: true } })
    expect(await node.order('PUT', '/locations/shelf', { body })).toMatchObject({
      body: { isNew: false },
    })
    expect(await node.order('PUT', '/locations/main', { body })).toMatchObject(
      refusal(400, 'invalid_request'),
    )
    expect(await node.ask('GET', '/locations/nowhere')).toMatchObject(
      refusal(404, 'location_not_found'),
    )
  })
})

describe('rights', () => {
  test('are this node’s own, with nothing to vouch for, no estate and no debt', async () => {
    expect((await node.order('GET', '/admin/rights')).body).toMatchObject({
      node: 'eu',
      former: [],
      doubt: null,
      estates: [],
      debts: [],
    })
    const vouched = await node.order('POST', '/admin/rights/vouch', { body: { reason: 'sure' } })
    expect(vouched).toMatchObject(refusal(409, 'nothing_in_doubt'))
    expect(await node.order('POST', '/admin/nodes/us/claim')).toMatchObject(
      refusal(409, 'estate_not_open'),
    )
  })

  test('outlive a restart', async () => {
    const dataDir = newDirectory()
    const before = await startNode({ name: 'solo', dataDir })
    const { variants } = await createProduct(before, { initialQuantity: 4 })
    const path = `/inventory/${variants[0]?.id}`
    await before.close()
    const after = await startNode({ name: 'solo', dataDir })
    expect((await after.ask('GET', path)).body).toMatchObject({ here: 4, elsewhere: 0 })
    expect((await after.order('GET', '/admin/rights')).body['former']).toHaveLength(1)
    const taken = { body: { change: -4, reason: 'all of it' } }
    expect(await after.order('POST', `${path}/adjust`, taken)).toMatchObject({ status: 200 })
    await after.close()
  })
})

describe('two nodes', () => {
  test('sell each other’s units while they are connected, and their own while they are not', async () => {
    const us = await startNode({ name: 'us' })
    const other = await startNode({ name: 'ap', peers: [us] })
    await allConnected([us, other])
    const { variants } = await createProduct(us, { initialQuantity: 3 })
    const path = `/inventory/${variants[0]?.id}`
    await allAgree([us, other])
    expect((await other.ask('GET', path)).body).toMatchObject({
      available: 3,
      here: 0,
      elsewhere: 3,
    })
    const take = (node: NodeUnderTest, units: number) =>
      node.order('POST', `${path}/adjust`, { body: { change: -units, reason: 'sold at the door' } })
    expect(await take(other, 2)).toMatchObject({ status: 200, body: { old: 3, new: 1 } })
    await setLinks(us, [other], 'cut')
    await setLinks(other, [us], 'cut')
    expect(await take(other, 1)).toMatchObject(refusal(409, 'insufficient_stock'))
    expect(await take(us, 1)).toMatchObject({ status: 200 })
    await setLinks(us, [other], 'open')
    await setLinks(other, [us], 'open')
    await allAgree([us, other])
    expect((await other.ask('GET', path)).body).toMatchObject({ available: 0 })
    await Promise.all([us.close(), other.close()])
  })
})

describe('a flash sale', () => {
  /** A guest is known by a cart. */
  const comer = async () => {
    const { id, token } = await createCart(node)
    return { id, headers: { 'x-cart-token': token } }
  }
  const plan = (variantId: string, fields: object = {}) =>
    node.order('POST', '/flash-sales', {
      body: {
        variantId,
        name: 'Doorbuster',
        price: { amount: 990, currency: 'USD' },
        startsAt: new Date(Date.now() - 60_000).toISOString(),
        endsAt: new Date(Date.now() + 60_000).toISOString(),
        perCustomerLimit: 2,
        ...fields,
      },
    })

  test('sells to whoever comes first, so many to each, and then is sold out', async () => {
    expect((await node.ask('GET', '/flash-sale/status')).body).toMatchObject({ status: 'none' })
    const variant = await newVariant(3)
    const planned = await plan(variant)
    expect(planned).toMatchObject({ status: 201 })
    expect((await node.ask('GET', '/flash-sale/status')).body).toMatchObject({
      status: 'on',
      remaining: 3,
      sale: { id: planned.body.id, variantId: variant, perCustomerLimit: 2 },
    })
    const [bob, carol, dave] = [await comer(), await comer(), await comer()]
    const attempt = (who: typeof bob, quantity: number, key?: string) =>
      node.ask('POST', '/purchase/attempt', {
        body: { quantity, cartId: who.id },
        headers: { ...who.headers, ...(key === undefined ? {} : { 'idempotency-key': key }) },
      })
    expect(await node.ask('POST', '/purchase/attempt', { body: {} })).toMatchObject({ status: 401 })
    const other = { body: { cartId: carol.id }, headers: bob.headers }
    expect(await node.ask('POST', '/purchase/attempt', other)).toMatchObject(
      refusal(401, 'cart_token_required'),
    )
    const first = await attempt(bob, 2, 'bob-1')
    expect(first).toMatchObject({ status: 201, body: { quantity: 2, state: 'held' } })
    expect(await attempt(bob, 1)).toMatchObject(refusal(409, 'purchase_limit_reached'))
    expect(await attempt(carol, 2)).toMatchObject(refusal(409, 'sold_out'))
    expect(await attempt(carol, 1)).toMatchObject({ status: 201 })
    expect((await node.ask('GET', '/flash-sale/status')).body).toMatchObject({
      status: 'sold_out',
      remaining: 0,
    })
    // Not even a token is looked at any more; but a key may stand for what was got.
    const turnedAway = await node.ask('POST', '/purchase/attempt', { body: {} })
    expect(turnedAway).toMatchObject(refusal(409, 'sold_out'))
    expect(turnedAway.body).toMatchObject({
      type: '/problems/sold_out',
      instance: '/api/v1/purchase/attempt',
    })
    expect(await attempt(dave, 1)).toMatchObject(refusal(409, 'sold_out'))
    expect((await attempt(bob, 2, 'bob-1')).body).toEqual(first.body)

    const id = String(first.body['attemptId'])
    const status = await node.ask('GET', `/purchase/status?attemptId=${id}`, {
      headers: bob.headers,
    })
    expect(status.body).toMatchObject({ attemptId: id, state: 'held' })
    const hidden = await node.ask('GET', `/purchase/status?attemptId=${id}`, {
      headers: dave.headers,
    })
    expect(hidden).toMatchObject(refusal(404, 'purchase_not_found'))

    expect(await node.order('POST', `/purchases/${id}/confirm`)).toMatchObject({
      status: 200,
      body: { state: 'bought' },
    })
    const own = await node.ask('GET', `/purchase/user/${bob.id}`, { headers: bob.headers })
    expect(own.body.items).toMatchObject([{ attemptId: id, state: 'bought', quantity: 2 }])
    const others = await node.ask('GET', `/purchase/user/${bob.id}`, { headers: carol.headers })
    expect(others).toMatchObject(refusal(403, 'forbidden'))

    const [held] = (await node.ask('GET', `/purchase/user/${carol.id}`, { headers: carol.headers }))
      .body.items
    const back = await node.ask('DELETE', `/purchases/${String(held?.['attemptId'])}`, {
      headers: carol.headers,
    })
    expect(back).toMatchObject({ status: 200, body: { state: 'given_back' } })
    expect(await attempt(dave, 1)).toMatchObject({ status: 201 })
    expect((await node.ask('GET', '/flash-sale/stats')).body).toMatchObject({
      sold: 2,
      reserved: 1,
      remaining: 0,
      thisNode: { admitted: expect.any(Number), soldOut: expect.any(Number) },
    })
    const first2 = await fetch(`${node.url}/api/flash-sale/status`)
    expect(await first2.json()).toMatchObject({ status: 'sold_out' })

    const ended = await node.order('DELETE', `/flash-sales/${planned.body.id}`)
    expect(ended).toMatchObject({ status: 200 })
    const over = await node.ask('POST', '/purchase/attempt', {
      body: { saleId: planned.body.id, cartId: dave.id },
      headers: dave.headers,
    })
    expect(over).toMatchObject(refusal(409, 'sale_not_active'))
  })

  test('has its purchases ordered, at its price, by whoever made them', async () => {
    const variant = await newVariant(3)
    const planned = await plan(variant)
    const [bob, carol] = [await comer(), await comer()]
    const body = { saleId: planned.body.id, quantity: 2, cartId: bob.id }
    const held = await node.ask('POST', '/purchase/attempt', { body, headers: bob.headers })
    const purchaseId = String(held.body['attemptId'])
    const order = {
      purchaseId,
      shippingAddress: { line1: '1 Quay', city: 'Port', postalCode: '12345', country: 'US' },
      payment: { provider: 'sandbox', token: 'tok_ok' },
    }
    const asked = { body: order, headers: { ...bob.headers, 'idempotency-key': 'bob-pays' } }
    expect(
      await node.ask('POST', '/orders', { body: order, headers: carol.headers }),
    ).toMatchObject(refusal(404, 'purchase_not_found'))
    expect(
      await node.ask('POST', '/orders', {
        body: { ...order, purchaseId: 'f'.repeat(32) },
        headers: bob.headers,
      }),
    ).toMatchObject(refusal(404, 'purchase_not_found'))
    expect(
      await node.ask('POST', '/orders', {
        body: { ...order, purchaseId: 'mine' },
        headers: bob.headers,
      }),
    ).toMatchObject(refusal(400, 'invalid_request'))
    const placed = await node.ask('POST', '/orders', asked)
    expect(placed).toMatchObject({
      status: 201,
      body: { status: 'paid', total: { amount: 1_980, currency: 'USD' } },
    })
    expect((await node.ask('POST', '/orders', asked)).body.id).toBe(placed.body.id)
    expect(await node.ask('POST', '/orders', { body: order, headers: bob.headers })).toMatchObject(
      refusal(404, 'purchase_not_found'),
    )
    const path = `/purchase/status?attemptId=${purchaseId}`
    expect(await node.ask('GET', path, { headers: bob.headers })).toMatchObject({
      body: { state: 'bought', orderId: placed.body.id, price: { amount: 990 } },
    })
    expect(
      await node.ask('GET', `/orders/${placed.body.id}`, { headers: bob.headers }),
    ).toMatchObject({ status: 200, body: { lines: [{ quantity: 2, unitPrice: { amount: 990 } }] } })
    const back = await node.ask('DELETE', `/purchases/${purchaseId}`, { headers: bob.headers })
    expect(back).toMatchObject({ status: 200, body: { state: 'given_back' } })
    expect(
      await node.ask('GET', `/orders/${placed.body.id}`, { headers: bob.headers }),
    ).toMatchObject({ body: { status: 'cancelled' } })
    await node.order('DELETE', `/flash-sales/${planned.body.id}`)
  })

  test('that is planned is listed, and nobody gets in before it begins', async () => {
    const variant = await newVariant(3)
    const startsAt = new Date(Date.now() + 3_600_000).toISOString()
    const endsAt = new Date(Date.now() + 7_200_000).toISOString()
    const planned = await plan(variant, { startsAt, endsAt })
    const who = await comer()
    const body = { saleId: planned.body.id, cartId: who.id }
    expect(
      await node.ask('POST', '/purchase/attempt', { body, headers: who.headers }),
    ).toMatchObject({
      ...refusal(409, 'sale_not_active'),
      body: { startsAt },
    })
    const listed = await node.ask('GET', '/flash-sales')
    expect(listed.body.items).toMatchObject([{ id: planned.body.id, status: 'planned' }])
    expect(await plan(variant, { price: { amount: 9, currency: 'EUR' } })).toMatchObject(
      refusal(422, 'currency_mismatch'),
    )
    expect(await plan(variant, { startsAt: endsAt, endsAt: startsAt })).toMatchObject(
      refusal(400, 'invalid_request'),
    )
  })
})
