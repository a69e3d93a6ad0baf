/** The promotions that a basket may have here and now: those that count by themselves, and those of coupons. */

import type { World } from '../core/capability.ts'
import { couponCodeOf } from '../promotions/coupon.ts'
import { phaseOf, promotion, viewPromotion } from '../promotions/promotion.ts'
import { judgeCoupon } from '../promotions/redemption.ts'
import { stack, type Basket, type Offer, type Stacked } from '../promotions/stacking.ts'
import { couponsMax } from './limits.ts'
import type { QuoteAsk } from './quote.ts'
import { problemOf, type QuoteProblem, type QuoteProblemCode } from './quote-problem.ts'
import { idsOf } from './roster.ts'
import { isLive } from './rostered.ts'

export interface Offers {
  readonly offers: readonly Offer[]
  readonly problems: readonly QuoteProblem[]
}

export const findOffers = (
  world: Pick<World, 'read' | 'replica' | 'lineage'>,
  ask: Pick<QuoteAsk, 'coupons' | 'customer' | 'nowMs'>,
): Offers => {
  const typed = distinct(ask.coupons)
  const judged = typed
    .slice(0, couponsMax)
    .map((code) => ({ code, ...judgeCoupon(world, code, ask) }))
  const brought = judged.flatMap((one) =>
    one.ok ? [{ promotion: one.value.promotion, coupon: one.value.code }] : [],
  )
  const problems = judged.flatMap((one) =>
    one.ok ? [] : [problemOf(one.refusal.code, one.refusal.detail, { coupon: one.code })],
  )
  const tooMany = typed.slice(couponsMax).map((code) => {
    const detail = `At most ${couponsMax} coupons count on one order`
    return problemOf('too_many_coupons', detail, { coupon: code })
  })
  return {
    offers: [...automatic(world, ask.nowMs), ...brought],
    problems: [...problems, ...tooMany],
  }
}

const automatic = (world: Pick<World, 'read'>, nowMs: number): readonly Offer[] =>
  idsOf(world, 'promotions').flatMap((id) => {
    const document = world.read(promotion, id)
    if (!isLive(document)) return []
    const view = viewPromotion(id, document)
    const counts = !view.needsCoupon && phaseOf(view.season, nowMs) === 'in'
    return counts ? [{ promotion: view, coupon: null }] : []
  })

// One code in two spellings is one coupon. In the order of their text, so that the first few are the
// same however they were listed.
const distinct = (typed: readonly string[]): readonly string[] =>
  [...new Set(typed.map((code) => couponCodeOf(code) ?? code))].sort()

/** Why coupons that may be used do not count in this basket. */
export const unusedCoupons = (
  offers: readonly Offer[],
  { counted }: Stacked,
  basket: Basket,
): readonly QuoteProblem[] => {
  const used = new Set(counted.map(({ offer }) => offer.coupon))
  return offers.flatMap((offer) => {
    const { coupon, promotion: source } = offer
    if (coupon === null || used.has(coupon)) return []
    if (source.benefit.kind === 'free_shipping' && !basket.shipping) return []
    const [problem, why] = whyUnused(offer, basket)
    return [problemOf(problem, `The coupon ${coupon} ${why}`, { coupon })]
  })
}

const whyUnused = (
  offer: Offer,
  basket: Basket,
): readonly [code: QuoteProblemCode, why: string] => {
  const { benefit, minSubtotal } = offer.promotion
  const currencies = [
    ...(benefit.kind === 'amount' ? [benefit.currency] : []),
    ...(minSubtotal ? [minSubtotal.currency] : []),
  ]
  const other = currencies.find((currency) => currency !== basket.currency)
  if (other !== undefined) return ['currency_mismatch', `is in ${other}, not ${basket.currency}`]
  return stack([offer], basket).counted.length === 0
    ? ['coupon_not_applicable', 'takes nothing off these goods']
    : ['coupon_not_combinable', 'does not count beside what takes off more']
}
