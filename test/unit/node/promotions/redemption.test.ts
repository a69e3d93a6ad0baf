/**
 * Coupons in regions that hear each other late, twice, or not at all: whatever happens, none is used
 * more often than it may be, in all and by each customer.
 */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AccountId } from '../../../../node/identity/account-id.ts'
import {
  couponCodeOf,
  coupon,
  editCoupon,
  issueCoupon,
  viewCoupon,
  type CouponCode,
} from '../../../../node/promotions/coupon.ts'
import { grantCoupon } from '../../../../node/promotions/coupon-rights.ts'
import { judgeCoupon } from '../../../../node/promotions/redemption.ts'
import { createMarket, type Market } from '../pricing/market.ts'
import { accountOf, placing, signUp, undoing } from './redeeming.ts'

const code = 'WELCOME' as CouponCode

const issued = (
  market: Market,
  limits: { readonly limit: number | null; readonly perCustomer: number | null },
  others: readonly Market[] = [],
) => {
  market.promote('welcome', { needsCoupon: true })
  const nodes = others.map(({ replica }) => replica())
  market.run(issueCoupon, { code, promotion: 'welcome', endsMs: null, nodes, ...limits })
}

const meet = (...markets: readonly Market[]) => {
  for (const from of markets) for (const to of markets) to.join(from.done.flat())
}

type Step =
  | {
      readonly does: 'redeem' | 'undo' | 'ask'
      readonly at: number
      readonly by: number
      readonly to: number
    }
  | { readonly does: 'restart'; readonly at: number }
  | { readonly does: 'hear'; readonly at: number; readonly to: number; readonly which: number }
  | { readonly does: 'more'; readonly at: number }

const region = fc.nat(3)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('redeem' as const),
      at: region,
      by: fc.nat(2),
      to: region,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('undo' as const),
      at: region,
      by: fc.nat(2),
      to: region,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('ask' as const),
      at: region,
      by: fc.nat(2),
      to: region,
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('restart' as const), at: region }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('more' as const), at: region }) },
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant('hear' as const),
      at: region,
      to: region,
      which: fc.nat(60),
    }),
  },
)

test('no schedule of partitions redeems beyond a limit', () => {
  const seen = { redeemed: 0, refused: 0, granted: 0, undone: 0 }
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 4 }),
      fc.option(fc.nat(6)),
      fc.option(fc.integer({ min: 1, max: 3 })),
      fc.array(step, { minLength: 15, maxLength: 60 }),
      (count, limit, perCustomer, steps) => {
        const markets = Array.from({ length: count }, () => createMarket())
        const at = (index: number) => markets[index % count]!
        issued(at(0), { limit, perCustomer }, markets.slice(1))
        // Each signed up in another region.
        const customers = [0, 1, 2].map((index) => signUp(at(index), `${index}`))
        meet(...markets)
        let allowed = limit ?? Infinity
        const orders: { customer: AccountId; at: number }[] = []
        for (const one of steps) {
          const here = at(one.at)
          if (one.does === 'restart') here.restart()
          else if (one.does === 'hear') {
            const heard = here.done[one.which % Math.max(here.done.length, 1)]
            if (heard) at(one.to).join(heard)
          } else if (one.does === 'more') {
            const done = here.run(editCoupon, { code, more: 1, nodes: [] })
            if (!('refused' in done)) allowed++
          } else if (one.does === 'ask') {
            // Nobody asks itself.
            if (at(one.to) === here) continue
            const customer = customers[one.by]!
            const granted = here.run(grantCoupon, { code, customer, to: at(one.to).replica() })
            if (!('refused' in granted) && granted.uses + granted.own > 0) seen.granted++
          } else if (one.does === 'redeem') {
            const customer = customers[one.by]!
            const done = here.run(placing, { coupons: [{ code }], customer })
            seen[done === null ? 'redeemed' : 'refused']++
            if (done === null) orders.push({ customer, at: one.at % count })
          } else {
            // An order is undone where it was placed, once.
            const found = orders.findIndex((order) => order.at === one.at % count)
            const [order] = found < 0 ? [] : orders.splice(found, 1)
            if (!order) continue
            here.run(undoing, { coupons: [{ code }], customer: order.customer })
            seen.undone++
          }
          expect(orders.length).toBeLessThanOrEqual(allowed)
          for (const customer of customers) {
            const own = orders.filter((order) => order.customer === customer)
            expect(own.length).toBeLessThanOrEqual(perCustomer ?? Infinity)
          }
        }
        meet(...markets)
        for (const market of markets) {
          const view = viewCoupon(code, market.world().read(coupon, code))
          expect(view).toMatchObject({
            used: orders.length,
            limit: limit === null ? null : allowed,
          })
        }
      },
    ),
    { numRuns: 600 },
  )
  // A run in which nothing happened proves nothing.
  for (const [what, times] of Object.entries(seen))
    expect([what, times > 100]).toEqual([what, true])
})

describe('a coupon', () => {
  const judged = (market: Market, customer?: string) => {
    const found = judgeCoupon(market.world(), code, { customer, nowMs: 0 })
    return found.ok ? 'ok' : found.refusal.code
  }

  test('is shared out when it is issued, so that every region can go on alone', () => {
    const [alice, bob, carol] = [createMarket(), createMarket(), createMarket()]
    issued(alice, { limit: 7, perCustomer: null }, [bob, carol])
    meet(alice, bob, carol)
    const redeemed = [alice, bob, carol].map((market) => {
      let times = 0
      while (market.run(placing, { coupons: [{ code }], customer: undefined }) === null) times++
      return times
    })
    expect(redeemed).toEqual([3, 2, 2])
    expect(judged(alice)).toBe('coupon_elsewhere')
    meet(alice, bob, carol)
    expect([alice, bob, carol].map((market) => judged(market))).toEqual(
      Array(3).fill('coupon_exhausted'),
    )
  })

  test('that counts customers is for the region in which they signed up, and for whom it grants', () => {
    const [alice, bob] = [createMarket(), createMarket()]
    issued(alice, { limit: null, perCustomer: 2 })
    const dave = signUp(bob, 'dave')
    meet(alice, bob)
    expect(judged(alice)).toBe('coupon_needs_account')
    expect(judged(alice, dave)).toBe('coupon_elsewhere')
    expect(judged(alice, accountOf('nobody'))).toBe('coupon_elsewhere')
    expect(judged(bob, dave)).toBe('ok')
    expect(bob.run(grantCoupon, { code, customer: dave, to: alice.replica() })).toEqual({
      uses: 0,
      own: 1,
    })
    alice.join(bob.done.flat())
    for (const market of [alice, bob]) {
      expect(market.run(placing, { coupons: [{ code }], customer: dave })).toBeNull()
      expect(judged(market, dave)).not.toBe('ok')
    }
    meet(alice, bob)
    expect(judged(bob, dave)).toBe('coupon_customer_limit')
    alice.run(undoing, { coupons: [{ code }], customer: dave })
    expect(judged(alice, dave)).toBe('ok')
  })

  test('comes with its rights through a restart', () => {
    const alice = createMarket()
    issued(alice, { limit: 1, perCustomer: 1 })
    const dave = signUp(alice, 'dave')
    alice.restart()
    expect(alice.run(placing, { coupons: [{ code }], customer: dave })).toBeNull()
    alice.restart()
    expect(alice.run(placing, { coupons: [{ code }], customer: dave })).toEqual({
      refused: 'coupon_unusable',
    })
  })

  test('of which two are on an order is used both or not at all', () => {
    const alice = createMarket()
    issued(alice, { limit: 1, perCustomer: null })
    alice.run(issueCoupon, {
      code: 'SECOND' as CouponCode,
      promotion: 'welcome',
      limit: 0,
      perCustomer: null,
      endsMs: null,
      nodes: [],
    })
    const coupons = [{ code }, { code: 'SECOND' }]
    expect(alice.run(placing, { coupons, customer: undefined })).toEqual({
      refused: 'coupon_unusable',
    })
    expect(judged(alice)).toBe('ok')
  })

  test('keeps its meaning: a code is issued once, and with a promotion that is there', () => {
    const alice = createMarket()
    const input = { code, limit: null, perCustomer: null, endsMs: null, nodes: [] }
    expect(alice.run(issueCoupon, { ...input, promotion: 'welcome' })).toEqual({
      refused: 'promotion_not_found',
    })
    issued(alice, { limit: null, perCustomer: null })
    expect(alice.run(issueCoupon, { ...input, promotion: 'welcome' })).toEqual({
      refused: 'coupon_exists',
    })
    expect(alice.run(editCoupon, { code, more: 5, nodes: [] })).toEqual({
      refused: 'invalid_request',
    })
  })
})

test.each([
  [' spring-26 ', 'SPRING-26'],
  ['AB', undefined],
  ['-AB', undefined],
  ['A B C', undefined],
  ['ÄPFEL', undefined],
  ['X'.repeat(33), undefined],
])('the code %j is kept as %s', (typed, kept) => {
  expect(couponCodeOf(typed)).toBe(kept)
})
