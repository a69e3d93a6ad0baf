/** Prices over HTTP: an admin sets a shop up, shoppers ask what their carts cost, on two real nodes. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  allAgree,
  allConnected,
  cleanUp,
  createCart,
  createProduct,
  setLinks,
  startNode,
  variantIdOf,
  type Body,
  type NodeUnderTest,
} from './node-under-test.ts'

let eu: NodeUnderTest
let us: NodeUnderTest
let tea: Body

beforeAll(async () => {
  eu = await startNode({ name: 'eu' })
  us = await startNode({ name: 'us', peers: [eu] })
  await allConnected([eu, us])
  tea = await createProduct(eu, { name: 'Tea', price: { amount: 1_000, currency: 'EUR' } })
})

afterAll(cleanUp)

const make = async (path: string, body: object): Promise<Body> => {
  const made = await eu.order('POST', path, { body })
  expect(made).toMatchObject({ status: 201 })
  return made.body
}

const cartWith = async (node: NodeUnderTest, quantity: number) => {
  const cart = await createCart(node)
  const variantId = variantIdOf(tea)
  await cart.at(node).send({ type: 'add', variantId, quantity })
  const quote = (body: object, at = node) =>
    at.ask('POST', `/carts/${cart.id}/quote`, { body, headers: cart.headers })
  return { ...cart, quote }
}

const codesOf = ({ body }: { readonly body: Body }) =>
  (body['problems'] as readonly Body[]).map(({ code }) => code)

const totalOf = ({ body }: { readonly body: Body }) =>
  (body['totals'] as Readonly<Record<string, { readonly amount: number }>>)['total']?.amount

describe('a shop that is set up', () => {
  beforeAll(async () => {
    await make('/shipping/zones', { name: 'Germany', areas: ['de'] })
    await make('/shipping/zones', { name: 'California', areas: ['us/ca'] })
    const steps = [{ from: 0, amount: 490 }]
    const rate = { zone: 'germany', currency: 'EUR', basis: 'flat', steps }
    await make('/admin/shipping-methods', {
      name: 'Parcel',
      carrier: 'DHL',
      days: { min: 1, max: 3 },
      rates: [rate],
    })
    await make('/tax/rates', {
      name: 'VAT',
      zone: 'germany',
      ratePpm: 190_000,
      included: true,
      onShipping: true,
    })
    await make('/tax/rates', {
      name: 'Sales tax',
      zone: 'california',
      ratePpm: 72_500,
      included: false,
    })
    await make('/promotions', {
      name: 'Ten off',
      benefit: { kind: 'percentage', ppm: 100_000 },
      needsCoupon: true,
    })
    await make('/coupons', { code: 'welcome', promotion: 'ten-off', limit: 4, perCustomer: 1 })
    await allAgree([eu, us])
  })

  test('prices a cart with its address, shipping and coupons', async () => {
    const { quote } = await cartWith(eu, 3)
    const quoted = await quote({ address: { country: 'DE' }, shippingMethod: 'parcel' })
    expect(quoted).toMatchObject({
      status: 200,
      body: {
        currency: 'EUR',
        lines: [{ name: 'Tea', unitPrice: { amount: 1_000, currency: 'EUR' } }],
        shipping: { method: 'parcel', total: { amount: 490 }, tax: { amount: { amount: 78 } } },
        shippingOptions: [{ method: 'parcel', price: { amount: 490, currency: 'EUR' } }],
        taxes: [{ rate: 'vat', included: true, amount: { amount: 479 + 78 } }],
        totals: {
          items: { amount: 3_000 },
          tax: { amount: 0 },
          includedTax: { amount: 557 },
          total: { amount: 3_490 },
        },
        problems: [],
      },
    })
    // A whole address is welcome, and what of it does not bear on prices is passed over.
    const whole = { name: 'A', line1: 'B', city: 'C', country: 'de', postalCode: '1', phone: null }
    expect(totalOf(await quote({ address: whole }))).toBe(3_490)
  })

  test('adds tax on top where prices are without', async () => {
    const { quote } = await cartWith(eu, 1)
    const quoted = await quote({ address: { country: 'US', state: 'CA' } })
    expect(totalOf(quoted)).toBe(1_072)
    expect(codesOf(quoted)).toEqual(['shipping_unavailable'])
  })

  test('counts a coupon for an account, and tells everybody else why not', async () => {
    const { id, headers, quote } = await cartWith(eu, 1)
    const ask = { address: { country: 'DE' }, coupons: ['Welcome'] }
    expect(codesOf(await quote(ask))).toEqual(['coupon_needs_account'])
    const quoted = await eu.order('POST', `/carts/${id}/quote`, { body: ask, headers })
    expect(codesOf(quoted)).toEqual([])
    expect(quoted.body).toMatchObject({
      coupons: [{ code: 'WELCOME', promotion: 'ten-off' }],
      discounts: [{ reason: 'Ten off', coupon: 'WELCOME', amount: { amount: 100 } }],
    })
  })

  test('is the same at the other node', async () => {
    const cart = await cartWith(eu, 2)
    await allAgree([eu, us])
    const ask = { address: { country: 'DE' } }
    const [here, there] = [await cart.quote(ask), await cart.quote(ask, us)]
    expect(there.body).toEqual(here.body)
    const lists = ['/shipping/zones', '/admin/shipping-methods', '/tax/rates', '/promotions']
    for (const path of [...lists, '/coupons']) {
      const [own, other] = [await eu.order('GET', path), await us.order('GET', path)]
      expect(own.body.items.length).toBeGreaterThan(0)
      expect(other.body).toEqual(own.body)
    }
  })

  test('shares the uses of a coupon out, so that a cut-off region has its part', async () => {
    await make('/coupons', { code: 'BOTH', promotion: 'ten-off', limit: 2 })
    await make('/coupons', { code: 'FIRST', promotion: 'ten-off', limit: 1 })
    await allAgree([eu, us])
    await setLinks(eu, [us], 'cut')
    const { quote } = await cartWith(us, 1)
    const ask = async (...coupons: string[]) =>
      codesOf(await quote({ address: { country: 'DE' }, coupons }))
    expect(await ask('BOTH')).toEqual([])
    expect(await ask('FIRST')).toEqual(['coupon_elsewhere'])
    await setLinks(eu, [us], 'open')
    await allConnected([eu, us])
  })

  test('fetches a use of a coupon from the region that has it, as long as they are connected', async () => {
    await make('/coupons', { code: 'TRAVELS', promotion: 'ten-off', limit: 1 })
    await allAgree([eu, us])
    const { quote } = await cartWith(us, 1)
    const quoted = await quote({ address: { country: 'DE' }, coupons: ['TRAVELS'] })
    expect(quoted.body).toMatchObject({ coupons: [{ code: 'TRAVELS' }], problems: [] })
  })

  test('has a use of a coupon fetched by the order that needs it, and by no more orders than it has uses', async () => {
    await make('/coupons', { code: 'ORDERED', promotion: 'ten-off', limit: 1 })
    const input = { location: 'main', quantity: 5, reason: 'a delivery' }
    await us.order('POST', `/inventory/${variantIdOf(tea)}/receive`, { body: input })
    await allAgree([eu, us])
    const place = (node: NodeUnderTest) =>
      node.order('POST', '/orders', {
        body: {
          customerId: 'carol',
          lineItems: [{ variantId: variantIdOf(tea), quantity: 1 }],
          shippingAddress: { line1: '1 Quay', city: 'Port', postalCode: '12345', country: 'DE' },
          coupons: ['ORDERED'],
        },
      })
    await setLinks(eu, [us], 'cut')
    expect((await place(us)).body['problems']).toMatchObject([{ code: 'coupon_elsewhere' }])
    await setLinks(eu, [us], 'open')
    await allConnected([eu, us])
    expect(await place(us)).toMatchObject({ status: 201, body: { coupons: ['ORDERED'] } })
    await allAgree([eu, us])
    for (const node of [eu, us]) {
      expect((await place(node)).body['problems']).toMatchObject([{ code: 'coupon_exhausted' }])
    }
  })

  test('tells what shipping costs before there is a cart', async () => {
    const ask = (query: string) => eu.ask('GET', `/shipping/methods${query}`)
    expect((await ask('')).body.items).toMatchObject([{ id: 'parcel', price: null }])
    expect((await ask('?country=de&currency=EUR')).body.items).toMatchObject([
      { id: 'parcel', price: { amount: 490, currency: 'EUR' } },
    ])
    expect((await ask('?country=FR&currency=EUR')).body.items).toEqual([])
    expect((await ask('?country=DE')).body.items).toEqual([])
    expect(await ask('?country=Germany')).toMatchObject({ status: 400 })
  })
})

describe('who sets prices', () => {
  test('is the admin alone; shoppers read neither promotions nor coupons', async () => {
    for (const path of ['/promotions', '/coupons', '/tax/rates', '/shipping/zones']) {
      expect(await eu.ask('GET', path)).toMatchObject({ status: 401 })
      expect(await eu.ask('POST', path, { body: {} })).toMatchObject({ status: 401 })
    }
    const { quote } = await cartWith(eu, 1)
    expect(await quote({}, eu)).toMatchObject({ status: 200 })
    const other = await createCart(eu)
    const { id } = await createCart(eu)
    const wrong = await eu.ask('POST', `/carts/${id}/quote`, { body: {}, headers: other.headers })
    expect(wrong).toMatchObject({ status: 401, body: { code: 'cart_token_required' } })
  })

  test.each([
    ['/shipping/zones', { name: 'X', areas: [] }],
    ['/shipping/zones', { name: 'X', areas: ['Germany'] }],
    ['/shipping/zones', { name: '', areas: ['DE'] }],
    ['/admin/shipping-methods', { name: 'X', days: { min: 3, max: 1 } }],
    ['/tax/rates', { name: 'X', zone: 'germany', ratePpm: -1, included: true }],
    ['/tax/rates', { name: 'X', zone: 'germany', ratePpm: 0.19, included: true }],
    ['/tax/rates', { name: 'X', zone: 'germany', ratePpm: 1_000_001, included: true }],
    ['/promotions', { name: 'X', benefit: { kind: 'percentage', ppm: 1_000_001 } }],
    ['/promotions', { name: 'X', benefit: { kind: 'percentage', ppm: 0 } }],
    ['/promotions', { name: 'X', benefit: { kind: 'buy_x_get_y', buy: 0, get: 1 } }],
    [
      '/promotions',
      { name: 'X', benefit: { kind: 'amount', amount: { amount: 1, currency: 'ABC' } } },
    ],
    [
      '/promotions',
      {
        name: 'X',
        benefit: { kind: 'percentage', ppm: 1 },
        startsAt: '2026-02-01T00:00:00Z',
        endsAt: '2026-01-01T00:00:00Z',
      },
    ],
    ['/coupons', { code: 'a b', promotion: 'ten-off' }],
    ['/coupons', { code: 'ABC', promotion: 'ten-off', limit: 0 }],
    ['/coupons', { code: 'ABC', promotion: 'ten-off', limit: 1.5 }],
  ])('is refused what makes no sense: %s %j', async (path, body) => {
    expect(await eu.order('POST', path, { body })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    })
  })

  test('makes, edits and deletes; what is deleted counts no more', async () => {
    const body = {
      name: 'Spring',
      benefit: { kind: 'amount', amount: { amount: 100, currency: 'EUR' } },
    }
    await make('/promotions', body)
    expect(await eu.order('POST', '/promotions', { body })).toMatchObject({
      status: 409,
      body: { code: 'promotion_exists' },
    })
    const { quote } = await cartWith(eu, 1)
    const total = async () => totalOf(await quote({ address: { country: 'DE' } }))
    expect(await total()).toBe(1_390)
    const patched = await eu.order('PATCH', '/promotions/spring', {
      body: { benefit: { kind: 'percentage', ppm: 500_000 } },
    })
    expect(patched).toMatchObject({ status: 200, body: { name: 'Spring' } })
    expect(await total()).toBe(990)
    expect(await eu.order('DELETE', '/promotions/spring')).toMatchObject({ status: 200 })
    expect(await total()).toBe(1_490)
    expect(await eu.order('GET', '/promotions/spring')).toMatchObject({ status: 404 })
    expect(await eu.order('DELETE', '/promotions/spring')).toMatchObject({ status: 404 })
  })

  test('gets the same answer for the same request', async () => {
    const given = {
      body: { code: 'ONCE', promotion: 'ten-off', limit: 10 },
      headers: { 'idempotency-key': 'issue-once' },
    }
    const first = await eu.order('POST', '/coupons', given)
    expect(first).toMatchObject({ status: 201, body: { code: 'ONCE', limit: 10, used: 0 } })
    expect((await eu.order('POST', '/coupons', given)).body).toEqual(first.body)
    const more = await eu.order('PATCH', '/coupons/once', { body: { more: 5, withdrawn: true } })
    expect(more.body).toMatchObject({ limit: 15, withdrawn: true })
    expect(await eu.order('PATCH', '/coupons/never', { body: {} })).toMatchObject({ status: 404 })
  })
})

describe('a shipment', () => {
  test('is followed by whoever was told its id', async () => {
    const made = await make('/shipments', {
      order: 'an-order',
      units: [{ variantId: variantIdOf(tea), units: 2 }],
      carrier: 'DHL',
      trackingNumber: '00340434',
      estimatedDelivery: '2026-06-04T12:00:00Z',
    })
    const event = {
      id: 'e-1',
      status: 'in_transit',
      location: 'Hamburg',
      at: '2026-06-02T08:00:00Z',
    }
    for (let times = 0; times < 2; times++) {
      const told = await eu.order('POST', `/shipments/${made.id}/events`, { body: event })
      expect(told).toMatchObject({ status: 200 })
    }
    await allAgree([eu, us])
    const followed = await us.ask('GET', `/shipments/${made.id}`)
    expect(followed.body).toMatchObject({
      status: 'in_transit',
      location: 'Hamburg',
      trackingNumber: '00340434',
      estimatedDelivery: '2026-06-04T12:00:00.000Z',
      events: [{ id: 'e-1', at: '2026-06-02T08:00:00.000Z' }],
    })
    const list = await us.order('GET', '/shipments?order=an-order')
    expect(list.body.items).toMatchObject([{ id: made.id }])
    expect(await us.ask('GET', '/shipments?order=an-order')).toMatchObject({ status: 401 })
    expect(await us.ask('GET', `/shipments/${'0'.repeat(26)}`)).toMatchObject({ status: 404 })
    expect(await us.ask('GET', '/shipments/1')).toMatchObject({ status: 400 })
  })

  test('weighs what its products weigh', async () => {
    const path = `/products/${tea.id}/weight`
    expect(await eu.order('PUT', path, { body: { grams: 250 } })).toMatchObject({
      status: 200,
      body: { grams: 250 },
    })
    const wrong = { grams: 1, variantId: `${'0'.repeat(20)}-${'0'.repeat(8)}` }
    expect(await eu.order('PUT', path, { body: wrong })).toMatchObject({
      status: 422,
      body: { code: 'unknown_variant' },
    })
    expect(await eu.order('PUT', path, { body: { grams: -1 } })).toMatchObject({ status: 400 })
  })
})
