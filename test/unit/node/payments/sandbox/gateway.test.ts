import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Stripe } from 'stripe'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openJournal } from '../../../../../node/payments/sandbox/journal.ts'
import type { EventObject } from '../../../../../node/payments/sandbox/objects.ts'
import { openTestGateway, realTimers, secretKey, webhookSecret } from '../gateway-under-test.ts'

const open = async (options: Parameters<typeof openTestGateway>[0] = {}) => {
  const gateway = await openTestGateway(options)
  onTestFinished(() => gateway.close())
  const call = async (path: string, form?: Record<string, string>, key?: string) => {
    const response = await fetch(`${gateway.url}/v1${path}`, {
      method: form ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${secretKey}`,
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(form ? { body: new URLSearchParams(form) } : {}),
    })
    return {
      status: response.status,
      isReplay: response.headers.get('idempotent-replayed') === 'true',
      // The test knows the shape of what it asked for.
      json: (await response.json()) as Record<string, never> & { id: string },
    }
  }
  const create = (key?: string, amount = '500') =>
    call('/payment_intents', { amount, currency: 'eur', capture_method: 'manual' }, key)
  return { gateway, call, create }
}

/** An endpoint that keeps what it hears, and is well or not. */
const openEndpoint = async (isWell: () => boolean = () => true) => {
  const heard: {
    readonly event: EventObject
    readonly signature: string
    readonly body: string
  }[] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const signature = String(req.headers['stripe-signature'])
      if (isWell()) heard.push({ event: JSON.parse(body) as EventObject, signature, body })
      res.writeHead(isWell() ? 200 : 503).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { heard, url: `http://127.0.0.1:${port}/` }
}

describe('the gateway', () => {
  test('answers a key as it was answered first, for a day, whatever the answer was', async () => {
    const clock = { ms: Date.UTC(2026, 0, 1), now: () => clock.ms }
    const { call, create } = await open({ clock })
    const first = await create('k')
    const again = await create('k')
    expect(again).toEqual({ ...first, isReplay: true })
    const declined = () =>
      call(`/payment_intents/${first.json.id}/confirm`, { payment_method: 'tok_declined' }, 'c')
    expect(await declined()).toMatchObject({ status: 402, isReplay: false })
    expect(await declined()).toMatchObject({ status: 402, isReplay: true })
    clock.ms += 25 * 3_600_000
    expect((await create('k')).json.id).not.toBe(first.json.id)
  })

  test('refuses a key for another request', async () => {
    const { create } = await open()
    await create('k')
    expect(await create('k', '600')).toMatchObject({
      status: 400,
      json: { error: { type: 'idempotency_error' } },
    })
  })

  test('refuses the same request while it is under way', async () => {
    const { gateway, create } = await open()
    gateway.setLatency(1_000)
    const answers = await Promise.all([create('k'), create('k')])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]))
  })

  test.each([
    [{ amount: '0', currency: 'eur' }],
    [{ amount: '-5', currency: 'eur' }],
    [{ amount: '1.5', currency: 'eur' }],
    [{ amount: '1e3', currency: 'eur' }],
    [{ amount: '99999999999999999999', currency: 'eur' }],
    [{ currency: 'eur' }],
    [{ amount: '5', currency: 'EURO' }],
  ])('refuses %j', async (form) => {
    const { call } = await open()
    expect(await call('/payment_intents', form as Record<string, string>)).toMatchObject({
      status: 400,
      json: { error: { code: 'parameter_invalid' } },
    })
  })

  test('wants a key of the API, and knows no other path', async () => {
    const { gateway, call } = await open()
    expect((await fetch(`${gateway.url}/v1/payment_intents/pi_1`)).status).toBe(401)
    expect(await call('/customers')).toMatchObject({ status: 404 })
    expect(await call('/payment_intents/pi_1')).toMatchObject({
      status: 404,
      json: { error: { code: 'resource_missing' } },
    })
  })

  test('keeps its books over a restart, keys and refunds with them', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'atoll-gateway-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const path = join(directory, 'books.ndjson')
    const before = await openTestGateway({ journal: openJournal(path) })
    const stripe = (url: string) =>
      new Stripe(secretKey, {
        protocol: 'http',
        host: '127.0.0.1',
        port: new URL(url).port,
        maxNetworkRetries: 0,
      })
    const one = stripe(before.url)
    const { id } = await one.paymentIntents.create(
      { amount: 500, currency: 'eur', capture_method: 'manual', metadata: { order_id: 'o' } },
      { idempotencyKey: 'k' },
    )
    await one.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' })
    await one.paymentIntents.capture(id)
    await one.refunds.create({ payment_intent: id, amount: 200 })
    await before.close()

    const after = await openTestGateway({ journal: openJournal(path) })
    onTestFinished(() => after.close())
    const two = stripe(after.url)
    const again = await two.paymentIntents.create(
      { amount: 500, currency: 'eur', capture_method: 'manual', metadata: { order_id: 'o' } },
      { idempotencyKey: 'k' },
    )
    expect(again.id).toBe(id)
    expect(await two.paymentIntents.retrieve(id)).toMatchObject({ amount_received: 500 })
    await expect(two.refunds.create({ payment_intent: id, amount: 301 })).rejects.toThrow(/300/)
  })
})

describe('its webhooks', () => {
  const pay = async (shop: Awaited<ReturnType<typeof open>>, token: string) => {
    const { id } = (await shop.create()).json
    await shop.call(`/payment_intents/${id}/confirm`, { payment_method: token })
    await shop.call(`/payment_intents/${id}/capture`, {})
    return id
  }
  const types = (heard: readonly { readonly event: EventObject }[]) =>
    heard.map(({ event }) => event.type)

  test('tell of everything, signed so that Stripe’s own package takes them', async () => {
    const endpoint = await openEndpoint()
    const shop = await open({ endpoints: [endpoint.url] })
    await pay(shop, 'tok_ok')
    await shop.gateway.deliveries.settled()
    expect(types(endpoint.heard).sort()).toEqual([
      'payment_intent.amount_capturable_updated',
      'payment_intent.created',
      'payment_intent.succeeded',
    ])
    const { webhooks } = new Stripe(secretKey)
    for (const { body, signature } of endpoint.heard) {
      expect(webhooks.constructEvent(body, signature, webhookSecret).object).toBe('event')
    }
  })

  test('come twice, or backwards, for the cards that say so', async () => {
    const endpoint = await openEndpoint()
    const shop = await open({ endpoints: [endpoint.url] })
    await pay(shop, 'tok_twice')
    await shop.gateway.deliveries.settled()
    const ids = endpoint.heard.map(({ event }) => event.id)
    expect(ids.length).toBeGreaterThan(new Set(ids).size)

    const other = await openEndpoint()
    const late = await open({ endpoints: [other.url], timers: realTimers })
    await pay(late, 'tok_backwards')
    await late.gateway.deliveries.settled()
    const order = types(other.heard)
    expect(order.indexOf('payment_intent.succeeded')).toBeLessThan(
      order.indexOf('payment_intent.amount_capturable_updated'),
    )
  })

  test('are sent until they are taken', async () => {
    let isWell = false
    const endpoint = await openEndpoint(() => isWell)
    const shop = await open({ endpoints: [endpoint.url] })
    await pay(shop, 'tok_ok')
    expect(endpoint.heard).toEqual([])
    isWell = true
    await shop.gateway.deliveries.settled()
    expect(endpoint.heard).toHaveLength(3)
  })

  test('can be held back, and come late', async () => {
    const endpoint = await openEndpoint()
    const shop = await open({ endpoints: [endpoint.url] })
    shop.gateway.deliveries.hold(true)
    await pay(shop, 'tok_ok')
    await shop.gateway.deliveries.settled()
    expect(endpoint.heard).toEqual([])
    shop.gateway.deliveries.hold(false)
    await shop.gateway.deliveries.settled()
    expect(endpoint.heard).toHaveLength(3)
  })
})
