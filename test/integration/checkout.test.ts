/** Orders over HTTP: from a cart to the doorstep and back, with everything that can be asked wrongly. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  allConnected,
  cleanUp,
  createCart,
  createProduct,
  eventually,
  setLinks,
  startNode,
  variantIdOf,
  type Answer,
  type Given,
  type NodeUnderTest,
} from './node-under-test.ts'

let eu: NodeUnderTest
let us: NodeUnderTest

beforeAll(async () => {
  eu = await startNode({ name: 'eu' })
  us = await startNode({ name: 'us', peers: [eu] })
  await allConnected([eu, us])
})
afterAll(cleanUp)

const shippingAddress = {
  name: 'Carol Harbour',
  line1: '1 Quay',
  city: 'Port',
  postalCode: '12345',
  country: 'US',
}

const paying = (token = 'tok_ok') => ({ payment: { provider: 'sandbox', token } })

/** A cart that holds `quantity` of a new product of which there are `stock`. */
const fill = async (stock = 10, quantity = 2) => {
  const product = await createProduct(eu, { initialQuantity: stock })
  const variantId = variantIdOf(product)
  const cart = await createCart(eu)
  const put = await cart.at(eu).send({ type: 'add', variantId, quantity })
  expect(put.status).toBe(200)
  return { product, variantId, cart }
}

const order = (
  node: NodeUnderTest,
  cart: { readonly id: string; readonly headers: object },
  { body = {}, key }: { readonly body?: object; readonly key?: string } = {},
): Promise<Answer> =>
  node.ask('POST', '/orders', {
    headers: { ...cart.headers, ...(key === undefined ? {} : { 'idempotency-key': key }) },
    body: { cartId: cart.id, shippingAddress, ...paying(), ...body },
  })

const available = async (node: NodeUnderTest, variantId: string): Promise<unknown> =>
  (await node.ask('GET', `/inventory/${variantId}`)).body['available']

const refusal = (status: number, code: string) => ({ status, body: { code, status } })
let keys = 0
const newKey = () => `checkout-test-${++keys}-0123456789`

describe('an order', () => {
  test('is made of a cart: paid, confirmed, the cart empty and the stock sold', async () => {
    const { cart, variantId } = await fill()
    const placed = await order(eu, cart, { key: newKey() })
    expect(placed).toMatchObject({
      status: 201,
      body: {
        status: 'paid',
        number: expect.stringMatching(/^EU-[0-9A-Z]{4}-[0-9A-Z]{4}-\d+$/),
        lines: [{ variantId, quantity: 2, unitPrice: { amount: 4_900, currency: 'USD' } }],
        total: { amount: 9_800, currency: 'USD' },
        shippingAddress,
        payment: { provider: 'sandbox', state: 'captured', captured: { amount: 9_800 } },
        receipt: { change: expect.stringMatching(/^[0-9a-f]{16}:\d+$/) },
      },
    })
    expect(placed.body['history']).toMatchObject([
      { event: 'placed' },
      { event: 'confirmed' },
      { event: 'paid', status: 'paid' },
    ])
    expect(await available(eu, variantId)).toBe(8)
    expect((await cart.at(eu).read()).body.lines).toEqual([])
    const read = await eu.ask('GET', `/orders/${placed.body.id}`, { headers: cart.headers })
    const { receipt: _, ...shown } = placed.body
    expect(read.body).toEqual(shown)
  })

  test('is made of what an admin names for a customer, and goes from hand to hand', async () => {
    const product = await createProduct(eu, { initialQuantity: 5 })
    const placed = await eu.order('POST', '/orders', {
      body: {
        customerId: 'customer-1',
        lineItems: [{ productId: product.id, quantity: 3 }],
        shippingAddress: { street: '1 Quay', city: 'Port', postalCode: '1', country: 'us' },
      },
    })
    expect(placed).toMatchObject({
      status: 201,
      body: { status: 'pending', customerId: 'customer-1', payment: null },
    })
    const path = `/orders/${placed.body.id}`
    const step = (name: string, body?: object) =>
      eu.order('POST', `${path}/${name}`, body ? { body } : {})
    expect(await step('ship')).toMatchObject(refusal(409, 'order_state'))
    expect(await step('confirm')).toMatchObject({ status: 200, body: { status: 'confirmed' } })
    expect(await step('pack')).toMatchObject({ status: 200, body: { status: 'packed' } })
    const variantId = variantIdOf(product)
    const part = { lines: [{ variantId, quantity: 1 }], carrier: 'UPS', trackingNumber: '1Z' }
    expect(await step('ship', part)).toMatchObject({ body: { status: 'partially_shipped' } })
    expect(await step('ship', { lines: [{ variantId, quantity: 3 }] })).toMatchObject(
      refusal(422, 'quantity_out_of_range'),
    )
    const shipped = await step('ship')
    expect(shipped).toMatchObject({ body: { status: 'shipped' } })
    expect(shipped.body['shipments']).toMatchObject([
      { lines: [{ variantId, quantity: 1 }] },
      { lines: [{ variantId, quantity: 2 }] },
    ])
    expect(await step('cancel')).toMatchObject(refusal(409, 'order_state'))
    expect(await step('deliver')).toMatchObject({ body: { status: 'delivered' } })
    const returned = await step('return', { lines: [{ variantId, quantity: 3 }], reason: 'broken' })
    expect(returned).toMatchObject({ status: 200, body: { status: 'returned' } })
    expect(await available(eu, variantId)).toBe(5)
  })

  test('sent again is the same order, at this node and at another', async () => {
    const { cart, variantId } = await fill()
    const key = newKey()
    const [first, twin] = await Promise.all([order(eu, cart, { key }), order(eu, cart, { key })])
    expect(first.status).toBe(201)
    expect(twin.body.id).toBe(first.body.id)
    const again = await order(eu, cart, { key })
    expect(again).toMatchObject({ status: 201, body: { id: first.body.id, status: 'paid' } })
    expect(again.body.receipt.change).toBe(first.body.receipt.change)
    await eventually(async () => {
      const elsewhere = await order(us, cart, { key })
      expect(elsewhere).toMatchObject({ status: 201, body: { id: first.body.id, status: 'paid' } })
    })
    expect(await available(eu, variantId)).toBe(8)
    const other = await order(eu, cart, { key, body: paying('tok_visa') })
    expect(other).toMatchObject(refusal(422, 'idempotency_key_reused'))
  })

  test('sent twice without a key is one order: the second finds an empty cart', async () => {
    const { cart, variantId } = await fill()
    const both = await Promise.all([order(eu, cart), order(eu, cart)])
    expect(both.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(['cart_changed', 'cart_empty']).toContain(
      both.find(({ status }) => status !== 201)?.body.code,
    )
    expect(await available(eu, variantId)).toBe(8)
  })

  test('that was sent to two regions that were cut off is one order, and one capture', async () => {
    const product = await createProduct(eu, { initialQuantity: 10 })
    const variantId = variantIdOf(product)
    await eventually(async () => {
      const path = `/inventory/${variantId}/receive`
      const got = await us.order('POST', path, {
        body: { location: 'main', quantity: 10, reason: 'delivery' },
      })
      expect(got.status).toBe(200)
    })
    const cart = await createCart(eu)
    await cart.at(eu).send({ type: 'add', variantId, quantity: 2 })
    await eventually(async () => {
      expect((await cart.at(us).read()).body.lines).toHaveLength(1)
    })
    await setLinks(eu, [us], 'cut')
    const key = newKey()
    const here = await order(eu, cart, { key })
    const there = await order(us, cart, { key })
    expect(here.status).toBe(201)
    expect(there.status).toBe(201)
    expect(there.body.id).toBe(here.body.id)
    await setLinks(eu, [us], 'open')
    await eventually(async () => {
      for (const node of [eu, us]) {
        const read = await node.order('GET', `/orders/${here.body.id}`)
        expect(read.body).toMatchObject({ status: 'paid', number: here.body['number'] })
        expect(await available(node, variantId)).toBe(18)
      }
    })
  })
})

describe('a payment', () => {
  test('that is declined leaves everything as it was', async () => {
    const { cart, variantId } = await fill()
    const key = newKey()
    const declined = await order(eu, cart, { key, body: paying('tok_declined') })
    expect(declined).toMatchObject({
      ...refusal(402, 'payment_declined'),
      body: { problems: [{ code: 'payment_declined', next: expect.any(String) }] },
    })
    const again = await order(eu, cart, { key, body: paying('tok_declined') })
    expect(again).toMatchObject(refusal(402, 'payment_declined'))
    expect(await available(eu, variantId)).toBe(10)
    expect((await cart.at(eu).read()).body.lines).toHaveLength(1)
    expect(await order(eu, cart, { key: newKey() })).toMatchObject({ status: 201 })
  })

  test('that answers twice is taken once', async () => {
    const { cart } = await fill()
    const placed = await order(eu, cart, { body: paying('tok_twice') })
    expect(placed).toMatchObject({ status: 201, body: { status: 'paid' } })
  })

  test('of another provider than the node has is refused', async () => {
    const { cart } = await fill()
    const body = { payment: { provider: 'bank', token: 'tok_ok' } }
    expect(await order(eu, cart, { body })).toMatchObject(refusal(404, 'payment_provider_unknown'))
  })

  test('by something that looks like a card number is refused', async () => {
    const { cart } = await fill()
    const placed = await order(eu, cart, { body: paying('4242424242424242') })
    expect(placed).toMatchObject(refusal(422, 'card_number_refused'))
    expect(placed.text).not.toContain('4242424242424242')
  })

  test('of an order that is cancelled goes back', async () => {
    const { cart, variantId } = await fill()
    const placed = await order(eu, cart, { key: newKey() })
    const path = `/orders/${placed.body.id}`
    const cancelled = await eu.ask('POST', `${path}/cancel`, {
      headers: { ...cart.headers, 'idempotency-key': newKey() },
      body: { reason: 'changed my mind' },
    })
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    expect(await available(eu, variantId)).toBe(10)
    await eventually(async () => {
      const read = await eu.order('GET', path)
      expect(read.body['payment']).toMatchObject({ state: 'refunded', refunded: { amount: 9_800 } })
    })
  })

  test('goes back for units that an edit takes out, and for what the shop grants', async () => {
    const { cart, variantId } = await fill(10, 4)
    const placed = await order(eu, cart, { key: newKey() })
    const path = `/orders/${placed.body.id}`
    const edited = await eu.ask('PATCH', path, {
      headers: cart.headers,
      body: { lines: [{ variantId, quantity: 3 }] },
    })
    expect(edited).toMatchObject({ status: 200, body: { lines: [{ quantity: 3 }] } })
    expect(await available(eu, variantId)).toBe(7)
    const more = { lines: [{ variantId, quantity: 9 }] }
    expect(await eu.ask('PATCH', path, { headers: cart.headers, body: more })).toMatchObject(
      refusal(422, 'quantity_out_of_range'),
    )
    const granted = await eu.order('POST', `${path}/refund`, {
      body: { amount: { amount: 1_000, currency: 'USD' }, reason: 'it was late' },
    })
    expect(granted.status).toBe(200)
    await eventually(async () => {
      const read = await eu.order('GET', path)
      expect(read.body['payment']).toMatchObject({ refunded: { amount: 5_900 } })
    })
    const tooMuch = await eu.order('POST', `${path}/refund`, {
      body: { amount: { amount: 99_999, currency: 'USD' }, reason: 'x' },
    })
    expect(tooMuch).toMatchObject(refusal(422, 'refund_exceeds_payment'))
  })
})

describe('what cannot be ordered', () => {
  test.each([0, -1, 1.5, 1e9, '2', null])('a quantity of %s', async (quantity) => {
    const product = await createProduct(eu)
    const placed = await eu.order('POST', '/orders', {
      body: {
        customerId: 'c',
        lineItems: [{ productId: product.id, quantity }],
        shippingAddress,
      },
    })
    expect(placed).toMatchObject(refusal(400, 'invalid_request'))
  })

  test('more than there is, with what there is', async () => {
    const { cart, variantId } = await fill(1, 2)
    const placed = await order(eu, cart)
    expect(placed).toMatchObject({
      ...refusal(409, 'insufficient_stock'),
      body: { problems: [{ code: 'insufficient_stock', variantId, available: 1 }] },
    })
    expect(placed.body['shortage']).toBeUndefined()
    expect(await available(eu, variantId)).toBe(1)
  })

  test('a product that nobody knows, and one that was deleted while it was in the cart', async () => {
    const lineItems = [{ productId: '0123456789abcdefghij', quantity: 1 }]
    const body = { customerId: 'c', lineItems, shippingAddress }
    expect(await eu.order('POST', '/orders', { body })).toMatchObject(
      refusal(409, 'variant_unavailable'),
    )
    const { cart, product } = await fill()
    await eu.order('DELETE', `/products/${product.id}`)
    expect(await order(eu, cart)).toMatchObject(refusal(409, 'variant_unavailable'))
  })

  test('an empty cart, or an unknown one', async () => {
    const cart = await createCart(eu)
    expect(await order(eu, cart)).toMatchObject(refusal(422, 'cart_empty'))
  })

  test('at another price than the shopper was shown', async () => {
    const { cart, product } = await fill()
    const path = `/products/${product.id}/price`
    await eu.order('PUT', path, {
      body: { price: { amount: 5_000, currency: 'USD' }, reason: 'x' },
    })
    const body = { expectedTotal: { amount: 9_800, currency: 'USD' } }
    expect(await order(eu, cart, { body })).toMatchObject(refusal(409, 'price_changed'))
    const agreed = { expectedTotal: { amount: 10_000, currency: 'USD' } }
    expect(await order(eu, cart, { body: agreed })).toMatchObject({ status: 201 })
  })

  test('two currencies at once', async () => {
    const dollars = await createProduct(eu)
    const euros = await createProduct(eu, { price: { amount: 100, currency: 'EUR' } })
    const lineItems = [dollars, euros].map(({ id }) => ({ productId: id, quantity: 1 }))
    const body = { customerId: 'c', lineItems, shippingAddress }
    const placed = await eu.order('POST', '/orders', { body })
    expect(placed).toMatchObject(refusal(422, 'currency_mismatch'))
  })

  test('with a coupon that nobody issued', async () => {
    const { cart } = await fill()
    const placed = await order(eu, cart, { body: { coupons: ['NO-SUCH-CODE'] } })
    expect(placed.status).toBe(409)
    expect(placed.body['problems']).toMatchObject([{ code: 'coupon_unknown' }])
  })

  test.each([
    ['no address', { shippingAddress: undefined }],
    ['a country that is none', { shippingAddress: { ...shippingAddress, country: 'Utopia' } }],
    ['an address without a street', { shippingAddress: { ...shippingAddress, line1: undefined } }],
    ['an unknown field', { priority: 1 }],
    ['a negative total', { expectedTotal: { amount: -1, currency: 'USD' } }],
  ])('%s', async (_, body) => {
    const { cart } = await fill()
    expect(await order(eu, cart, { body })).toMatchObject(refusal(400, 'invalid_request'))
  })
})

describe('whose order it is', () => {
  test('is nobody else’s business', async () => {
    const { cart } = await fill()
    const { id } = (await order(eu, cart, { key: newKey() })).body
    const stranger = await createCart(eu)
    const asked = (given: Given) => eu.ask('GET', `/orders/${id}`, given)
    expect(await asked({})).toMatchObject(refusal(401, 'unauthorized'))
    expect(await asked({ headers: stranger.headers })).toMatchObject(
      refusal(404, 'order_not_found'),
    )
    expect(await asked({ headers: cart.headers })).toMatchObject({ status: 200 })
    expect(await eu.order('GET', `/orders/${id}`)).toMatchObject({ status: 200 })
    for (const step of ['confirm', 'pack', 'ship', 'deliver']) {
      const done = await eu.ask('POST', `/orders/${id}/${step}`, { headers: cart.headers })
      expect(done).toMatchObject(refusal(403, 'forbidden'))
    }
    const theirs = await order(eu, { id: cart.id, headers: stranger.headers })
    expect(theirs).toMatchObject(refusal(401, 'cart_token_required'))
  })

  test('is what the lists go by', async () => {
    const { cart } = await fill()
    const { id } = (await order(eu, cart, { key: newKey() })).body
    const own = await eu.ask('GET', `/orders?cartId=${cart.id}`, { headers: cart.headers })
    expect(own.body.items.map((one) => one.id)).toEqual([id])
    expect(await eu.ask('GET', '/orders', { headers: cart.headers })).toMatchObject(
      refusal(403, 'forbidden'),
    )
    const seen: string[] = []
    let next: string | undefined
    do {
      const cursor = next === undefined ? '' : `&cursor=${encodeURIComponent(next)}`
      const page = await eu.order('GET', `/orders?limit=3${cursor}`)
      seen.push(...page.body.items.map((one) => one.id))
      next = page.body.next
    } while (next !== undefined)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toContain(id)
    const paid = await eu.order('GET', '/orders?status=paid&limit=100')
    expect(paid.body.items.every((one) => one['status'] === 'paid')).toBe(true)
  })
})

describe('the work list', () => {
  test('has a cancellation that met a parcel, until somebody has seen to it', async () => {
    const { cart } = await fill()
    const { id } = (await order(eu, cart, { key: newKey() })).body
    await eventually(async () => {
      expect((await us.order('GET', `/orders/${id}`)).body).toMatchObject({ status: 'paid' })
    })
    await setLinks(eu, [us], 'cut')
    const cancelled = await eu.order('POST', `/orders/${id}/cancel`)
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    expect(await us.order('POST', `/orders/${id}/ship`)).toMatchObject({
      status: 200,
      body: { status: 'shipped' },
    })
    await setLinks(eu, [us], 'open')
    const tasksAt = async (node: NodeUnderTest) => {
      const { items } = (await node.order('GET', '/admin/order-tasks')).body
      return items.filter((one) => one['orderId'] === id)
    }
    await eventually(async () => {
      for (const node of [eu, us]) {
        // Its money is on its way back, or has arrived.
        const { status } = (await node.order('GET', `/orders/${id}`)).body as { status?: unknown }
        expect(['shipped', 'refunded']).toContain(status)
        expect((await tasksAt(node)).map(({ kind }) => kind)).toContain('return_to_do')
      }
    })
    const [task] = (await tasksAt(eu)).filter(({ kind }) => kind === 'return_to_do')
    const done = await eu.order('POST', `/admin/order-tasks/${id}/done`, {
      body: { task: task?.['key'], note: 'the shopper keeps it' },
    })
    expect(done.status).toBe(200)
    expect((await tasksAt(eu)).map(({ kind }) => kind)).not.toContain('return_to_do')
  })
})
