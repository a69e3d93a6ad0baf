import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assess, type Signals } from '../../../../node/payments/fraud.ts'
import { riskReviewMin } from '../../../../node/payments/limits.ts'
import { createMemoryGateway } from './memory-gateway.ts'
import { createPayingRegion, createTestClock, due, wishes } from './paying.ts'

const calm: Signals = {
  amount: { amount: 4_999, currency: 'EUR' },
  account: 'ada',
  velocity: { attempts: 0, declined: 0, tokens: 0, accountsOfToken: 0 },
  usualMinor: undefined,
  shippingCountry: 'DE',
  billingCountry: 'DE',
}

describe('a payment', () => {
  test('of nobody odd is not odd', () => {
    expect(assess(calm)).toEqual({ score: 0, reasons: [] })
  })

  test.each<[string, Partial<Signals>]>([
    ['velocity', { velocity: { ...calm.velocity, attempts: 5 } }],
    ['velocity', { velocity: { ...calm.velocity, tokens: 3 } }],
    ['velocity', { velocity: { ...calm.velocity, declined: 3 } }],
    ['velocity', { velocity: { ...calm.velocity, accountsOfToken: 3 } }],
    ['amount', { amount: { amount: 200_000, currency: 'EUR' } }],
    ['amount', { amount: { amount: 2_000, currency: 'JPY' } }],
    ['amount', { amount: { amount: 2_000_000, currency: 'KWD' } }],
    ['amount', { usualMinor: 400 }],
    ['address mismatch', { billingCountry: 'FR' }],
    ['guest', { account: null, amount: { amount: 200_000, currency: 'EUR' } }],
  ])('is odd by its %s', (reason, odd) => {
    const { score, reasons } = assess({ ...calm, ...odd })
    expect(score).toBeGreaterThan(0)
    expect(reasons.some((one) => one.startsWith(reason))).toBe(true)
  })

  test('whose bill nobody has told the country of is no mismatch', () => {
    expect(assess({ ...calm, billingCountry: undefined }).score).toBe(0)
  })

  test('is looked at by a person when one card serves three accounts', () => {
    const velocity = { ...calm.velocity, accountsOfToken: 3 }
    expect(assess({ ...calm, velocity }).score).toBeGreaterThanOrEqual(riskReviewMin)
  })

  test('scores from 0 to 100, and higher the odder it is', () => {
    const count = fc.nat({ max: 20 })
    const signals = fc.record({
      attempts: count,
      declined: count,
      tokens: count,
      accountsOfToken: count,
    })
    fc.assert(
      fc.property(signals, signals, fc.nat({ max: 5_000_000 }), (some, more, amount) => {
        const odd = { ...calm, amount: { amount, currency: 'EUR' }, velocity: some }
        const { score, reasons } = assess(odd)
        expect(score).toBeGreaterThanOrEqual(0)
        expect(score).toBeLessThanOrEqual(100)
        expect(score > 0).toBe(reasons.length > 0)
        const velocity = {
          attempts: some.attempts + more.attempts,
          declined: some.declined + more.declined,
          tokens: some.tokens + more.tokens,
          accountsOfToken: some.accountsOfToken + more.accountsOfToken,
        }
        expect(assess({ ...odd, velocity }).score).toBeGreaterThanOrEqual(score)
      }),
    )
  })
})

test('who pays with many cards in a short time is known by them, and forgotten again', async () => {
  const clock = createTestClock()
  const { provider } = createMemoryGateway({ clock })
  const region = createPayingRegion(clock, provider)
  const account = 'mallory'
  for (const [order, token] of [
    ['order-1', 'tok_declined'],
    ['order-2', 'tok_insufficient_funds'],
    ['order-3', 'tok_stolen'],
    ['order-4', 'tok_wrong_cvc'],
    ['order-5', 'tok_expired'],
  ] as const) {
    wishes(region, order).attempt(token, { account })
    await region.payments.settle(order)
  }
  const wish = { amount: due, token: 'tok_ok', account }
  expect(region.payments.assessRisk(wish)).toEqual({
    score: 100,
    reasons: [
      'velocity: five attempts or more in ten minutes',
      'velocity: three cards or more in ten minutes',
      'velocity: three declines or more in ten minutes',
    ],
  })
  expect(region.payments.assessRisk({ ...wish, account: 'ada' })).toEqual({
    score: 0,
    reasons: [],
  })
  clock.ms += 11 * 60_000
  expect(region.payments.assessRisk(wish)).toEqual({ score: 0, reasons: [] })
})
