/** What every payment provider keeps to, asked of each on the sandbox gateway's server. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Gateway } from '../../../../node/payments/sandbox/gateway.ts'
import { signatureOf } from '../../../../node/payments/intents/signature.ts'
import { summary } from '../../../../node/payments/sandbox/requests.ts'
import type { AuthoriseAsk, Fact, PaymentProvider } from '../../../../node/payments/provider.ts'
import * as keys from '../../../../node/payments/request-key.ts'
import {
  openProvider,
  openTestGateway,
  providerNames,
  webhookSecret,
  type ProviderUnderTest,
} from './gateway-under-test.ts'

const amount = { amount: 4_999, currency: 'EUR' }
const orderId = 'order-1'
const forever = () => new AbortController().signal

describe.each(providerNames)('the provider %s', (name) => {
  let gateway: Gateway
  let opened: ProviderUnderTest
  let provider: PaymentProvider

  beforeEach(async () => {
    gateway = await openTestGateway()
    opened = openProvider(name, gateway.url)
    provider = opened.provider
  })
  afterEach(async () => {
    opened.patience.close()
    await gateway.close()
  })

  const attempt = (token: string, more: Partial<AuthoriseAsk> = {}): AuthoriseAsk => ({
    orderId,
    amount,
    token,
    key: keys.attemptKey(more.orderId ?? orderId, token),
    signal: forever(),
    ...more,
  })
  const authorised = async (token = 'tok_ok') => {
    const result = await provider.authorise(attempt(token))
    if (result.outcome !== 'authorised') throw new Error(`was ${result.outcome}`)
    return result.reference
  }
  const captureOf = (reference: string, part = amount) =>
    provider.capture({
      reference,
      amount: part,
      key: keys.captureKey(orderId),
      signal: forever(),
    })
  const refundOf = (reference: string, minor: number, refund = 'r1') =>
    provider.refund({
      reference,
      amount: { amount: minor, currency: 'EUR' },
      key: keys.refundKey(orderId, refund),
      signal: forever(),
    })
  const facts = async (reference: string): Promise<readonly Fact[]> => {
    const finding = await provider.find({ orderId, reference, signal: forever() })
    return finding.outcome === 'found' ? finding.found.facts : []
  }
  const books = () => summary(gateway.ledger, orderId).body as Record<string, number>

  test('sets money aside, takes it, and gives it back', async () => {
    const reference = await authorised()
    expect(books()).toMatchObject({ intents: 1, authorisedMinor: 4_999, capturedMinor: 0 })
    expect(await captureOf(reference)).toEqual({ outcome: 'done' })
    expect(await refundOf(reference, 999)).toEqual({ outcome: 'done' })
    expect(books()).toMatchObject({ captures: 1, capturedMinor: 4_999, refundedMinor: 999 })
    expect(await facts(reference)).toEqual([
      { kind: 'authorised', amount },
      { kind: 'captured', amount },
      {
        kind: 'refunded',
        key: keys.refundKey(orderId, 'r1'),
        amount: { amount: 999, currency: 'EUR' },
      },
    ])
  })

  test('does each request once, however often it is sent', async () => {
    const reference = await authorised()
    expect(await authorised()).toBe(reference)
    for (let time = 0; time < 3; time++) {
      expect(await captureOf(reference)).toEqual({ outcome: 'done' })
      expect(await refundOf(reference, 4_999)).toEqual({ outcome: 'done' })
    }
    expect(books()).toMatchObject({ intents: 1, captures: 1, refundedMinor: 4_999 })
  })

  test('takes money once, under whatever keys two regions ask', async () => {
    const reference = await authorised()
    const [one, other] = await Promise.all([
      captureOf(reference),
      provider.capture({ reference, amount, key: 'another', signal: forever() }),
    ])
    expect([one.outcome, other.outcome]).toEqual(['done', 'done'])
    expect(books()).toMatchObject({ captures: 1, capturedMinor: 4_999 })
  })

  test('two cards for one order, tried at once, set the money aside once', async () => {
    const results = await Promise.all([
      provider.authorise(attempt('tok_ok')),
      provider.authorise(attempt('tok_visa')),
    ])
    expect(results[0]).toEqual(results[1])
    expect(results[0]).toMatchObject({ outcome: 'authorised' })
    expect(books()).toMatchObject({ intents: 1, authorisedMinor: 4_999 })
  })

  test('an order that comes to another amount elsewhere is not charged twice', async () => {
    await authorised()
    const other = { amount: 5_000, currency: 'EUR' }
    expect(await provider.authorise(attempt('tok_visa', { amount: other }))).toEqual({
      outcome: 'declined',
      code: 'amount_mismatch',
      retry: false,
    })
    expect(books()).toMatchObject({ intents: 1, authorisedMinor: 4_999 })
  })

  test.each([
    ['tok_declined', 'generic_decline', true],
    ['tok_insufficient_funds', 'insufficient_funds', true],
    ['tok_stolen', 'stolen_card', false],
    ['tok_expired', 'expired_card', false],
    ['tok_authentication', 'authentication_required', true],
  ])('%s is declined with %s', async (token, code, retry) => {
    const result = await provider.authorise(attempt(token))
    expect(result).toMatchObject({ outcome: 'declined', code, retry })
    expect(books()).toMatchObject({ intents: 1, authorisedMinor: 0 })
  })

  test('after a decline another card pays, for the same payment', async () => {
    await provider.authorise(attempt('tok_declined'))
    await authorised('tok_ok')
    expect(books()).toMatchObject({ intents: 1, authorisedMinor: 4_999 })
  })

  test('a token that stands for nothing is declined', async () => {
    const result = await provider.authorise(attempt('tok_of_nobody'))
    expect(result).toMatchObject({ outcome: 'declined', code: 'resource_missing', retry: true })
  })

  test('a gateway that charges and never answers leaves it unknown, and tells when asked', async () => {
    const result = await provider.authorise(attempt('tok_timeout'))
    expect(result).toMatchObject({ outcome: 'unknown' })
    const reference = result.outcome === 'unknown' ? (result.reference ?? '') : ''
    expect(await facts(reference)).toEqual([{ kind: 'authorised', amount }])
    expect(books()).toMatchObject({ intents: 1, authorisedMinor: 4_999 })
  })

  test('a gateway that drops the request before the charge has charged nothing', async () => {
    const result = await provider.authorise(attempt('tok_timeout_before'))
    expect(result).toMatchObject({ outcome: 'unknown' })
    const finding = await provider.find({ orderId, signal: forever() })
    expect(finding).toMatchObject({ outcome: 'found', found: { state: 'waiting', facts: [] } })
    expect(books()).toMatchObject({ intents: 1, authorisedMinor: 0 })
  })

  test('an answer that was lost is had by asking again', async () => {
    expect(await provider.authorise(attempt('tok_timeout_once'))).toMatchObject({
      outcome: 'authorised',
    })
    expect(books()).toMatchObject({ intents: 1, authorisedMinor: 4_999 })
  })

  test('a gateway that charges and answers 500 leaves it unknown, and tells when asked', async () => {
    const result = await provider.authorise(attempt('tok_error'))
    expect(result).toMatchObject({ outcome: 'unknown' })
    const finding = await provider.find({ orderId, signal: forever() })
    expect(finding).toMatchObject({ outcome: 'found', found: { state: 'authorised' } })
  })

  test('a gateway that answers twice is heard once, and the next request gets its own answer', async () => {
    const reference = await authorised('tok_twice')
    expect(await captureOf(reference)).toEqual({ outcome: 'done' })
    const other = await provider.authorise(attempt('tok_ok', { orderId: 'order-2' }))
    expect(other).toMatchObject({ outcome: 'authorised' })
    expect(other).not.toMatchObject({ reference })
    expect(books()).toMatchObject({ captures: 1, capturedMinor: 4_999 })
  })

  test('a bank that is late leaves it unknown under a name that a later decline tells', async () => {
    const result = await provider.authorise(attempt('tok_late_declined'))
    expect(result).toMatchObject({ outcome: 'unknown', trial: expect.stringMatching(/^ch_/) })
    const { reference, trial } = result as { reference: string; trial: string }
    await expect
      .poll(() => facts(reference))
      .toEqual([{ kind: 'declined', trial, code: 'generic_decline', retry: true }])
  })

  test('less may be taken than was set aside, and never more', async () => {
    const reference = await authorised()
    const more = { amount: 5_000, currency: 'EUR' }
    expect(await captureOf(reference, more)).toMatchObject({ outcome: 'refused' })
    const less = { amount: 1_000, currency: 'EUR' }
    const key = 'capture of less'
    expect(await provider.capture({ reference, amount: less, key, signal: forever() })).toEqual({
      outcome: 'done',
    })
    expect(books()).toMatchObject({ captures: 1, capturedMinor: 1_000 })
  })

  test('more cannot be given back than was taken', async () => {
    const reference = await authorised()
    expect(await refundOf(reference, 1, 'too early')).toMatchObject({ outcome: 'refused' })
    await captureOf(reference)
    const results = await Promise.all([
      refundOf(reference, 3_000, 'eu'),
      refundOf(reference, 3_000, 'us'),
    ])
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['done', 'refused'])
    expect(books()).toMatchObject({ refundedMinor: 3_000 })
  })

  test('a refund that fails later is told', async () => {
    const reference = await authorised('tok_refund_fails')
    await captureOf(reference)
    expect(await refundOf(reference, 4_999)).toEqual({ outcome: 'done' })
    await expect
      .poll(() => facts(reference))
      .toContainEqual(expect.objectContaining({ kind: 'refund_failed' }))
    expect(books()).toMatchObject({ refundedMinor: 0 })
  })

  test('what is released cannot be taken, and releasing it again is done', async () => {
    const reference = await authorised()
    const key = keys.releaseKey(orderId)
    for (let time = 0; time < 2; time++) {
      expect(await provider.release({ reference, key, signal: forever() })).toEqual({
        outcome: 'done',
      })
    }
    expect(await provider.release({ reference, key: 'other', signal: forever() })).toEqual({
      outcome: 'done',
    })
    expect(await captureOf(reference)).toMatchObject({ outcome: 'refused' })
    expect(await facts(reference)).toEqual([{ kind: 'released' }])
    expect(books()).toMatchObject({ captures: 0, authorisedMinor: 0 })
  })

  test('what was taken is not released', async () => {
    const reference = await authorised()
    await captureOf(reference)
    expect(
      await provider.release({ reference, key: keys.releaseKey(orderId), signal: forever() }),
    ).toMatchObject({ outcome: 'refused' })
  })

  test('knows of no payment that was never begun', async () => {
    expect(await provider.find({ orderId, signal: forever() })).toEqual({ outcome: 'none' })
    expect(await provider.find({ orderId, reference: 'pi_of_nobody', signal: forever() })).toEqual({
      outcome: 'none',
    })
  })

  test('a gateway that is down leaves everything unknown, and does nothing behind our back', async () => {
    const reference = await authorised()
    gateway.setDown(true)
    expect(await captureOf(reference)).toEqual({ outcome: 'unknown' })
    expect(await provider.find({ orderId, signal: forever() })).toEqual({ outcome: 'unknown' })
    gateway.setDown(false)
    expect(books()).toMatchObject({ captures: 0 })
    expect(await captureOf(reference)).toEqual({ outcome: 'done' })
  })

  test('a gateway that stays down is left alone, and found when it is back', async () => {
    gateway.setDown(true)
    for (let time = 0; opened.patience.state() !== 'open'; time++) {
      expect(time).toBeLessThan(10)
      expect(await provider.authorise(attempt('tok_ok'))).toEqual({ outcome: 'unknown' })
    }
    gateway.setDown(false)
    expect(await provider.authorise(attempt('tok_ok'))).toEqual({ outcome: 'unknown' })
    expect(books()).toMatchObject({ intents: 0 })
  })

  test('stops when the one who asks does not wait any longer', async () => {
    const impatient = new AbortController()
    const asked = provider.authorise(attempt('tok_timeout', { signal: impatient.signal }))
    impatient.abort()
    expect(await asked).toMatchObject({ outcome: 'unknown' })
  })

  describe('reads webhooks', () => {
    const nowMs = 1_800_000_000_000
    const intent = {
      id: 'pi_1',
      object: 'payment_intent',
      status: 'requires_capture',
      amount: 4_999,
      amount_received: 0,
      currency: 'eur',
      metadata: { order_id: orderId },
    }
    const eventOf = (type: string, object: object) =>
      Buffer.from(
        JSON.stringify({
          id: 'evt_1',
          object: 'event',
          type,
          created: 1_799_999_999,
          data: { object },
        }),
      )
    const signed = (body: Uint8Array, { atMs = nowMs, secret = webhookSecret } = {}) => {
      const time = String(Math.floor(atMs / 1_000))
      const signature = signatureOf(body, time, secret).toString('hex')
      return new Headers({ 'stripe-signature': `t=${time},v1=${signature}` })
    }
    const body = eventOf('payment_intent.amount_capturable_updated', intent)

    test('that are signed', () => {
      expect(provider.readWebhook({ headers: signed(body), body, nowMs })).toEqual({
        ok: true,
        value: {
          id: 'evt_1',
          type: 'payment_intent.amount_capturable_updated',
          createdMs: 1_799_999_999_000,
          reference: 'pi_1',
          orderId,
          facts: [{ kind: 'authorised', amount }],
        },
      })
    })

    test('that are signed with one of two secrets, while one takes the place of the other', () => {
      const [time, right] = (signed(body).get('stripe-signature') ?? '').split(',')
      const headers = new Headers({ 'stripe-signature': `${time},v1=${'0'.repeat(64)},${right}` })
      expect(provider.readWebhook({ headers, body, nowMs }).ok).toBe(true)
    })

    test('of three days ago, if they are signed anew', () => {
      const laterMs = nowMs + 3 * 86_400_000
      const headers = signed(body, { atMs: laterMs })
      expect(provider.readWebhook({ headers, body, nowMs: laterMs }).ok).toBe(true)
    })

    test.each<[string, Headers, Uint8Array, number?]>([
      ['without a signature', new Headers(), body],
      ['with an empty one', new Headers({ 'stripe-signature': '' }), body],
      ['with nonsense for one', new Headers({ 'stripe-signature': 't=,v1=zz,=,' }), body],
      ['signed with another secret', signed(body, { secret: 'whsec_of_a_thief' }), body],
      ['changed on the way', signed(body), Buffer.from(body.toString().replace('4999', '1'))],
      ['sent again after five minutes', signed(body), body, nowMs + 301_000],
      ['with an older scheme only', new Headers({ 'stripe-signature': 't=1,v0=00' }), body],
    ])('but none %s', (_, headers, sent, atMs = nowMs) => {
      const read = provider.readWebhook({ headers, body: sent, nowMs: atMs })
      expect(read).toMatchObject({
        ok: false,
        refusal: { code: 'webhook_signature_invalid' },
      })
    })

    test.each([
      ['no JSON', Buffer.from('{')],
      ['nothing', Buffer.from('')],
      ['an array', Buffer.from('[]')],
      ['no event', Buffer.from('{"object":"thing"}')],
    ])('but none that holds %s, whoever signed it', (_, sent) => {
      const read = provider.readWebhook({ headers: signed(sent), body: sent, nowMs })
      expect(read.ok).toBe(false)
    })

    test('and finds nothing in those that are about something else', () => {
      const sent = eventOf('customer.created', { id: 'cus_1', object: 'customer' })
      const read = provider.readWebhook({ headers: signed(sent), body: sent, nowMs })
      expect(read).toMatchObject({ ok: true, value: { facts: [] } })
    })

    test('of refunds, by the key they were asked for with', () => {
      const refund = {
        id: 're_1',
        object: 'refund',
        status: 'failed',
        amount: 999,
        currency: 'eur',
        payment_intent: 'pi_1',
        metadata: { refund_key: keys.refundKey(orderId, 'r1') },
      }
      const sent = eventOf('refund.failed', refund)
      expect(provider.readWebhook({ headers: signed(sent), body: sent, nowMs })).toMatchObject({
        ok: true,
        value: {
          reference: 'pi_1',
          orderId,
          facts: [{ kind: 'refund_failed', key: keys.refundKey(orderId, 'r1') }],
        },
      })
    })
  })
})
