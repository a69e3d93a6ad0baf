/** How a checkout begins: what is to be ordered is priced, set aside, and stored as to be paid, in one change. */

import { assert } from '../../crdt/assert.ts'
import type { Price } from '../catalog/product.ts'
import type { Decide, Draft, World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { holdOf } from '../flash-sale/purchase.ts'
import { orderPurchase } from '../flash-sale/purchase-rules.ts'
import { hold, type Held } from '../inventory/reservation.ts'
import type { OrderAddress } from '../orders/agreement.ts'
import type { OrderId } from '../orders/order-id.ts'
import * as orderLog from '../orders/order-log.ts'
import * as run from '../orders/run.ts'
import { isOpen, type Begun } from '../orders/run.ts'
import { beginAttempt } from '../payments/payment-rules.ts'
import { quote } from '../pricing/quote.ts'
import { ok, refused, type Result } from '../result.ts'
import { agreementOf, contentOf, type Basket } from './basket.ts'
import { holdMs } from './limits.ts'
import { problemOf, quoteProblems, refusalOf, shortageProblems, type Problem } from './problem.ts'

export interface BeginInput {
  readonly id: OrderId
  /** The node that runs it. */
  readonly node: string
  /** `account/…` or `cart/…`. */
  readonly who: string
  readonly account: string | undefined
  readonly basket: Basket
  readonly address: OrderAddress
  readonly coupons: readonly string[]
  readonly shippingMethod: string | undefined
  readonly payment: Paying | undefined
  /** What the shopper was shown; undefined: whatever it comes to. */
  readonly expectedTotal: Price | undefined
}

export interface Paying {
  readonly provider: string
  readonly token: string
  /** Of the bill, where somebody told. */
  readonly billingCountry?: string | undefined
}

export type BeginAnswer = { readonly id: OrderId }

/**
 * Prices what is to be ordered, sets it aside, and stores that it is to be paid: all, or nothing and
 * the problems that stand in the way.
 */
export const beginCheckout =
  (risk: RiskRules): Decide<BeginInput, BeginAnswer> =>
  (world, input) => {
    const agreed = agree(world, input)
    if (!agreed.ok) return refused(refusalOf(agreed.refusal))
    const held = setAside(world, input.id, agreed.value)
    if (!held.ok) return held
    const { billingCountry } = input.payment ?? {}
    return begin(world, input.id, agreed.value, held.value, {
      assessRisk: (wish) => risk.assessRisk({ ...wish, ...(billingCountry && { billingCountry }) }),
    })
  }

/** What is odd about somebody's wish to pay, by what else is known of them. */
export interface RiskRules {
  assessRisk(wish: {
    readonly amount: Price
    readonly token: string
    readonly account: string | null
    readonly shippingCountry: string
    readonly billingCountry?: string
  }): { readonly score: number; readonly reasons: readonly string[] }
}

/**
 * Begins a run beside one of a node that is out of reach, on the terms that were agreed there: the
 * shopper has seen them, and the payment is the same.
 */
export const takeOver: Decide<{ readonly id: OrderId; readonly node: string }, BeginAnswer> = (
  world,
  { id, node },
) => {
  const first = orderLog.runsOfOrder(world, id).find(isOpen)
  assert(first !== undefined, 'what is taken over is under way')
  // What is taken over is set aside here, and so under the order's own name.
  const { holdName: _, ...terms } = { ...first.begun, node }
  const held = setAsideAnew(world, id, terms)
  return held.ok ? begin(world, id, terms, held.value, undefined) : held
}

type Terms = Omit<Begun, 'type' | 'held' | 'untilMs' | 'holdName'>

const agree = (world: World, input: BeginInput): Result<Terms, readonly Problem[]> => {
  const { who, account, basket, address, coupons, shippingMethod, payment, expectedTotal } = input
  const content = contentOf(world, basket)
  if (!content.ok) return content
  const quoted = quote(world, {
    lines: content.value.lines,
    coupons,
    address,
    shippingMethod,
    customer: account,
    nowMs: world.time.wallMs,
  })
  const problems = quoteProblems(quoted.problems)
  if (problems.length > 0) return refused(problems)
  const { cart, tags, purchase } = content.value
  const agreed = agreementOf(world, quoted, {
    who,
    cart,
    address,
    payment: payment?.provider ?? null,
  })
  const total = { amount: agreed.totals.total, currency: agreed.currency }
  if (expectedTotal && !isSame(expectedTotal, total)) return refused([priceChanged(total)])
  return ok({
    node: input.node,
    agreed,
    tags,
    token: payment?.token ?? null,
    account: account ?? null,
    ...(purchase && { purchase }),
  })
}

type SetAside = Held & Pick<Begun, 'untilMs' | 'holdName'>

/** Sets aside what is to be ordered; or keeps what a purchase in a flash sale has set aside before. */
const setAside = (world: World, id: OrderId, terms: Terms): Result<SetAside, Refusal> => {
  if (!terms.purchase) return setAsideAnew(world, id, terms)
  const untilMs = world.time.wallMs + holdMs
  const ordered = orderPurchase(world, terms.purchase, { order: id, untilMs })
  return ordered.ok ? ok({ ...ordered.value, untilMs, holdName: holdOf(terms.purchase) }) : ordered
}

const setAsideAnew = (world: World, id: OrderId, terms: Terms): Result<SetAside, Refusal> => {
  const untilMs = world.time.wallMs + holdMs
  const wanted = terms.agreed.lines.map(({ variant, units }) => ({ variant, units }))
  const held = hold(world, { checkout: id, wanted, untilMs })
  return held.ok
    ? ok({ ...held.value, untilMs })
    : refused({ ...refusalOf(shortageProblems(held.refusal)), shortage: held.refusal })
}

const begin = (
  world: World,
  id: OrderId,
  terms: Terms,
  { deltas, ...aside }: SetAside,
  rules: RiskRules | undefined,
): Result<Draft<BeginAnswer>, Refusal> => {
  const { agreed, token, account } = terms
  const amount = { amount: agreed.totals.total, currency: agreed.currency }
  const attempted =
    agreed.payment === null || token === null || amount.amount === 0
      ? ok([])
      : beginAttempt(world, {
          orderId: id,
          amount,
          token,
          provider: agreed.payment,
          account,
          ...(rules && {
            risk: rules.assessRisk({
              amount,
              token,
              account,
              shippingCountry: agreed.address.country,
            }),
          }),
        })
  if (!attempted.ok) return attempted
  const begun = { ...terms, ...aside, type: 'begun' } as const
  return ok({
    type: 'checkout.begun',
    deltas: [...deltas, ...attempted.value, orderLog.run(world, id, run.begin(world.time, begun))],
    answer: { id },
  })
}

const isSame = (a: Price, b: Price): boolean => a.amount === b.amount && a.currency === b.currency

const priceChanged = ({ amount, currency }: Price): Problem =>
  problemOf(
    'price_changed',
    `It comes to ${amount} minor units of ${currency}`,
    'Show the new total, and send the order again if it is agreed to.',
  )
