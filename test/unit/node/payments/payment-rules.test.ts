import { describe, expect, test } from 'vitest'
import { attemptsMax, refundsMax } from '../../../../node/payments/limits.ts'
import { createMemoryGateway } from './memory-gateway.ts'
import { createPayingRegion, createTestClock, due, orderId, wishes } from './paying.ts'

const open = () => {
  const clock = createTestClock()
  const gateway = createMemoryGateway({ clock })
  const region = createPayingRegion(clock, gateway.provider)
  return { ...region, gateway, wish: wishes(region), settle: () => region.payments.settle(orderId) }
}

const paid = async () => {
  const shop = open()
  shop.wish.attempt('tok_ok')
  await shop.settle()
  shop.wish.capture()
  await shop.settle()
  return shop
}

describe('an attempt', () => {
  test('is stored once, however often it is wished', () => {
    const { wish, payment } = open()
    expect([1, 2, 3].map(() => wish.attempt('tok_ok'))).toEqual([null, null, null])
    expect(payment().attempts).toHaveLength(1)
  })

  test('with another card has to wait until it is known what became of the last', () => {
    const { wish } = open()
    wish.attempt('tok_ok')
    expect(wish.attempt('tok_visa')).toBe('payment_pending')
  })

  test('after a decline is another one, with the same card, too', async () => {
    const { wish, payment, settle } = open()
    wish.attempt('tok_declined')
    await settle()
    expect(wish.attempt('tok_declined')).toBeNull()
    await settle()
    const [first, second] = payment().attempts
    expect(first!.id).not.toBe(second!.id)
    expect(second).toMatchObject({ number: 2, outcome: 'declined', code: 'generic_decline' })
  })

  test('is not made of what is paid already', async () => {
    const { wish, payment } = await paid()
    expect(wish.attempt('tok_visa')).toBeNull()
    expect(payment().attempts).toHaveLength(1)
  })

  test.each([
    ['4242424242424242', 'card_number_refused'],
    ['4242 4242 4242 4242', 'card_number_refused'],
  ])('with the card number %s is refused', (token, code) => {
    expect(open().wish.attempt(token)).toBe(code)
  })

  test('on an order that is off is refused', () => {
    const { wish } = open()
    wish.close()
    expect(wish.attempt('tok_ok')).toBe('payment_closed')
  })

  test('of another amount, or in another currency, is refused', async () => {
    const { wish, settle } = open()
    wish.attempt('tok_declined')
    await settle()
    const other = [
      { ...due, amount: due.amount + 1 },
      { ...due, currency: 'USD' },
    ]
    for (const amount of other) {
      expect(wish.attempt('tok_ok', { amount })).toBe('payment_amount_mismatch')
    }
  })

  test('after ever so many in vain is refused', async () => {
    const { wish, settle } = open()
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      expect(wish.attempt('tok_declined')).toBeNull()
      await settle()
    }
    expect(wish.attempt('tok_ok')).toBe('payment_attempts_exhausted')
  })
})

describe('a refund', () => {
  test.each([0, -1, due.amount + 1, Number.MAX_SAFE_INTEGER])('of %d is refused', async (minor) => {
    const { wish } = await paid()
    expect(wish.refund(minor)).toBe('refund_exceeds_payment')
  })

  test('before anything was taken is refused', async () => {
    const { wish, settle } = open()
    wish.attempt('tok_ok')
    await settle()
    expect(wish.refund(1)).toBe('refund_exceeds_payment')
  })

  test('counts once by its name; the name for another amount is refused', async () => {
    const { wish, payment } = await paid()
    expect([wish.refund(10), wish.refund(10)]).toEqual([null, null])
    expect(payment().refunds).toHaveLength(1)
    expect(wish.refund(11)).toBe('idempotency_key_reused')
  })

  test('leaves less for the next', async () => {
    const { wish } = await paid()
    expect(wish.refund(due.amount - 1, 'a')).toBeNull()
    expect(wish.refund(2, 'b')).toBe('refund_exceeds_payment')
    expect(wish.refund(1, 'c')).toBeNull()
  })

  test('of ever so many is refused', async () => {
    const { wish } = await paid()
    for (let count = 0; count < refundsMax; count++) expect(wish.refund(1, `r${count}`)).toBeNull()
    expect(wish.refund(1, 'one more')).toBe('refund_exceeds_payment')
  })

  test('that failed later leaves the money there to be given back', async () => {
    const { wish, settle, payment, gateway, payments } = open()
    wish.attempt('tok_refund_fails')
    await settle()
    wish.capture()
    await settle()
    wish.refund(due.amount)
    await settle()
    expect(payment()).toMatchObject({ state: 'refunded' })
    gateway.ledger.refund({ intent: '', amount: 1, metadata: {} })
    const refund = [...gateway.ledger.refunds()][0]!
    const failed = {
      ...gateway.events.at(-1)!,
      id: 'evt_failed',
      type: 'refund.failed',
      data: { object: { ...refund, status: 'failed' as const } },
    }
    await payments.hear(gateway.webhook(failed))
    expect(payment()).toMatchObject({ state: 'captured', refunds: [{ state: 'failed' }] })
    expect(wish.refund(due.amount, 'again')).toBeNull()
  })
})

test('a capture is wished once, and the first wish counts', async () => {
  const { wish, settle, gateway } = open()
  wish.attempt('tok_ok')
  await settle()
  wish.capture({ ...due, amount: 4_000 })
  wish.capture()
  expect(await settle()).toMatchObject({ capturedMinor: 4_000 })
  expect(gateway.books(orderId)).toMatchObject({ captures: 1, capturedMinor: 4_000 })
})

test('a capture that the provider will not do is told, and is for a person', async () => {
  const { wish, settle } = open()
  wish.attempt('tok_capture_fails')
  await settle()
  wish.capture()
  expect(await settle()).toMatchObject({
    state: 'authorised',
    captureRefused: 'charge_expired_for_capture',
  })
})

test('a payment that was never flagged has nothing to review', () => {
  const { wish } = open()
  wish.attempt('tok_ok')
  expect(wish.review('approved')).toBe('payment_not_flagged')
})
