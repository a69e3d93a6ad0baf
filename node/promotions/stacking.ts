/**
 * Which promotions count together, and in which order. The rule, as the shop may print it:
 *
 * 1. Of the promotions that stand alone, and all that may be combined taken together, those count that
 *    leave the least to pay for goods and shipping; of equals the combined ones, then the lower id.
 * 2. Those that are combined count one after the other, each on what the ones before it left: first
 *    what is got for what is bought, then percentages, then amounts, then free shipping; within these
 *    in the order of their ids.
 *
 * So it makes no difference in which order coupons are typed, lines are listed, or regions heard of
 * anything.
 */

import { quoteMinorMax } from '../pricing/limits.ts'
import { discountsOf, isInScope, subtotalOf, type Goods } from './discount.ts'
import type { Benefit, PromotionView } from './promotion.ts'

/** A promotion that holds for this basket, with the coupon that brought it. */
export interface Offer {
  readonly promotion: PromotionView
  readonly coupon: string | null
}

export interface Stacked {
  /** The offers that take something off, in the order in which they count. */
  readonly counted: readonly Counted[]
  /** The charge of shipping before its discount; undefined: it does not go there, or was not chosen. */
  readonly shippingMinor: number | undefined
  readonly payMinor: number
}

export interface Counted {
  readonly offer: Offer
  /** By line, in their order. */
  readonly lineMinor: readonly number[]
  readonly shippingMinor: number
}

export interface Basket {
  readonly currency: string
  readonly lines: readonly Goods[]
  /** The method that was chosen, and its charge for goods that cost so much after discounts. */
  readonly shipping:
    { readonly method: string; chargeFor(goodsMinor: number): number | undefined } | undefined
}

export const stack = (offers: readonly Offer[], basket: Basket): Stacked => {
  const holding = once(offers).filter(({ promotion }) => isEnough(promotion, basket))
  const combined = holding.filter(({ promotion }) => promotion.isCombinable).sort(compareOffers)
  const alone = holding.filter(({ promotion }) => !promotion.isCombinable).sort(compareIds)
  return [combined, ...alone.map((offer) => [offer])]
    .map((together) => inTurn(together, basket))
    .reduce((best, other) => (other.payMinor < best.payMinor ? other : best))
}

// Two coupons for one promotion bring it once.
const once = (offers: readonly Offer[]): Offer[] => {
  const sorted = offers.toSorted((a, b) => compareIds(a, b) || compare(codeOf(a), codeOf(b)))
  return sorted.filter(({ promotion }, at) => promotion.id !== sorted[at - 1]?.promotion.id)
}

// Nothing sorts before every code: who need not spend a coupon does not.
const codeOf = ({ coupon }: Offer): string => coupon ?? ''

/** Whether the basket has what the promotion asks for, in its currency. */
export const isEnough = (
  { minSubtotal, scope, benefit }: PromotionView,
  basket: Basket,
): boolean => {
  const { currency, lines } = basket
  if (benefit.kind === 'amount' && benefit.currency !== currency) return false
  const inScope = lines.filter((goods) => isInScope(scope, goods))
  if (inScope.length === 0) return false
  if (minSubtotal === null) return true
  const subtotal = inScope.reduce((sum, goods) => sum + subtotalOf(goods), 0)
  return minSubtotal.currency === currency && subtotal >= minSubtotal.amount
}

const inTurn = (offers: readonly Offer[], { lines, shipping }: Basket): Stacked => {
  const counted: Counted[] = []
  const left = lines.map(subtotalOf)
  for (const offer of offers) {
    const lineMinor = discountsOf(offer.promotion, lines, left)
    for (const [at, amount] of lineMinor.entries()) left[at] = (left[at] ?? 0) - amount
    counted.push({ offer, lineMinor, shippingMinor: 0 })
  }
  const goodsMinor = left.reduce((sum, amount) => sum + amount, 0)
  const charge = shipping?.chargeFor(goodsMinor)
  const freeing = shipping && counted.findIndex(({ offer }) => isFree(offer, shipping.method))
  // What does not travel at all is not the cheapest way to go.
  const full = charge ?? (shipping ? quoteMinorMax : 0)
  const payForShipping = freeing !== undefined && freeing >= 0 && charge !== undefined ? 0 : full
  const withShipping = counted.map((one, at) =>
    at === freeing ? { ...one, shippingMinor: charge ?? 0 } : one,
  )
  return {
    counted: withShipping.filter(takesOff),
    shippingMinor: charge,
    payMinor: goodsMinor + payForShipping,
  }
}

const takesOff = ({ lineMinor, shippingMinor }: Counted): boolean =>
  shippingMinor > 0 || lineMinor.some((amount) => amount > 0)

const isFree = ({ promotion: { benefit } }: Offer, method: string): boolean =>
  benefit.kind === 'free_shipping' &&
  (benefit.methods.length === 0 || benefit.methods.includes(method))

const turn: Record<Benefit['kind'], number> = {
  buy_x_get_y: 0,
  percentage: 1,
  amount: 2,
  free_shipping: 3,
}

const compareOffers = (a: Offer, b: Offer): number =>
  turn[a.promotion.benefit.kind] - turn[b.promotion.benefit.kind] || compareIds(a, b)

const compareIds = (a: Offer, b: Offer): number => compare(a.promotion.id, b.promotion.id)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
