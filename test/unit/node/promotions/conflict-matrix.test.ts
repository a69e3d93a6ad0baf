/** Each row of the conflict matrix about coupons, promotions and shipments, as a property. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DraftDelta } from '../../../../node/core/capability.ts'
import { conflictsOf } from '../../../../node/inspector/conflict.ts'
import {
  coupon,
  editCoupon,
  issueCoupon,
  viewCoupon,
  type CouponCode,
} from '../../../../node/promotions/coupon.ts'
import {
  promotion,
  promotionKind,
  promotionRules,
  viewPromotion,
} from '../../../../node/promotions/promotion.ts'
import { isLive } from '../../../../node/pricing/rostered.ts'
import { shipment, viewShipment, type ShipmentId } from '../../../../node/shipping/shipment.ts'
import { prepareShipment, trackShipment } from '../../../../node/shipping/shipment-rules.ts'
import { rowsOf } from '../../crdt/conflict-page.ts'
import { createMarket, promotionInput, type Market } from '../pricing/market.ts'
import { placing, signUp, undoing } from './redeeming.ts'

const code = 'WELCOME' as CouponCode
const id = 'welcome'

interface Meeting {
  /** What both know before. */
  readonly given?: (alice: Market, bob: Market) => void
  readonly alice: (market: Market) => void
  readonly bob: (market: Market) => void
}

/** What both regions hold after they did this without hearing of each other, whoever was first. */
const outcome = ({ given, alice: inAlices, bob: inBobs }: Meeting): readonly [Market, Market] => {
  const clock = { ms: 1_780_000_000_000 }
  const alice = createMarket(clock)
  const bob = createMarket(clock)
  given?.(alice, bob)
  hear(alice, bob)
  const known = [alice.done.length, bob.done.length] as const
  inAlices(alice)
  inBobs(bob)
  const since: readonly (readonly DraftDelta[][])[] = [
    alice.done.slice(known[0]),
    bob.done.slice(known[1]),
  ]
  alice.join(since[1]!.flat())
  bob.join(since[0]!.flat())
  return [alice, bob]
}

const hear = (alice: Market, bob: Market) => {
  const own = [...alice.done]
  alice.join(bob.done.flat())
  bob.join(own.flat())
}

const issue =
  (limit: number | null, perCustomer: number | null = null) =>
  (market: Market) => {
    market.promote(id, { needsCoupon: true })
    market.run(issueCoupon, { code, promotion: id, limit, perCustomer, endsMs: null, nodes: [] })
  }

/** Issued by alice, shared with bob. */
const shared =
  (limit: number, perCustomer: number | null = null) =>
  (alice: Market, bob: Market) => {
    alice.promote(id, { needsCoupon: true })
    const nodes = [bob.replica()]
    alice.run(issueCoupon, { code, promotion: id, limit, perCustomer, endsMs: null, nodes })
  }

const more = (units: number) => (market: Market) =>
  market.run(editCoupon, { code, more: units, nodes: [] })

const redeemed = (market: Market, customer?: string) =>
  market.run(placing, { coupons: [{ code }], customer }) === null

const viewsOf = (markets: readonly Market[]) =>
  markets.map((market) => viewCoupon(code, market.world().read(coupon, code)))

const shownPromotions = (markets: readonly Market[]) =>
  markets.map((market) => {
    const document = market.world().read(promotion, id)
    return isLive(document) ? viewPromotion(id, document) : undefined
  })

const isContested = (market: Market) =>
  conflictsOf({ kind: promotionKind }, market.world().read(promotion, id)).length > 0

const made = (alice: Market) => alice.promote(id, {})
const rename = (name: string) => (market: Market) => market.run(promotionRules.edit, { id, name })
const remove = (market: Market) => market.run(promotionRules.remove, { id })

/** What both regions are to show. */
const both = <T>(value: T): readonly T[] => [value, value]

const uses = fc.integer({ min: 1, max: 9 })

const properties: Readonly<Record<string, () => void>> = {
  'coupon: issue x issue': () =>
    fc.assert(
      fc.property(uses, uses, (x, y) => {
        const given = (alice: Market) => alice.promote(id, { needsCoupon: true })
        const views = viewsOf(outcome({ given, alice: issue(x), bob: issue(y) }))
        expect(views).toMatchObject(both({ limit: x + y, used: 0 }))
      }),
      { numRuns: 20 },
    ),
  'coupon: issue more x issue more': () =>
    fc.assert(
      fc.property(uses, uses, (x, y) => {
        const views = viewsOf(outcome({ given: issue(3), alice: more(x), bob: more(y) }))
        expect(views).toMatchObject(both({ limit: 3 + x + y }))
      }),
      { numRuns: 20 },
    ),
  'coupon: redeem x redeem': () =>
    fc.assert(
      fc.property(uses, uses, uses, (limit, x, y) => {
        let used = 0
        const redeemTimes = (times: number) => (market: Market) => {
          for (let at = 0; at < times; at++) if (redeemed(market)) used++
        }
        const meeting = { given: shared(limit), alice: redeemTimes(x), bob: redeemTimes(y) }
        const views = viewsOf(outcome(meeting))
        expect(used).toBeLessThanOrEqual(limit)
        expect(views).toMatchObject(both({ limit, used }))
      }),
      { numRuns: 50 },
    ),
  'coupon: redeem x redeem by the same customer': () => {
    const done: boolean[] = []
    let dave = ''
    const redeeming = (market: Market) => {
      done.push(redeemed(market, dave))
    }
    const views = viewsOf(
      outcome({
        given: (alice, bob) => {
          shared(10, 1)(alice, bob)
          dave = signUp(bob, 'dave')
        },
        alice: redeeming,
        bob: redeeming,
      }),
    )
    expect(done).toEqual([false, true])
    expect(views).toMatchObject(both({ used: 1 }))
  },
  'coupon: redeem x withdraw': () => {
    const withdraw = (market: Market) => {
      market.run(editCoupon, { code, isWithdrawn: true, nodes: [] })
    }
    const meeting = {
      given: shared(2),
      alice: (market: Market) => expect(redeemed(market)).toBe(true),
      bob: withdraw,
    }
    expect(viewsOf(outcome(meeting))).toMatchObject(both({ used: 1, isWithdrawn: true }))
  },
  'coupon: redeem x give back': () => {
    const [alice, bob] = outcome({
      given: (one, other) => {
        shared(2)(one, other)
        expect(redeemed(one)).toBe(true)
      },
      alice: (market) => {
        market.run(undoing, { coupons: [{ code }], customer: undefined })
      },
      bob: (market) => expect(redeemed(market)).toBe(true),
    })
    expect(viewsOf([alice, bob])).toMatchObject(both({ limit: 2, used: 1 }))
    expect([redeemed(bob), redeemed(alice)]).toEqual([false, true])
  },
  'promotion: edit x edit': () => {
    const markets = outcome({ given: made, alice: rename('Autumn'), bob: rename('Winter') })
    expect(shownPromotions(markets)).toMatchObject(both({ name: 'Winter' }))
    expect(markets.map(isContested)).toEqual([true, true])
  },
  'promotion: edit x edit elsewhere': () => {
    const markets = outcome({
      given: made,
      alice: rename('Autumn'),
      bob: (market) => {
        market.run(promotionRules.edit, { id, isCombinable: false })
      },
    })
    expect(shownPromotions(markets)).toMatchObject(both({ name: 'Autumn', isCombinable: false }))
    expect(markets.map(isContested)).toEqual([false, false])
  },
  'promotion: edit x delete': () => {
    for (const acts of [
      { alice: rename('Autumn'), bob: remove },
      { alice: remove, bob: rename('Autumn') },
    ]) {
      const markets = outcome({ given: made, ...acts })
      expect(shownPromotions(markets)).toEqual([undefined, undefined])
    }
  },
  'promotion: delete x delete': () => {
    const markets = outcome({ given: made, alice: remove, bob: remove })
    expect(shownPromotions(markets)).toEqual([undefined, undefined])
    expect(markets.map(isContested)).toEqual([false, false])
  },
  'promotion: create x create': () => {
    const make = (name: string) => (market: Market) => {
      market.run(promotionRules.create, { ...promotionInput({ name }), id })
    }
    const markets = outcome({ alice: make('Autumn'), bob: make('Winter') })
    expect(shownPromotions(markets)).toMatchObject(both({ name: 'Winter' }))
    expect(markets.map(isContested)).toEqual([true, true])
  },
  'shipment: track x track': () => {
    let shipmentId = '' as ShipmentId
    const tell = (name: string, atMs: number) => (market: Market) => {
      const event = { id: name, status: 'in_transit', location: name, note: null, atMs } as const
      market.run(trackShipment, { id: shipmentId, event })
    }
    const tellAll =
      (...events: readonly ((market: Market) => void)[]) =>
      (market: Market) => {
        for (const event of events) event(market)
      }
    const markets = outcome({
      given: (alice) => {
        const input = { order: 'o', units: [], method: null, from: null }
        const more = { carrier: null, trackingNumber: null, estimatedMs: null }
        const prepared = alice.run(prepareShipment, { ...input, ...more })
        shipmentId = ('id' in prepared ? prepared.id : '') as ShipmentId
      },
      alice: tellAll(tell('Kiel', 1_000), tell('Hamburg', 3_000)),
      bob: tellAll(tell('Bremen', 2_000), tell('Hamburg', 3_000)),
    })
    const heard = markets.map((market) => {
      const view = viewShipment(shipmentId, market.world().read(shipment, shipmentId))
      return [view.location, ...view.events.map((event) => event.id)]
    })
    expect(heard).toEqual(both(['Hamburg', 'Kiel', 'Bremen', 'Hamburg']))
  },
}

describe('the conflict matrix', () => {
  test('has a row for each property and a property for each row', () => {
    const rows = ['coupon', 'promotion', 'shipment'].flatMap(rowsOf)
    expect(rows).toEqual(Object.keys(properties))
  })

  test.each(Object.entries(properties))('%s', (_, holds) => {
    expect(holds).not.toThrow()
  })
})
