/**
 * How a buyer gets units of a sale, pays for them, or gives them back: pure functions of the world.
 *
 *     held ──▶ ordered ──▶ bought          by a checkout, at the node that set the units aside
 *       │         └─ declined ─▶ held      until the time to pay is over
 *       └──▶ given back, or expired
 */

import { edit } from '../../crdt/document.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import type { Price } from '../catalog/product.ts'
import { draftDelta, type Decide, type DraftDelta, type World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import {
  giveBack,
  hold,
  prolong,
  release,
  sell,
  type HeldUnits,
  type Shortage,
} from '../inventory/reservation.ts'
import { isOrderId, type OrderId } from '../orders/order-id.ts'
import { orderOf, runsOfOrder } from '../orders/order-log.ts'
import { cancelOrder } from '../orders/order-rules.ts'
import { isOpen } from '../orders/run.ts'
import { nodeOf } from '../replication/replica.ts'
import { ok, refused, type Result } from '../result.ts'
import { attemptsPerBuyerMax, payWithinMs } from './limits.ts'
import {
  attemptShape,
  countedUnits,
  holdOf,
  judge,
  purchase,
  purchaseIdOf,
  type Attempt,
  type AttemptState,
  type JudgedAttempt,
  type PurchaseName,
} from './purchase.ts'
import { sale, stateOf, termsOf, type SaleId, type Terms } from './sale.ts'

export interface AttemptInput {
  readonly sale: SaleId
  readonly buyer: string
  readonly units: number
  /** Names the attempt. */
  readonly attempt: string
}

export type AttemptAnswer = {
  readonly attemptId: string
  readonly saleId: string
  readonly quantity: number
  readonly state: AttemptState
  readonly payUntil: string
  /** Of one unit. */
  readonly price: Price
  readonly orderId: string | null
}

/** Sets units aside for a buyer, if the sale is on, the limit allows it, and this node has the rights. */
export const attemptPurchase: Decide<AttemptInput, AttemptAnswer> = (world, input) => {
  const on = saleThatIsOn(world, input.sale)
  if (!on.ok) return on
  const { variant, perBuyer, price } = on.value
  const nowMs = world.time.wallMs
  const document = world.read(purchase, purchaseIdOf(input.sale, input.buyer))
  const attempts = judge(document, { perBuyer, nowMs })
  const left = perBuyer - countedUnits(attempts)
  if (input.units > left || attempts.length >= attemptsPerBuyerMax) {
    const detail = `One buyer gets ${perBuyer}; ${Math.max(left, 0)} are left for you`
    return refused({ code: 'purchase_limit_reached', detail, perBuyer, left: Math.max(left, 0) })
  }
  const untilMs = nowMs + payWithinMs
  const taken = hold(world, {
    checkout: holdOf(input),
    wanted: [{ variant, units: input.units }],
    untilMs,
  })
  if (!taken.ok) {
    const { lines } = taken.refusal
    const detail = 'Nobody in reach has any left'
    return refused({ code: 'sold_out', detail, shortage: { kind: 'shortage', lines } })
  }
  const { held, deltas } = taken.value
  const { units } = input
  const made = { held, units, price, atMs: nowMs, untilMs, state: 'held', order: null } as const
  return ok({
    type: 'purchase.attempted',
    deltas: [...deltas, attemptDelta(world, input, made)],
    answer: answerOf(input, { ...made, shown: 'held' }),
  })
}

/** Turns what was set aside into a sale: for whoever took the payment. */
const buy = (
  world: World,
  name: PurchaseName,
): Result<{ readonly deltas: readonly DraftDelta[]; readonly attempt: Attempt }, Refusal> => {
  const found = findAttempt(world, name)
  if (!found.ok) return found
  if (found.value.shown !== 'held' && found.value.shown !== 'expired') {
    return refused(isNot(found.value.shown))
  }
  const { held } = found.value
  const sold = sell(world, { checkout: holdOf(name), held })
  if (!sold.ok) return refused(gone(sold.refusal))
  const attempt = { ...stored(found.value), state: 'bought' } as const
  return ok({ deltas: [...sold.value, attemptDelta(world, name, attempt)], attempt })
}

/** `buy` as a command of its own. */
export const confirmPurchase: Decide<PurchaseName, AttemptAnswer> = (world, name) => {
  const bought = buy(world, name)
  if (!bought.ok) return bought
  const { deltas, attempt } = bought.value
  return ok({
    type: 'purchase.confirmed',
    deltas,
    answer: answerOf(name, { ...attempt, shown: 'bought' }),
  })
}

export interface UndoInput extends PurchaseName {
  /** Who wants it. */
  readonly by: string
}

/**
 * Gives units back, so that somebody else may have them: by the buyer's wish, or by the limit. What was
 * ordered is cancelled, as far as it can be.
 */
export const undoPurchase: Decide<UndoInput, AttemptAnswer> = (world, { by, ...name }) => {
  const found = findAttempt(world, name)
  if (!found.ok) return found
  if (found.value.state === 'given_back') {
    return refused({ code: 'purchase_not_found', detail: 'The purchase is given back already' })
  }
  const back = unitsBack(world, name, { attempt: found.value, by })
  if (!back.ok) return back
  const attempt = { ...stored(found.value), state: 'given_back' } as const
  return ok({
    type: 'purchase.undone',
    deltas: [...back.value, attemptDelta(world, name, attempt)],
    answer: answerOf(name, { ...attempt, shown: 'given_back' }),
  })
}

const unitsBack = (
  world: World,
  name: PurchaseName,
  { attempt: { state, held, order }, by }: { readonly attempt: Attempt; readonly by: string },
): Result<readonly DraftDelta[], Refusal> => {
  if (state === 'held') return ok(release(world, { checkout: holdOf(name), held }))
  const placed = order !== null && isOrderId(order) ? orderOf(world, order) : undefined
  if (order === null || !placed) return ok(giveBack(world, { held, reason: 'purchase undone' }))
  // The units are the order's, and come back by its being cancelled.
  if (placed.isCancelled) return ok([])
  const cancelled = cancelOrder(world, { id: order as OrderId, by, reason: 'purchase undone' })
  return cancelled.ok ? ok(cancelled.value.deltas) : cancelled
}

export interface OrderedPurchase {
  readonly held: readonly HeldUnits[]
  readonly deltas: readonly DraftDelta[]
}

/**
 * Binds a purchase to the order that is to pay for it, and keeps its units until `untilMs`. Only where
 * they were set aside: so one purchase is never ordered in two regions that cannot hear each other.
 */
export const orderPurchase = (
  world: World,
  name: PurchaseName,
  { order, untilMs }: { readonly order: OrderId; readonly untilMs: number },
): Result<OrderedPurchase, Refusal> => {
  const found = findAttempt(world, name)
  if (!found.ok) return found
  const { shown, held, replica } = found.value
  if (shown !== 'held' && shown !== 'expired') return refused(isNot(shown))
  if (!world.lineage.includes(replica)) {
    const node = nodeOf(world, replica) ?? null
    const detail = `The units are set aside at ${node ?? 'another node'}`
    return refused({ code: 'purchase_elsewhere', detail, node })
  }
  const before = found.value.order
  if (before !== null && before !== order && isUnderWay(world, before)) {
    const detail = 'Another order for this purchase is under way'
    return refused({ code: 'order_in_progress', detail, orderId: before })
  }
  const kept = prolong(world, { checkout: holdOf(name), held, untilMs })
  if (!kept.ok) return refused(gone(kept.refusal))
  const attempt = { ...stored(found.value), order }
  return ok({ held, deltas: [...kept.value, attemptDelta(world, name, attempt)] })
}

/** What of a purchase goes into the change that places its order. */
export const payPurchase = (
  world: World,
  name: PurchaseName,
  order: OrderId,
): Result<readonly DraftDelta[], Refusal> => {
  const found = findAttempt(world, name)
  if (!found.ok) return found
  const { shown, order: bound } = found.value
  if ((shown !== 'held' && shown !== 'expired') || bound !== order) {
    return refused(isNot(shown))
  }
  return ok([attemptDelta(world, name, { ...stored(found.value), state: 'bought' })])
}

/**
 * The deltas by which the units of a purchase whose order came to nothing are kept for another one, as
 * long as the buyer has time to pay; then, or if they are paid for, they are let go.
 */
export const keepPurchase = (world: World, name: PurchaseName): readonly DraftDelta[] => {
  const found = findAttempt(world, name)
  if (!found.ok) return []
  const { shown, held, untilMs, replica } = found.value
  const isKept = shown === 'held' && world.lineage.includes(replica)
  const kept = isKept ? prolong(world, { checkout: holdOf(name), held, untilMs }) : undefined
  return kept?.ok ? kept.value : release(world, { checkout: holdOf(name), held })
}

// An order that failed leaves the purchase to the next one.
const isUnderWay = (world: World, order: string): boolean =>
  isOrderId(order) &&
  (orderOf(world, order) !== undefined || runsOfOrder(world, order).some(isOpen))

const isNot = (state: AttemptState): Refusal => ({
  code: 'purchase_not_found',
  detail: `The purchase is ${state}`,
})

const gone = (shortage: Shortage): Refusal => ({
  code: 'sold_out',
  detail: 'It was not paid in time, and somebody else has bought it',
  shortage,
})

/** The attempts beyond the limit that this node let in, and so has to undo. */
export const owedUndoings = (
  world: World,
  { sale: id, buyer }: Pick<AttemptInput, 'sale' | 'buyer'>,
): readonly PurchaseName[] => {
  const terms = termsOf(world.read(sale, id))
  if (!terms) return []
  const document = world.read(purchase, purchaseIdOf(id, buyer))
  return judge(document, { perBuyer: terms.perBuyer, nowMs: world.time.wallMs })
    .filter(({ shown, replica }) => shown === 'over_limit' && world.lineage.includes(replica))
    .map(({ name }) => ({ sale: id, buyer, attempt: name }))
}

export const answerOf = (
  { sale, attempt }: Pick<AttemptInput, 'sale' | 'attempt'>,
  {
    units,
    untilMs,
    shown,
    price,
    order,
  }: Pick<JudgedAttempt, 'units' | 'untilMs' | 'shown' | 'price' | 'order'>,
): AttemptAnswer => ({
  attemptId: attempt,
  saleId: sale,
  quantity: units,
  state: shown,
  payUntil: new Date(untilMs).toISOString(),
  price,
  orderId: order,
})

const saleThatIsOn = (world: World, id: SaleId): Result<Terms, Refusal> => {
  const document = world.read(sale, id)
  const terms = termsOf(document)
  const state = stateOf(document, world.time.wallMs)
  if (!terms || !state) {
    return refused({ code: 'sale_not_found', detail: `There is no sale ${id}` })
  }
  if (state === 'on') return ok(terms)
  const detail = `The sale is ${state}`
  const startsAt = new Date(terms.startsMs).toISOString()
  return refused({ code: 'sale_not_active', detail, ...(state === 'planned' ? { startsAt } : {}) })
}

const findAttempt = (
  world: World,
  { sale: id, buyer, attempt }: PurchaseName,
): Result<JudgedAttempt, Refusal> => {
  const perBuyer = termsOf(world.read(sale, id))?.perBuyer ?? 0
  const document = world.read(purchase, purchaseIdOf(id, buyer))
  const found = judge(document, { perBuyer, nowMs: world.time.wallMs }).find(
    ({ name }) => name === attempt,
  )
  return found
    ? ok(found)
    : refused({ code: 'purchase_not_found', detail: `There is no purchase ${attempt}` })
}

const stored = ({ held, units, price, atMs, untilMs, state, order }: Attempt): Attempt => ({
  held,
  units,
  price,
  atMs,
  untilMs,
  state,
  order,
})

const attemptDelta = (
  world: World,
  { sale: id, buyer, attempt }: PurchaseName,
  value: Attempt,
): DraftDelta => {
  const purchaseId = purchaseIdOf(id, buyer)
  return draftDelta(
    purchase,
    purchaseId,
    edit(purchase, world.read(purchase, purchaseId), {
      attempts: (map) =>
        orMap.update(map, attemptShape, {
          key: attempt,
          edit: (register) => lwwRegister.write(register, world.time, value),
        }),
    }),
  )
}
