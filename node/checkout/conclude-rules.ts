/** How a checkout ends: with an order and all that belongs to it in one change, or with the reason why not. */

import { assert } from '../../crdt/assert.ts'
import type { DotKey } from '../../crdt/dot.ts'
import { cart as cartSchema } from '../cart/cart.ts'
import * as cartRules from '../cart/cart.ts'
import type { CartId } from '../cart/cart-id.ts'
import {
  draftDelta,
  type Decide,
  type Draft,
  type DraftDelta,
  type World,
} from '../core/capability.ts'
import { isErrorCode, type Refusal } from '../errors.ts'
import { keepPurchase, payPurchase } from '../flash-sale/purchase-rules.ts'
import { release, sell } from '../inventory/reservation.ts'
import { inTurn, type Turn } from '../orders/in-turn.ts'
import { orderNumber, type OrderId } from '../orders/order-id.ts'
import * as orderLog from '../orders/order-log.ts'
import * as run from '../orders/run.ts'
import { isOpen, type Begun, type OpenRun, type Run } from '../orders/run.ts'
import {
  closePayment,
  paymentOf,
  recordAuthorisation,
  wantCapture,
} from '../payments/payment-rules.ts'
import type { Authorisation } from '../payments/provider.ts'
import { redeem } from '../promotions/redemption.ts'
import { ok, refused, type Result } from '../result.ts'
import { problemOf, shortageProblems, type Problem } from './problem.ts'

export interface ConcludeInput {
  readonly id: OrderId
  readonly run: DotKey
  /** The how-many-eth order of this replica it would be. */
  readonly ordinal: number
  /** What the provider said; undefined for an order that is paid some other way. */
  readonly result: Authorisation | undefined
}

export type ConcludeAnswer = {
  readonly id: OrderId
  /** Why there is no order; null if there is. */
  readonly problem: Problem | null
}

/**
 * Ends a run: with the order, its stock sold, its coupons used, and the cart without what was bought,
 * in one change; or with the reason why not, and nothing set aside any more.
 */
export const conclude: Decide<ConcludeInput, ConcludeAnswer> = (world, input) => {
  const { id, result } = input
  const known = runOf(world, input)
  if (!isOpen(known)) return over(world, id, known)
  // Another region was quicker, and there is one order: ours is not needed.
  if (orderLog.orderOf(world, id)) return fail(world, { ...input, problem: elsewhere })
  if (result?.outcome === 'declined') return fail(world, { ...input, problem: declined(result) })
  const isLate = world.time.wallMs > known.begun.untilMs
  if (isLate && result?.outcome !== 'authorised') return fail(world, { ...input, problem: expired })
  const placed = commit(world, known, input)
  return placed.ok ? placed : fail(world, { ...input, problem: placed.refusal })
}

const runOf = (world: World, { id, run: dot }: Pick<ConcludeInput, 'id' | 'run'>): Run => {
  const known = orderLog.runsOfOrder(world, id).find((one) => one.dot === dot)
  assert(known !== undefined, 'what ends was begun')
  return known
}

const commit = (
  world: World,
  open: OpenRun,
  { id, ordinal, result }: ConcludeInput,
): Result<Draft<ConcludeAnswer>, Problem> => {
  const { agreed, held, node, account, purchase } = open.begun
  const number = orderNumber(node, world.replica, ordinal)
  const amount = { amount: agreed.totals.total, currency: agreed.currency }
  const deltas = inTurn<Problem>(world, [
    takeFromCart(open),
    (here) => {
      const sold = sell(here, { checkout: open.begun.holdName ?? id, held })
      return sold.ok ? sold : refused(shortageProblems(sold.refusal)[0] ?? expired)
    },
    (here) => {
      const paid = purchase ? payPurchase(here, purchase, id) : ok([])
      return paid.ok ? paid : refused(undone(paid.refusal))
    },
    (here) => {
      const customer = account ?? undefined
      const redeemed = redeem(here, { coupons: agreed.coupons, customer })
      return redeemed.ok ? redeemed : refused(unusable(redeemed.refusal))
    },
    (here) => ok(result ? recordResult(here, id, result) : []),
    (here) => ok(result ? wantCapture(here, { orderId: id, amount }) : []),
    (here) =>
      ok([
        orderLog.run(here, id, run.end(here.time, { type: 'committed', run: open.dot }), {
          type: 'placed',
          number,
          node,
          agreed,
          sold: held,
        }),
      ]),
  ])
  if (!deltas.ok) return deltas
  return ok({
    type: 'order.placed',
    details: { number },
    deltas: deltas.value,
    answer: { id, problem: null },
    requests: [requestOf(id)],
  })
}

/** The request that an order is: the change that placed it is found by it. */
export const requestOf = (id: OrderId): string => `order/${id}`

// What was bought is what was seen then: what came in since stays, and what went must not be sold.
const takeFromCart =
  ({ begun: { agreed, tags } }: OpenRun): Turn<Problem> =>
  ({ read }) => {
    if (agreed.cart === null || tags.length === 0) return ok([])
    const id = agreed.cart as CartId
    const document = read(cartSchema, id)
    if (tags.some((name) => !document.store.tags.has(name))) return refused(cartChanged)
    const bought = new Set(tags)
    const named = cartRules.namedTags(document).filter(({ name }) => bought.has(name))
    return ok([
      draftDelta(cartSchema, id, cartRules.editTags(document, [cartRules.dropAll(named)])),
    ])
  }

const recordResult = (world: World, id: OrderId, result: Authorisation) => {
  const attempt = pendingAttempt(world, id)
  return attempt === undefined ? [] : recordAuthorisation(world, { orderId: id, attempt, result })
}

const pendingAttempt = (world: World, id: OrderId): string | undefined =>
  paymentOf(world, id).attempts.find(({ outcome }) => outcome === 'pending')?.id

interface Failure extends Pick<ConcludeInput, 'id' | 'run' | 'result'> {
  readonly problem: Problem
}

const fail = (
  world: World,
  { id, run: dot, result, problem }: Failure,
): Result<Draft<ConcludeAnswer>, never> => {
  const isPlaced = orderLog.orderOf(world, id) !== undefined
  const open = orderLog.runsOfOrder(world, id).filter(isOpen)
  const begun = open.find((one) => one.dot === dot)?.begun
  const isAlsoHere = open.some(
    (other) => other.dot !== dot && world.lineage.includes(other.replica),
  )
  const deltas = inTurn<never>(world, [
    (here) => ok(begun ? letGo(here, id, begun) : []),
    (here) => ok(result ? recordResult(here, id, result) : []),
    // An order that another run placed, or is about to, is paid by the same payment.
    (here) =>
      ok(
        isPlaced || isAlsoHere || paymentOf(here, id).attempts.length === 0
          ? []
          : closePayment(here, { orderId: id, reason: problem.code }),
      ),
    (here) =>
      ok([orderLog.run(here, id, run.end(here.time, { type: 'failed', run: dot, problem }))]),
  ])
  assert(deltas.ok, 'giving up is always possible')
  return ok({
    type: 'checkout.failed',
    details: { problem: problem.code },
    deltas: deltas.value,
    answer: { id, problem: isPlaced ? null : problem },
  })
}

const letGo = (
  world: World,
  id: OrderId,
  { held, purchase, holdName }: Begun,
): readonly DraftDelta[] =>
  purchase && holdName !== undefined
    ? keepPurchase(world, purchase)
    : release(world, { checkout: id, held })

/** Gives up the run of a node that is gone: what it set aside lapses, and its payment is let go. */
export const abandon: Decide<Pick<ConcludeInput, 'id' | 'run'>, ConcludeAnswer> = (
  world,
  input,
) => {
  const known = runOf(world, input)
  if (!isOpen(known)) return over(world, input.id, known)
  return fail(world, { ...input, result: undefined, problem: expired })
}

const over = (world: World, id: OrderId, { end }: Run): Result<Draft<ConcludeAnswer>, never> =>
  ok({
    type: 'checkout.over',
    deltas: [],
    answer: {
      id,
      problem: end === 'committed' || end === undefined || orderLog.orderOf(world, id) ? null : end,
    },
  })

const declined = ({ code, retry }: Extract<Authorisation, { outcome: 'declined' }>): Problem =>
  problemOf(
    'payment_declined',
    `The payment was declined: ${code}`,
    retry
      ? 'Order again with this payment method or another, under a new idempotency key.'
      : 'Order again with another payment method, under a new idempotency key.',
  )

const undone = ({ code, detail }: Refusal): Problem =>
  problemOf(isErrorCode(code) ? code : 'purchase_not_found', detail, 'Look at the purchase.')

const unusable = ({ code, detail }: Refusal): Problem =>
  problemOf(code, detail, 'Order again without the coupon, under a new idempotency key.')

const orderAgain = 'Read the cart, and order again under a new idempotency key.'
const cartChanged = problemOf(
  'cart_changed',
  'What was ordered is not in the cart any more',
  orderAgain,
)
const expired = problemOf('checkout_expired', 'What was set aside was given up', orderAgain)
const elsewhere = problemOf('order_in_progress', 'Another node placed the order', 'Read the order.')
