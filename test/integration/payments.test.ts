/** Orders that are paid: real nodes, a real gateway, and what goes wrong between them. */

import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import type { PaymentsConfig } from '../../node/payments/config.ts'
import { openGateway, type Gateway } from '../../node/payments/sandbox/gateway.ts'
import { noJournal } from '../../node/payments/sandbox/journal.ts'
import { summary } from '../../node/payments/sandbox/requests.ts'
import * as system from '../../node/system.ts'
import type { Books } from '../unit/node/payments/memory-gateway.ts'
import {
  allAgree,
  allConnected,
  cleanUp,
  createCart,
  createProduct,
  eventually,
  setLinks,
  startNode,
  variantIdOf,
  type Answer,
  type Body,
  type NodeUnderTest,
} from './node-under-test.ts'

afterAll(cleanUp)

const webhookSecret = 'whsec_of_the_integration_tests'
const providers = ['sandbox', 'stripe'] as const

const openTestGateway = async (): Promise<Gateway> => {
  const gateway = await openGateway({
    host: '127.0.0.1',
    port: 0,
    webhookSecret,
    endpoints: [],
    latencyMs: 5,
    lateMs: 300,
    journal: noJournal,
    fetch: globalThis.fetch,
    clock: system.systemClock,
    timers: system.systemTimers,
    random: system.systemRandom,
  })
  onTestFinished(() => gateway.close())
  return gateway
}

const configOf = (provider: (typeof providers)[number], { url }: Gateway): PaymentsConfig =>
  provider === 'stripe'
    ? { provider, secretKey: 'sk_test_0123456789', webhookSecret, url }
    : { provider, gateway: { url, webhookSecret } }

const shippingAddress = {
  name: 'Ada',
  line1: '1 Harbour Street',
  city: 'Hamburg',
  postalCode: '20457',
  country: 'DE',
}

/** A shop with a gateway that tells it what happens. */
const openShop = async (provider: (typeof providers)[number] = 'sandbox') => {
  const gateway = await openTestGateway()
  const node = await startNode({ name: 'eu', payments: configOf(provider, gateway) })
  onTestFinished(() => node.close())
  gateway.deliveries.addEndpoint(`${node.url}/api/v1/webhooks/payments/${provider}`)
  const product = await createProduct(node, { initialQuantity: 100 })
  return { gateway, node, product, provider }
}

/** A guest's cart with one of the product, and its order. */
const fillCart = async (
  node: NodeUnderTest,
  product: Body,
  { token, provider = 'sandbox' }: { readonly token: string; readonly provider?: string },
) => {
  const { id: cartId, headers } = await createCart(node)
  await node.ask('POST', `/carts/${cartId}/intents`, {
    headers,
    body: { intents: [{ id: 'i', type: 'add', variantId: variantIdOf(product), quantity: 1 }] },
  })
  const body = { cartId, shippingAddress, payment: { provider, token } }
  const place = (where: NodeUnderTest = node) =>
    where.ask('POST', '/orders', { headers: { ...headers, 'idempotency-key': cartId }, body })
  return { place, headers }
}

const placeOrder = async (...given: Parameters<typeof fillCart>) => {
  const cart = await fillCart(...given)
  return { ...cart, placed: await cart.place() }
}

const booksOf = (gateway: Gateway, { body }: Answer): Books =>
  summary(gateway.ledger, body.id).body as Books

const paymentOf = async (node: NodeUnderTest, { body }: Answer): Promise<Body> =>
  (await node.order('GET', `/admin/payments/${body.id}`)).body

describe.each(providers)('through the provider %s', (provider) => {
  test('an order is paid, and its money taken once, however often it is sent', async () => {
    const { gateway, node, product } = await openShop(provider)
    const { place, placed } = await placeOrder(node, product, { token: 'tok_ok', provider })
    expect(placed).toMatchObject({ status: 201 })
    expect((await place()).body.id).toBe(placed.body.id)
    expect(booksOf(gateway, placed)).toEqual(
      expect.objectContaining({ intents: 1, captures: 1, refundedMinor: 0 }),
    )
    expect(await paymentOf(node, placed)).toMatchObject({ status: 'captured', next: null })
  })

  test('a card that is declined makes no order', async () => {
    const { node, product } = await openShop(provider)
    const { placed } = await placeOrder(node, product, { token: 'tok_declined', provider })
    expect(placed).toMatchObject({ status: 402, body: { code: 'payment_declined' } })
  })

  test('a bank that is late is heard of by a webhook, and the order is paid then', async () => {
    const { gateway, node, product } = await openShop(provider)
    const { placed } = await placeOrder(node, product, { token: 'tok_late', provider })
    expect(placed).toMatchObject({ status: 202 })
    await eventually(async () => {
      expect(await paymentOf(node, placed)).toMatchObject({ status: 'captured' })
    })
    expect(booksOf(gateway, placed)).toMatchObject({ captures: 1 })
  })

  test('a gateway that answers twice, and tells everything twice, takes the money once', async () => {
    const { gateway, node, product } = await openShop(provider)
    const { placed } = await placeOrder(node, product, { token: 'tok_twice', provider })
    expect(placed).toMatchObject({ status: 201 })
    await gateway.deliveries.settled()
    expect(booksOf(gateway, placed)).toMatchObject({ intents: 1, captures: 1 })
    expect(await paymentOf(node, placed)).toMatchObject({ status: 'captured' })
  })

  test('money is given back, and the books say so', async () => {
    const { gateway, node, product } = await openShop(provider)
    const { placed } = await placeOrder(node, product, { token: 'tok_ok', provider })
    const refunded = await node.order('POST', `/admin/payments/${placed.body.id}/refunds`, {
      body: { amount: 900, reason: 'A scratch' },
      headers: { 'idempotency-key': 'r' },
    })
    expect(refunded).toMatchObject({ status: 200, body: { status: 'partially_refunded' } })
    expect(booksOf(gateway, placed)).toMatchObject({ refundedMinor: 900 })
  })

  test('a gateway that is down leaves the order pending, and it is paid when it is back', async () => {
    const { gateway, node, product } = await openShop(provider)
    gateway.setDown(true)
    const { placed } = await placeOrder(node, product, { token: 'tok_ok', provider })
    expect(placed).toMatchObject({ status: 202 })
    expect(await paymentOf(node, placed)).toMatchObject({ status: 'pending', next: 'authorise' })
    gateway.setDown(false)
    await eventually(async () => {
      expect(await paymentOf(node, placed)).toMatchObject({ status: 'captured' })
    })
    expect(booksOf(gateway, placed)).toMatchObject({ intents: 1, captures: 1 })
  })
})

test('an order that is cancelled before its bank answers is not charged', async () => {
  const { gateway, node, product } = await openShop()
  const { placed, headers } = await placeOrder(node, product, { token: 'tok_late' })
  const cancelled = await node.ask('POST', `/orders/${placed.body.id}/cancel`, {
    headers,
    body: {},
  })
  expect(cancelled.status).toBe(200)
  await eventually(async () => {
    expect(await paymentOf(node, placed)).toMatchObject({ next: null })
  })
  await gateway.deliveries.settled()
  expect(booksOf(gateway, placed)).toMatchObject({ authorisedMinor: 0, captures: 0 })
})

test('an order that is cancelled after it was paid gets its money back', async () => {
  const { gateway, node, product } = await openShop()
  const { placed, headers } = await placeOrder(node, product, { token: 'tok_ok' })
  await node.ask('POST', `/orders/${placed.body.id}/cancel`, { headers, body: {} })
  await eventually(async () => {
    expect(await paymentOf(node, placed)).toMatchObject({ status: 'refunded', next: null })
  })
  const { capturedMinor, refundedMinor } = booksOf(gateway, placed)
  expect(refundedMinor).toBe(capturedMinor)
})

test('a webhook that is forged is refused, and changes nothing', async () => {
  const { node, product } = await openShop()
  const { placed } = await placeOrder(node, product, { token: 'tok_ok' })
  const digest = await node.digest()
  const event = {
    id: 'evt_forged',
    object: 'event',
    type: 'refund.created',
    created: 1,
    data: {
      object: {
        id: 're_forged',
        object: 'refund',
        status: 'succeeded',
        amount: 4_900,
        currency: 'usd',
        payment_intent: String((await paymentOf(node, placed))['reference']),
      },
    },
  }
  for (const headers of [{}, { 'stripe-signature': `t=${Math.floor(Date.now() / 1_000)},v1=00` }]) {
    const answer = await node.ask('POST', '/webhooks/payments/sandbox', { body: event, headers })
    expect(answer).toMatchObject({ status: 400, body: { code: 'webhook_signature_invalid' } })
  }
  expect(await node.digest()).toBe(digest)
})

test('a card number is refused at the order, and is in no file of the node', async () => {
  const { node, product } = await openShop()
  const { placed } = await placeOrder(node, product, { token: '4242424242424242' })
  expect(placed.status).toBe(422)
  expect(placed.body.code).toBe('card_number_refused')
})

test('one order, placed in two regions that cannot hear each other, is charged once', async () => {
  const gateway = await openTestGateway()
  const payments = configOf('sandbox', gateway)
  const eu = await startNode({ name: 'eu', payments })
  const us = await startNode({ name: 'us', payments, peers: [eu] })
  const nodes = [eu, us]
  for (const { url } of nodes) {
    gateway.deliveries.addEndpoint(`${url}/api/v1/webhooks/payments/sandbox`)
  }
  await allConnected(nodes)
  const product = await createProduct(eu, { initialQuantity: 100 })
  const { place } = await fillCart(eu, product, { token: 'tok_ok' })
  await allAgree(nodes)
  await us.order('POST', `/inventory/${variantIdOf(product)}/receive`, {
    body: { location: 'main', quantity: 100, reason: 'delivery' },
  })
  await setLinks(eu, [us], 'cut')
  const placed = await Promise.all(nodes.map((node) => place(node)))
  const [first, second] = placed
  expect(placed).toMatchObject([{ status: 201 }, { status: 201 }])
  expect(first!.body.id).toBe(second!.body.id)
  await setLinks(eu, [us], 'open')
  await allAgree(nodes)
  expect(booksOf(gateway, first!)).toMatchObject({ intents: 1, captures: 1, refundedMinor: 0 })
  for (const node of nodes) {
    expect(await paymentOf(node, first!)).toMatchObject({ status: 'captured', next: null })
  }
  await Promise.all(nodes.map((node) => node.close()))
})

test('a node without a provider has a sandbox of its own, and says so', async () => {
  const node = await startNode({ name: 'eu' })
  onTestFinished(() => node.close())
  const product = await createProduct(node, { initialQuantity: 5 })
  const { placed } = await placeOrder(node, product, { token: 'tok_late' })
  expect(placed).toMatchObject({ status: 202 })
  // Its webhooks find their way, too.
  await eventually(async () => {
    expect(await paymentOf(node, placed)).toMatchObject({ status: 'captured' })
  })
  expect(node.warnings.map(({ message }) => message)).toContainEqual(
    expect.stringContaining('no money moves'),
  )
})
