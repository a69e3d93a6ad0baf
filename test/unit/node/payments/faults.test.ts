/** What goes wrong between a shop and its bank, and how each time no money and no order is lost. */

import { describe, expect, test } from 'vitest'
import { nextWork } from '../../../../node/payments/work.ts'
import { createMemoryGateway, type Way } from './memory-gateway.ts'
import {
  createPayingRegion,
  createTestClock,
  due,
  meet,
  orderId,
  send,
  wishes,
  type TestClock,
} from './paying.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

const open = (options: { readonly way?: () => Way } = {}) => {
  const clock = createTestClock()
  const gateway = createMemoryGateway({ clock, ...options })
  const eu = createPayingRegion(clock, gateway.provider, 'eu')
  return { clock, gateway, eu, wish: wishes(eu), books: () => gateway.books(orderId) }
}

const settled = async ({ eu }: Pick<ReturnType<typeof open>, 'eu'>) => {
  const payment = await eu.payments.settle(orderId)
  expect(eu.errors).toEqual([])
  return payment
}

const paid = async (shop: ReturnType<typeof open>, token = 'tok_ok') => {
  shop.wish.attempt(token)
  await settled(shop)
  shop.wish.capture()
  return settled(shop)
}

const wait = (clock: TestClock, ms: number) => {
  clock.ms += ms
}

describe('an answer that does not come', () => {
  test('before the charge: the attempt is tried again, and given up after a quarter of an hour', async () => {
    const shop = open()
    shop.wish.attempt('tok_timeout_before')
    expect(await settled(shop)).toMatchObject({ state: 'pending', attempts: [{ isWaiting: true }] })
    expect(shop.books()).toMatchObject({ authorisedMinor: 0 })
    wait(shop.clock, 14 * minuteMs)
    expect(await settled(shop)).toMatchObject({ state: 'pending' })
    wait(shop.clock, 2 * minuteMs)
    expect(await settled(shop)).toMatchObject({
      state: 'declined',
      attempts: [{ outcome: 'declined', code: 'released' }],
    })
    expect(nextWork(shop.eu.payment())).toBeUndefined()
    // What is given up cannot succeed behind our back.
    expect([...shop.gateway.ledger.intents()]).toMatchObject([{ status: 'canceled' }])
  })

  test('after the charge: asked, the gateway tells that the money is set aside', async () => {
    const shop = open()
    shop.wish.attempt('tok_timeout')
    expect(await settled(shop)).toMatchObject({ state: 'authorised' })
    expect(shop.books()).toMatchObject({ intents: 1, authorisedMinor: due.amount })
  })

  test('after the capture, or the refund, or the release: asked, the gateway tells', async () => {
    const captured = open()
    expect(await paid(captured, 'tok_capture_timeout')).toMatchObject({ state: 'captured' })
    expect(captured.books()).toMatchObject({ captures: 1 })

    const refunded = open()
    await paid(refunded, 'tok_refund_timeout')
    refunded.wish.refund(due.amount)
    expect(await settled(refunded)).toMatchObject({ state: 'refunded' })
    expect(refunded.books()).toMatchObject({ refundedMinor: due.amount })

    const released = open()
    released.wish.attempt('tok_release_timeout')
    await settled(released)
    released.wish.close()
    expect(await settled(released)).toMatchObject({ state: 'released' })
    expect(released.books()).toMatchObject({ authorisedMinor: 0 })
  })

  test('but a 500 to the charge, which is the answer to its key for ever: the gateway is asked', async () => {
    const shop = open()
    shop.wish.attempt('tok_error')
    expect(await settled(shop)).toMatchObject({ state: 'authorised' })
  })
})

describe('a gateway that is down', () => {
  test('for an hour: the order stays pending, and is paid as soon as it is back', async () => {
    let way: Way = 'lost'
    const shop = open({ way: () => way })
    shop.wish.attempt('tok_ok')
    for (let minute = 0; minute < 60; minute++) {
      expect(await settled(shop)).toMatchObject({ state: 'pending' })
      await shop.eu.payments.sweep()
      wait(shop.clock, minuteMs)
    }
    way = 'arrives'
    wait(shop.clock, minuteMs)
    await shop.eu.payments.sweep()
    expect(shop.eu.payment()).toMatchObject({ state: 'authorised' })
    expect(shop.books()).toMatchObject({ intents: 1, authorisedMinor: due.amount })
    shop.wish.capture()
    expect(await settled(shop)).toMatchObject({ state: 'captured', capturedMinor: due.amount })
  })

  test('writes no change for each time that it does not answer', async () => {
    const shop = open({ way: () => 'lost' })
    shop.wish.attempt('tok_ok')
    await settled(shop)
    const before = shop.eu.store.endPosition()
    for (let time = 0; time < 20; time++) {
      wait(shop.clock, 2 * minuteMs)
      await shop.eu.payments.sweep()
    }
    expect(shop.eu.store.endPosition()).toBe(before)
  })

  test('longer than it remembers keys: a refund that was done is found, and not done again', async () => {
    let way: Way = 'arrives'
    const shop = open({ way: () => way })
    await paid(shop)
    shop.wish.refund(1_000)
    way = 'answer_lost'
    await settled(shop)
    expect(shop.books()).toMatchObject({ refundedMinor: 1_000 })
    expect(shop.eu.payment()).toMatchObject({ refunds: [{ state: 'wanted' }] })
    wait(shop.clock, 30 * hourMs)
    way = 'arrives'
    expect(await settled(shop)).toMatchObject({ refunds: [{ state: 'done' }] })
    expect(shop.books()).toMatchObject({ refundedMinor: 1_000 })
  })

  test('longer than it remembers keys: an order that was charged is found, and not charged again', async () => {
    let way: Way = 'answer_lost'
    const shop = open({ way: () => way })
    shop.wish.attempt('tok_ok')
    await settled(shop)
    way = 'arrives'
    wait(shop.clock, 30 * hourMs)
    expect(await settled(shop)).toMatchObject({ state: 'authorised' })
    expect(shop.books()).toMatchObject({ intents: 1, authorisedMinor: due.amount })
  })
})

describe('a payment that succeeds after the order was cancelled', () => {
  test('is released, if nothing was taken', async () => {
    const shop = open()
    shop.wish.attempt('tok_late')
    expect(await settled(shop)).toMatchObject({ state: 'pending' })
    wait(shop.clock, 3_000)
    shop.gateway.hearLateBanks()
    shop.wish.close()
    expect(await settled(shop)).toMatchObject({ state: 'released' })
    expect(shop.books()).toMatchObject({ authorisedMinor: 0, captures: 0 })
  })

  test('does not succeed at all, if the cancellation is faster than the bank', async () => {
    const shop = open()
    shop.wish.attempt('tok_late')
    await settled(shop)
    shop.wish.close()
    await settled(shop)
    wait(shop.clock, 3_000)
    shop.gateway.hearLateBanks()
    expect(shop.books()).toMatchObject({ authorisedMinor: 0 })
    expect(nextWork(shop.eu.payment())).toBeUndefined()
  })

  test('is given back, if it was taken in another region', async () => {
    const { clock, gateway, eu } = open()
    const us = createPayingRegion(clock, gateway.provider, 'us')
    wishes(eu).attempt('tok_ok')
    await eu.payments.settle(orderId)
    meet(eu, us)
    // The cable is cut: one region takes the money, the other cancels the order.
    wishes(eu).capture()
    await eu.payments.settle(orderId)
    wishes(us).close()
    await us.payments.settle(orderId)
    meet(eu, us)
    await us.payments.settle(orderId)
    await eu.payments.settle(orderId)
    meet(eu, us)
    expect(gateway.books(orderId)).toMatchObject({ captures: 1, refundedMinor: due.amount })
    expect(eu.payment()).toEqual(us.payment())
    expect(eu.payment()).toMatchObject({ state: 'refunded', closed: 'cancelled' })
  })

  test('is given back as far as it is not given back already', async () => {
    const shop = open()
    await paid(shop)
    shop.wish.refund(2_500)
    await settled(shop)
    shop.wish.close()
    expect(await settled(shop)).toMatchObject({ state: 'refunded' })
    expect(shop.eu.payment().refunds.map(({ amount }) => amount.amount)).toEqual([2_500, 7_500])
  })
})

describe('webhooks', () => {
  test('tell of a bank that was late', async () => {
    const shop = open()
    shop.wish.attempt('tok_late')
    await settled(shop)
    wait(shop.clock, 3_000)
    shop.gateway.hearLateBanks()
    const event = shop.gateway.events.at(-1)!
    expect(await shop.eu.payments.hear(shop.gateway.webhook(event))).toMatchObject({
      value: 'written down',
    })
    expect(shop.eu.payment()).toMatchObject({ state: 'authorised' })
  })

  test('tell of a bank that declined late, by the name of the try', async () => {
    const shop = open()
    shop.wish.attempt('tok_late_declined')
    await settled(shop)
    wait(shop.clock, 3_000)
    shop.gateway.hearLateBanks()
    await shop.eu.payments.hear(shop.gateway.webhook(shop.gateway.events.at(-1)!))
    expect(shop.eu.payment()).toMatchObject({
      state: 'declined',
      attempts: [{ code: 'generic_decline', retry: true }],
    })
  })

  test('of an attempt that is over decline no later one', async () => {
    const shop = open()
    shop.wish.attempt('tok_late_declined')
    await settled(shop)
    wait(shop.clock, 3_000)
    shop.gateway.hearLateBanks()
    const old = shop.gateway.events.at(-1)!
    await settled(shop)
    shop.wish.attempt('tok_late')
    await settled(shop)
    await shop.eu.payments.hear(shop.gateway.webhook(old))
    expect(shop.eu.payment()).toMatchObject({
      state: 'pending',
      attempts: [{ outcome: 'declined' }, { outcome: 'pending' }],
    })
  })

  test('count once, however often, in whatever order, at whichever node they come', async () => {
    const shop = open()
    const us = createPayingRegion(shop.clock, shop.gateway.provider, 'us')
    await paid(shop)
    shop.wish.refund(4_000)
    await settled(shop)
    const before = shop.eu.payment()
    const changes = shop.eu.store.endPosition()
    const events = shop.gateway.events.toReversed()
    for (const event of [...events, ...events]) {
      const raw = shop.gateway.webhook(event)
      await Promise.all([shop.eu, us].map(({ payments }) => payments.hear(raw)))
    }
    expect(shop.eu.payment()).toEqual(before)
    // What is known is heard, and makes no change.
    expect(shop.eu.store.endPosition()).toBe(changes)
    // A region that never heard of the order knows its money all the same.
    expect(us.payment()).toMatchObject({ capturedMinor: due.amount, refundedMinor: 4_000 })
    meet(shop.eu, us)
    const { attempts, ...facts } = us.payment()
    expect(attempts).toHaveLength(1)
    expect(facts).toMatchObject({ state: 'partially_refunded', refundedMinor: 4_000 })
    expect(us.payment()).toEqual(shop.eu.payment())
  })

  test('that are forged, replayed or old change nothing', async () => {
    const shop = open()
    shop.wish.attempt('tok_late')
    await settled(shop)
    wait(shop.clock, 3_000)
    shop.gateway.hearLateBanks()
    const raw = shop.gateway.webhook(shop.gateway.events.at(-1)!)
    const changes = shop.eu.store.endPosition()
    const forged = {
      ...raw,
      body: Buffer.from(Buffer.from(raw.body).toString().replace('10000', '1')),
    }
    const replayed = { ...raw, nowMs: raw.nowMs + 6 * minuteMs }
    for (const wrong of [forged, replayed, { ...raw, headers: new Headers() }]) {
      expect(await shop.eu.payments.hear(wrong)).toMatchObject({
        refusal: { code: 'webhook_signature_invalid' },
      })
    }
    expect(shop.eu.store.endPosition()).toBe(changes)
    expect(shop.eu.payment()).toMatchObject({ state: 'pending' })
  })

  test('of a refund at the provider’s own desk are counted too', async () => {
    const shop = open()
    await paid(shop)
    const { reference } = shop.eu.payment().charges[0]!
    const reply = shop.gateway.ledger.refund({ intent: reference, amount: 500, metadata: {} })
    expect(reply.status).toBe(200)
    await shop.eu.payments.hear(shop.gateway.webhook(shop.gateway.events.at(-1)!))
    expect(shop.eu.payment()).toMatchObject({
      refundedMinor: 500,
      refunds: [{ by: 'provider', state: 'done' }],
    })
  })
})

describe('a node that crashed', () => {
  test('before it asked, or before it wrote the answer down: asking again charges once', async () => {
    const shop = open()
    shop.wish.attempt('tok_ok')
    // The request went out, and nobody lived to hear the answer.
    const [attempt] = shop.eu.payment().attempts
    await shop.gateway.provider.authorise({
      orderId,
      amount: due,
      token: 'tok_ok',
      key: `${orderId}/attempt/${attempt!.id}`,
      signal: new AbortController().signal,
    })
    wait(shop.clock, minuteMs)
    await shop.eu.payments.sweep()
    expect(shop.eu.payment()).toMatchObject({ state: 'authorised' })
    expect(shop.books()).toMatchObject({ intents: 1, authorisedMinor: due.amount })
  })

  test('and stays away: another takes its payments over, after it was left some time', async () => {
    const { clock, gateway, eu } = open()
    const us = createPayingRegion(clock, gateway.provider, 'us')
    wishes(eu).attempt('tok_ok')
    await eu.payments.settle(orderId)
    wishes(eu).capture()
    send(eu, us)
    await us.payments.sweep()
    expect(gateway.books(orderId)).toMatchObject({ captures: 0 })
    clock.ms += 6 * minuteMs
    await us.payments.sweep()
    expect(gateway.books(orderId)).toMatchObject({ captures: 1 })
    // It comes back, and asks for the same.
    await eu.payments.settle(orderId)
    expect(gateway.books(orderId)).toMatchObject({ captures: 1, capturedMinor: due.amount })
    meet(eu, us)
    expect(eu.payment()).toEqual(us.payment())
  })

  test('a checkout that is under way is left alone by the sweep', async () => {
    const shop = open()
    shop.wish.attempt('tok_ok')
    await shop.eu.payments.sweep()
    expect(shop.books()).toMatchObject({ intents: 0 })
  })
})

describe('two regions', () => {
  test('that give back more than there is: the provider refuses one, and it is shown', async () => {
    const { clock, gateway, eu, wish } = open()
    const us = createPayingRegion(clock, gateway.provider, 'us')
    wish.attempt('tok_ok')
    await eu.payments.settle(orderId)
    wish.capture()
    await eu.payments.settle(orderId)
    meet(eu, us)
    wishes(eu).refund(6_000, 'of-eu')
    wishes(us).refund(6_000, 'of-us')
    await eu.payments.settle(orderId)
    await us.payments.settle(orderId)
    meet(eu, us)
    expect(gateway.books(orderId)).toMatchObject({ refundedMinor: 6_000 })
    expect(eu.payment().refunds.map(({ id, state }) => [id, state])).toEqual([
      ['of-eu', 'done'],
      ['of-us', 'refused'],
    ])
  })

  test('that price one order differently: the second is not charged', async () => {
    const { clock, gateway, eu, wish } = open()
    const us = createPayingRegion(clock, gateway.provider, 'us')
    wish.attempt('tok_ok')
    await eu.payments.settle(orderId)
    wishes(us).attempt('tok_ok', { amount: { ...due, amount: 9_000 } })
    expect(await us.payments.settle(orderId)).toMatchObject({
      state: 'declined',
      attempts: [{ code: 'amount_mismatch' }],
    })
    expect(gateway.books(orderId)).toMatchObject({ intents: 1, authorisedMinor: due.amount })
  })
})

describe('a payment that looks odd', () => {
  const risk = { score: 80, reasons: ['velocity: ten attempts or more in ten minutes'] }

  test('is set aside, and taken when a person has approved it', async () => {
    const shop = open()
    shop.wish.attempt('tok_ok', { risk })
    await settled(shop)
    shop.wish.capture()
    expect(await settled(shop)).toMatchObject({ state: 'authorised' })
    expect(shop.eu.queries.flags({ resolved: false, after: undefined, limit: 10 })).toMatchObject([
      { id: orderId, score: 80, verdict: null },
    ])
    shop.wish.review('approved')
    expect(await settled(shop)).toMatchObject({ state: 'captured' })
    expect(shop.eu.queries.flags({ resolved: true, after: undefined, limit: 10 })).toMatchObject([
      { id: orderId, verdict: 'approved' },
    ])
  })

  test('is let go when a person has rejected it', async () => {
    const shop = open()
    shop.wish.attempt('tok_ok', { risk })
    await settled(shop)
    shop.wish.capture()
    shop.wish.review('rejected')
    expect(await settled(shop)).toMatchObject({ state: 'released' })
    expect(shop.books()).toMatchObject({ captures: 0, authorisedMinor: 0 })
  })

  test('is given back when it is rejected after another region took it', async () => {
    const shop = open()
    shop.wish.attempt('tok_ok', { risk })
    await settled(shop)
    shop.wish.capture()
    shop.wish.review('approved')
    await settled(shop)
    shop.wish.review('rejected')
    expect(await settled(shop)).toMatchObject({ state: 'refunded' })
  })
})

test('money that another gateway holds is not taken for money that was refused', async () => {
  const shop = open()
  const other = open()
  shop.wish.attempt('tok_ok')
  await settled(shop)
  shop.wish.capture()
  send(shop.eu, other.eu)
  // Set up with another sandbox, it cannot tell anything about this one's payments.
  await settled(other)
  meet(shop.eu, other.eu)
  expect(shop.eu.payment()).toMatchObject({ state: 'authorised', captureRefused: undefined })
  expect(await settled(shop)).toMatchObject({ state: 'captured' })
})

test('a provider of another name is not asked about what this one holds', async () => {
  const shop = open()
  shop.wish.attempt('tok_ok', { provider: 'stripe' })
  expect(await settled(shop)).toMatchObject({ state: 'pending' })
  expect(shop.books()).toMatchObject({ intents: 0 })
})
