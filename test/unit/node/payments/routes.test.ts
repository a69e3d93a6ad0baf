import type { MiddlewareHandler } from 'hono'
import { describe, expect, test } from 'vitest'
import { createPipeline } from '../../../../node/core/pipeline.ts'
import type { NodeEnv } from '../../../../node/http/router.ts'
import { isAllowed, type Permission } from '../../../../node/identity/permissions.ts'
import type { Guard } from '../../../../node/identity/guard.ts'
import { challenge } from '../../../../node/identity/challenge.ts'
import { createPaymentRoutes } from '../../../../node/payments/routes.ts'
import { ok } from '../../../../node/result.ts'
import { createTestShell } from '../http/test-shell.ts'
import { fastTimers, seededRandom } from './gateway-under-test.ts'
import { createMemoryGateway } from './memory-gateway.ts'
import { createPayingRegion, createTestClock, due, orderId, wishes } from './paying.ts'

const ada = 'a'.repeat(32)
const session = '0123456789abcdef0123456789abcdef'

/** A guard that believes what the header says: who asks is not what is tested here. */
const credulousGuard = (): Guard => {
  const letPass =
    (permission?: Permission): MiddlewareHandler<NodeEnv> =>
    (c, next) => {
      const role = c.req.header('authorization')?.replace('Bearer ', '')
      if (role === undefined) {
        return Promise.resolve(challenge(c, { code: 'unauthorized', detail: 'Nobody' }))
      }
      if (permission && !isAllowed([role], permission)) {
        return Promise.resolve(challenge(c, { code: 'forbidden', detail: permission }))
      }
      const accountId = role === 'mallory' ? 'b'.repeat(32) : ada
      c.set('principal', { accountId, roles: new Set([role]), sessionId: session })
      return next()
    }
  return {
    require: letPass,
    signedIn: letPass(),
    authenticate: () => ok({ accountId: ada, roles: new Set(), sessionId: session }),
  }
}

const open = async () => {
  const clock = createTestClock()
  const gateway = createMemoryGateway({ clock })
  const region = createPayingRegion(clock, gateway.provider)
  const { core, payments, queries } = region
  const { app } = createTestShell()
  const pipeline = createPipeline({
    core,
    soon: queueMicrotask,
    monotonic: () => 0,
    broken: (error) => {
      throw error
    },
  })
  const routes = createPaymentRoutes({
    core,
    pipeline,
    payments,
    queries,
    guard: credulousGuard(),
    clock,
    timers: fastTimers,
    random: seededRandom('routes'),
  })
  app.route('/', routes)
  const ask = async (
    method: string,
    path: string,
    {
      as = 'admin',
      body,
      key,
    }: { readonly as?: string | null; readonly body?: unknown; readonly key?: string } = {},
  ) => {
    const response = await app.request(path, {
      method,
      headers: {
        ...(as === null ? {} : { authorization: `Bearer ${as}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, json: (await response.json()) as Record<string, unknown> }
  }
  const pay = async (id = orderId, account: string | null = ada) => {
    const wish = wishes(region, id)
    wish.attempt('tok_ok', { account })
    await payments.settle(id)
    wish.capture()
    await payments.settle(id)
  }
  return { ...region, gateway, clock, app, ask, pay }
}

describe('a payment', () => {
  test('is shown to whoever pays, without what is odd about it', async () => {
    const { ask, run } = await open()
    wishes({ run }).attempt('tok_ok', { account: ada, risk: { score: 20, reasons: ['amount'] } })
    expect(await ask('GET', `/payments/${orderId}`, { as: 'customer' })).toMatchObject({
      status: 200,
      json: { status: 'pending', risk: null, reference: null },
    })
    expect(await ask('GET', `/admin/payments/${orderId}`)).toMatchObject({
      json: { risk: { score: 20, reasons: ['amount'], waitsForReview: false } },
    })
  })

  test('of somebody else, or of a guest, is answered like none', async () => {
    const { ask, pay } = await open()
    await pay()
    await pay('of-a-guest', null)
    const asked = [
      ask('GET', `/payments/${orderId}`, { as: 'mallory' }),
      ask('GET', '/payments/of-a-guest', { as: 'customer' }),
      ask('GET', '/payments/of-nobody', { as: 'customer' }),
    ]
    for (const answer of await Promise.all(asked)) {
      expect(answer).toMatchObject({ status: 404, json: { code: 'payment_not_found' } })
    }
  })

  test('never shows a token', async () => {
    const { app, pay } = await open()
    await pay()
    const shown = await app.request(`/admin/payments/${orderId}`, {
      headers: { authorization: 'Bearer admin' },
    })
    expect(await shown.text()).not.toContain('tok_')
  })

  test('is listed with others, the latest first, by pages and by state', async () => {
    const { ask, pay, run, clock } = await open()
    for (const id of ['one', 'two', 'three']) {
      await pay(id)
      clock.ms += 1_000
    }
    wishes({ run }, 'four').attempt('tok_ok')
    const first = await ask('GET', '/admin/payments?limit=2')
    const idsOf = ({ json }: typeof first) =>
      (json['items'] as { orderId: string }[]).map((item) => item.orderId)
    expect(idsOf(first)).toEqual(['four', 'three'])
    const second = await ask('GET', `/admin/payments?limit=2&cursor=${String(first.json['next'])}`)
    expect(idsOf(second)).toEqual(['two', 'one'])
    expect(second.json).not.toHaveProperty('next')
    expect(idsOf(await ask('GET', '/admin/payments?status=pending'))).toEqual(['four'])
    expect(idsOf(await ask('GET', `/admin/payments?account=${ada}`))).toHaveLength(3)
    expect(await ask('GET', '/admin/payments?cursor=nonsense')).toMatchObject({
      json: { code: 'invalid_cursor' },
    })
  })
})

describe('a refund', () => {
  const path = `/admin/payments/${orderId}/refunds`

  test('is done at once, and once by its key', async () => {
    const { ask, pay, gateway } = await open()
    await pay()
    const body = { amount: 2_500, reason: 'A scratch' }
    const first = await ask('POST', path, { body, key: 'k' })
    expect(first).toMatchObject({
      status: 200,
      json: {
        status: 'partially_refunded',
        refunded: 2_500,
        refundable: 7_500,
        refunds: [{ status: 'done', amount: { amount: 2_500, currency: 'EUR' } }],
        receipt: { durability: 'local' },
      },
    })
    expect(await ask('POST', path, { body, key: 'k' })).toEqual(first)
    expect(gateway.books(orderId)).toMatchObject({ refundedMinor: 2_500 })
    expect(await ask('POST', path, { body: { ...body, amount: 1 }, key: 'k' })).toMatchObject({
      status: 422,
      json: { code: 'idempotency_key_reused' },
    })
  })

  test('without an amount is all that is left, also when it is sent again', async () => {
    const { ask, pay, gateway } = await open()
    await pay()
    await ask('POST', path, { body: { amount: 1_000, reason: 'Late' }, key: 'a' })
    const rest = { body: { reason: 'Returned' }, key: 'b' }
    expect(await ask('POST', path, rest)).toMatchObject({ json: { status: 'refunded' } })
    expect(await ask('POST', path, rest)).toMatchObject({ json: { status: 'refunded' } })
    expect(gateway.books(orderId)).toMatchObject({ refundedMinor: due.amount })
  })

  test.each([
    [{ amount: 0, reason: 'x' }, 'invalid_request'],
    [{ amount: -5, reason: 'x' }, 'invalid_request'],
    [{ amount: 1.5, reason: 'x' }, 'invalid_request'],
    [{ amount: 1e15, reason: 'x' }, 'invalid_request'],
    [{ amount: '5', reason: 'x' }, 'invalid_request'],
    [{ amount: 5 }, 'invalid_request'],
    [{ amount: 5, reason: 'card 4242 4242 4242 4242' }, 'invalid_request'],
    [{ amount: 5, reason: 'x', currency: 'USD' }, 'invalid_request'],
    [{ amount: due.amount + 1, reason: 'x' }, 'refund_exceeds_payment'],
  ])('of %j is refused with %s', async (body, code) => {
    const { ask, pay, gateway } = await open()
    await pay()
    expect(await ask('POST', path, { body })).toMatchObject({ json: { code } })
    expect(gateway.books(orderId)).toMatchObject({ refundedMinor: 0 })
  })

  test('of what was never paid is refused', async () => {
    const { ask } = await open()
    expect(await ask('POST', path, { body: { reason: 'x' } })).toMatchObject({
      json: { code: 'payment_not_found' },
    })
  })
})

describe('a flagged payment', () => {
  const flag = (shop: Awaited<ReturnType<typeof open>>) => {
    const risk = { score: 70, reasons: ['velocity', 'amount'] }
    wishes(shop).attempt('tok_ok', { account: ada, risk })
  }

  test('waits on the list until a person has decided', async () => {
    const shop = await open()
    const { ask, payments, run } = shop
    flag(shop)
    await payments.settle(orderId)
    wishes({ run }).capture()
    expect(await ask('GET', '/admin/fraud-flags')).toMatchObject({
      json: { items: [{ orderId, riskScore: 70, flags: ['velocity', 'amount'], resolved: false }] },
    })
    const path = `/admin/fraud-flags/${orderId}/review`
    const body = { verdict: 'approved', note: 'Called them' }
    expect(await ask('POST', path, { body })).toMatchObject({
      status: 200,
      json: { status: 'captured', risk: { review: { verdict: 'approved' } } },
    })
    expect(await ask('GET', '/admin/fraud-flags')).toMatchObject({ json: { items: [] } })
    expect(await ask('GET', '/admin/fraud-flags?resolved=true')).toMatchObject({
      json: { items: [{ orderId, verdict: 'approved' }] },
    })
  })

  test('that is none cannot be decided about', async () => {
    const { ask, pay } = await open()
    await pay()
    const body = { verdict: 'approved', note: 'x' }
    expect(await ask('POST', `/admin/fraud-flags/${orderId}/review`, { body })).toMatchObject({
      status: 404,
      json: { code: 'payment_not_flagged' },
    })
  })
})

describe('payment methods', () => {
  const as = 'customer'
  const card = { provider: 'sandbox', token: 'tok_ok', label: 'Visa, ends in 4242' }

  test('are kept, chosen and forgotten by their owner, and show no token', async () => {
    const { ask, clock } = await open()
    const first = await ask('POST', '/payment-methods', { as, body: card, key: '1' })
    clock.ms += 1_000
    expect(await ask('POST', '/payment-methods', { as, body: card, key: '1' })).toEqual(first)
    const second = await ask('POST', '/payment-methods', {
      as,
      body: { ...card, label: 'Mastercard, ends in 4444' },
      key: '2',
    })
    const id = String(second.json['id'])
    await ask('PUT', `/payment-methods/${id}/default`, { as })
    const listed = await ask('GET', '/payment-methods', { as })
    expect(listed.json['items']).toMatchObject([
      { label: 'Visa, ends in 4242', isDefault: false },
      { label: 'Mastercard, ends in 4444', isDefault: true },
    ])
    expect(JSON.stringify(listed)).not.toContain('tok_')
    expect(await ask('GET', '/payment-methods', { as: 'mallory' })).toMatchObject({
      json: { items: [] },
    })
    expect(await ask('DELETE', `/payment-methods/${id}`, { as: 'mallory' })).toMatchObject({
      json: { code: 'payment_method_not_found' },
    })
    expect(await ask('DELETE', `/payment-methods/${id}`, { as })).toMatchObject({ status: 200 })
    expect(await ask('DELETE', `/payment-methods/${id}`, { as })).toMatchObject({ status: 404 })
  })

  test.each([
    [{ ...card, token: '4242424242424242' }, 'invalid_request'],
    [{ ...card, token: '4242-4242-4242-4242' }, 'invalid_request'],
    [{ ...card, label: 'Visa 4242 4242 4242 4242' }, 'invalid_request'],
    [{ ...card, token: '' }, 'invalid_request'],
    [{ ...card, number: '4242424242424242' }, 'invalid_request'],
    [{ ...card, provider: 'stripe' }, 'payment_provider_unknown'],
  ])('that are %j are refused', async (body, code) => {
    const { ask, store } = await open()
    const changes = store.endPosition()
    expect(await ask('POST', '/payment-methods', { as, body })).toMatchObject({ json: { code } })
    expect(store.endPosition()).toBe(changes)
  })

  test('are so many, and no more', async () => {
    const { ask } = await open()
    for (let count = 0; count < 20; count++) {
      await ask('POST', '/payment-methods', { as, body: card, key: `${count}` })
    }
    expect(await ask('POST', '/payment-methods', { as, body: card })).toMatchObject({
      status: 422,
      json: { code: 'payment_method_limit' },
    })
  })
})

describe('a webhook', () => {
  const send = async (
    shop: Awaited<ReturnType<typeof open>>,
    { provider = 'sandbox', tamper = (body: Uint8Array) => body } = {},
  ) => {
    const raw = shop.gateway.webhook(shop.gateway.events.at(-1)!)
    const response = await shop.app.request(`/webhooks/payments/${provider}`, {
      method: 'POST',
      headers: raw.headers,
      body: Buffer.from(tamper(raw.body)),
    })
    return { status: response.status, json: (await response.json()) as Record<string, unknown> }
  }
  const late = async () => {
    const shop = await open()
    wishes(shop).attempt('tok_late')
    await shop.payments.settle(orderId)
    shop.clock.ms += 3_000
    shop.gateway.hearLateBanks()
    return shop
  }

  test('needs nobody signed in, and tells what happened', async () => {
    const shop = await late()
    expect(await send(shop)).toEqual({ status: 200, json: { received: true } })
    expect(await send(shop)).toEqual({ status: 200, json: { received: true } })
    expect(shop.payment()).toMatchObject({ state: 'authorised' })
  })

  test('that is forged is refused', async () => {
    const shop = await late()
    const tamper = (body: Uint8Array) =>
      Buffer.from(Buffer.from(body).toString().replace('10000', '1'))
    expect(await send(shop, { tamper })).toMatchObject({
      status: 400,
      json: { code: 'webhook_signature_invalid' },
    })
    expect(shop.payment()).toMatchObject({ state: 'pending' })
  })

  test('of another provider, or far too large, is refused', async () => {
    const shop = await late()
    expect(await send(shop, { provider: 'stripe' })).toMatchObject({ status: 404 })
    const tamper = () => new Uint8Array(300 * 1_024)
    expect(await send(shop, { tamper })).toMatchObject({ status: 413 })
  })
})

test.each([
  ['GET', '/admin/payments', ['admin', 'support']],
  ['GET', `/admin/payments/${orderId}`, ['admin', 'support']],
  ['GET', '/admin/fraud-flags', ['admin', 'support']],
  ['POST', `/admin/payments/${orderId}/refunds`, ['admin']],
  ['POST', `/admin/fraud-flags/${orderId}/review`, ['admin']],
])('%s %s is for %j alone', async (method, path, roles) => {
  const { ask } = await open()
  const body = method === 'POST' ? {} : undefined
  expect((await ask(method, path, { as: null, body })).status).toBe(401)
  for (const as of ['customer', 'vendor', 'support', 'admin']) {
    const { status } = await ask(method, path, { as, body })
    expect(status !== 403).toBe(roles.includes(as))
  }
})
