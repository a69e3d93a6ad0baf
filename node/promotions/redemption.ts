/** Redeeming coupons: whether one may be used, the deltas of using it, and of giving its use back. */

import { assert } from '../../crdt/assert.ts'
import { edit } from '../../crdt/document.ts'
import * as pnCounter from '../../crdt/pn-counter.ts'
import { draftDelta, type DraftDelta, type World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import * as purse from '../inventory/purse.ts'
import type { QuoteProblemCode } from '../pricing/quote-problem.ts'
import { isLive } from '../pricing/rostered.ts'
import { ok, refused, type Result } from '../result.ts'
import { allowedHere, giveBack, use, usedBy, type Spending } from './allowance.ts'
import { coupon, couponCodeOf, isIssued, viewCoupon, type CouponView } from './coupon.ts'
import { phaseOf, promotion, viewPromotion, type PromotionView } from './promotion.ts'

/** Why a coupon does not count. */
export interface CouponProblem {
  readonly code: QuoteProblemCode
  readonly detail: string
}

export interface Bearer {
  /** The account that buys; undefined for a guest. */
  readonly customer: string | undefined
  readonly nowMs: number
}

/** The promotion that a code brings to its bearer, or why it brings none. */
export const judgeCoupon = (
  world: Spending,
  typed: string,
  { customer, nowMs }: Bearer,
): Result<{ readonly code: string; readonly promotion: PromotionView }, CouponProblem> => {
  const code = couponCodeOf(typed)
  const document = code === undefined ? undefined : world.read(coupon, code)
  if (code === undefined || document === undefined || !isIssued(document)) {
    return refused({ code: 'coupon_unknown', detail: `No coupon ${typed} is known here` })
  }
  const view = viewCoupon(code, document)
  const source = world.read(promotion, view.promotion)
  if (view.isWithdrawn || !isLive(source)) {
    return refused({ code: 'coupon_withdrawn', detail: `The coupon ${code} has been withdrawn` })
  }
  const promised = viewPromotion(view.promotion, source)
  const untimely = judgeTime(view, promised, nowMs)
  if (untimely) return refused(untimely)
  const exceeded = judgeLimits(world, view, customer)
  return exceeded ? refused(exceeded) : ok({ code, promotion: promised })
}

const judgeTime = (
  { code, endsMs }: CouponView,
  { season }: PromotionView,
  nowMs: number,
): CouponProblem | undefined => {
  const phase = phaseOf(season, nowMs)
  if (phase === 'after' || (endsMs !== null && nowMs >= endsMs)) {
    return { code: 'coupon_expired', detail: `The time of the coupon ${code} is over` }
  }
  if (phase === 'in') return undefined
  const starts = new Date(season.startsMs ?? 0).toISOString()
  return { code: 'coupon_not_started', detail: `The coupon ${code} counts from ${starts} on` }
}

const judgeLimits = (
  world: Spending,
  { code, limit, used, perCustomer }: CouponView,
  customer: string | undefined,
): CouponProblem | undefined => {
  if (perCustomer !== null) {
    if (customer === undefined) {
      const detail = `The coupon ${code} is counted for each customer, and nobody is signed in`
      return { code: 'coupon_needs_account', detail }
    }
    const own = { code, customer, perCustomer }
    if (usedBy(world, own) >= perCustomer) {
      const detail = `A customer may use the coupon ${code} ${perCustomer} times`
      return { code: 'coupon_customer_limit', detail }
    }
    if (allowedHere(world, own) < 1) {
      const detail = `The uses of the coupon ${code} by this customer are with another region`
      return { code: 'coupon_elsewhere', detail }
    }
  }
  if (limit === null) return undefined
  if (limit - used < 1) {
    return {
      code: 'coupon_exhausted',
      detail: `The coupon ${code} was used ${used} times, which is all`,
    }
  }
  const { uses } = world.read(coupon, code).store
  return purse.rights(world, { store: uses }) < 1
    ? {
        code: 'coupon_elsewhere',
        detail: `What is left of the coupon ${code} is with other regions`,
      }
    : undefined
}

export interface Redemption {
  /** Codes as a quote told them, each once. */
  readonly coupons: readonly { readonly code: string }[]
  readonly customer: string | undefined
}

/**
 * The deltas by which coupons are used, one use each, all or none; for the change that places an order.
 * Their times are not judged again: what a quote promised shortly before is kept.
 */
export const redeem = (
  world: World,
  { coupons, customer }: Redemption,
): Result<readonly DraftDelta[], Refusal> => {
  const deltas: DraftDelta[] = []
  for (const { code } of coupons) {
    const document = world.read(coupon, code)
    if (!isIssued(document)) {
      return refused(
        unusable(code, { code: 'coupon_unknown', detail: `No coupon ${code} is known here` }),
      )
    }
    const view = viewCoupon(code, document)
    const exceeded = judgeLimits(world, view, customer)
    if (exceeded) return refused(unusable(code, exceeded))
    deltas.push(useOf(world, view))
    if (view.perCustomer !== null && customer !== undefined) {
      deltas.push(use(world, { code, customer, perCustomer: view.perCustomer }))
    }
  }
  return ok(deltas)
}

/** The deltas by which uses come back when an order is undone; for whoever undoes it, once. */
export const unredeem = (world: World, { coupons, customer }: Redemption): readonly DraftDelta[] =>
  coupons.flatMap(({ code }) => {
    const document = world.read(coupon, code)
    if (!isIssued(document)) return []
    const { limit, perCustomer } = viewCoupon(code, document)
    const delta = edit(coupon, document, {
      uses: limit === null ? [] : (counter) => purse.receive(world, counter, 1),
      used: (counter) => pnCounter.add(counter, world.replica, -1),
    })
    const own = perCustomer !== null && customer !== undefined
    return [draftDelta(coupon, code, delta), ...(own ? [giveBack(world, { code, customer })] : [])]
  })

const useOf = (world: World, { code, limit }: CouponView): DraftDelta =>
  draftDelta(
    coupon,
    code,
    edit(coupon, world.read(coupon, code), {
      uses:
        limit === null
          ? []
          : (counter) => {
              const spent = purse.spend(world, counter, 1)
              assert(spent.ok, 'a use that was judged to be here can be spent')
              return spent.value
            },
      used: (counter) => pnCounter.add(counter, world.replica, 1),
    }),
  )

const unusable = (code: string, problem: CouponProblem): Refusal => ({
  code: 'coupon_unusable',
  detail: problem.detail,
  coupon: code,
  problem: problem.code,
})
