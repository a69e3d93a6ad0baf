/**
 * Does whatever is due about an order, by what its log and its payment say: units go back into stock,
 * money that was taken is noted, money that is too much is given back, an order that cannot be paid
 * ends. A pure rule: it is run after every change of either, and does nothing if nothing is due.
 *
 * Who does it? The node that placed the order, or the one that was told to act for it; so nothing is
 * done twice that must be done once.
 */

import { assert } from '../../crdt/assert.ts'
import type { DraftDelta, World } from '../core/capability.ts'
import { giveBack } from '../inventory/reservation.ts'
import { closePayment, paymentOf, wantRefund } from '../payments/payment-rules.ts'
import type { Payment } from '../payments/payment.ts'
import { unredeem } from '../promotions/redemption.ts'
import { ok } from '../result.ts'
import { owedBy } from './give-back.ts'
import { inTurn, type Turn } from './in-turn.ts'
import type { OrderEvent } from './order-event.ts'
import type { OrderId } from './order-id.ts'
import { append, orderOf } from './order-log.ts'
import { moneyOf } from './order-money.ts'
import { customerOf, type Order } from './order.ts'

/** The deltas of all that is due; none, if nothing is. */
export const attend = (
  world: World,
  id: OrderId,
  { actsForOthers = false }: { readonly actsForOthers?: boolean } = {},
): readonly DraftDelta[] => {
  const isOurs = (order: Order): boolean =>
    actsForOthers || world.lineage.includes(order.placement.replica)
  const done = inTurn<never>(world, [
    // What is paid is noted first: what comes after asks how much there is to give back.
    forOrder(id, (here, order) => {
      if (!isOurs(order)) return []
      const events = newsOf(order, paymentOf(here, id))
      return events.length > 0 ? [append(here, id, ...events)] : []
    }),
    forOrder(id, (here, order) => giveGoodsBack(here, id, order)),
    forOrder(id, (here, order) => (isOurs(order) ? giveMoneyBack(here, id, order) : [])),
  ])
  assert(done.ok, 'what is due can be done')
  return done.value
}

/** Whether `attend` may find something to do, by the order's log alone. */
export const isUnsettled = (order: Order): boolean => {
  const { captured, refunded, toRefund } = moneyOf(order)
  const awaitsMoney = order.placement.event.agreed.payment !== null && order.paid.size === 0
  return (
    owedBy(order, 'anybody').length > 0 ||
    toRefund > 0 ||
    (awaitsMoney && !order.isCancelled) ||
    (order.isCancelled && captured > refunded)
  )
}

const forOrder =
  (id: OrderId, does: (world: World, order: Order) => readonly DraftDelta[]): Turn<never> =>
  (world) => {
    const order = orderOf(world, id)
    return ok(order ? does(world, order) : [])
  }

/** What the payment says and the order does not know yet. */
const newsOf = (order: Order, payment: Payment): readonly OrderEvent[] => {
  const events: OrderEvent[] = []
  for (const { reference, capturedMinor } of payment.charges) {
    if (capturedMinor <= (order.paid.get(reference) ?? 0)) continue
    // Whoever pays has the shop's word from then on; that is the confirmation, and there is one.
    if (order.status === 'pending' && events.length === 0) events.push(confirmed)
    events.push({ type: 'paid', reference, amount: capturedMinor })
  }
  for (const { id, amount, state } of payment.refunds) {
    if (state === 'done' && !order.refunded.has(id)) {
      events.push({ type: 'refunded', refund: id, amount: amount.amount })
    }
  }
  const wantsMoney = order.placement.event.agreed.payment !== null && !order.isCancelled
  if (wantsMoney && events.length === 0 && order.paid.size === 0) {
    const { state, closed, captureRefused } = payment
    if (closed !== undefined) events.push(cancelledBy('payment_closed'))
    else if (state === 'declined') events.push(cancelledBy('payment_declined'))
    else if (captureRefused !== undefined) events.push(cancelledBy('payment_refused'))
  }
  return events
}

// Never for another node, not even one that is gone: see `give-back.ts`.
const giveGoodsBack = (world: World, id: OrderId, order: Order): readonly DraftDelta[] => {
  const owed = owedBy(order, world.lineage)
  const [first] = owed
  if (!first) return []
  const held = owed.flatMap(({ units }) => units)
  const coupons = owed.flatMap((one) => one.coupons.map((code) => ({ code })))
  const events = owed.map(
    (one) =>
      ({
        type: 'given_back',
        placement: one.placement,
        units: one.units,
        coupons: one.coupons,
      }) as const,
  )
  const given = inTurn<never>(world, [
    (here) => ok(giveBack(here, { held, reason: first.reason })),
    ...coupons.map(
      (coupon): Turn<never> =>
        (here) =>
          ok(unredeem(here, { coupons: [coupon], customer: customerOf(order) })),
    ),
    (here) => ok([append(here, id, ...events)]),
  ])
  assert(given.ok, 'what was sold can be given back')
  return given.value
}

const shop = 'shop'
const confirmed: OrderEvent = { type: 'confirmed', by: shop }
const cancelledBy = (reason: string): OrderEvent => ({ type: 'cancelled', by: shop, reason })

const giveMoneyBack = (world: World, id: OrderId, order: Order): readonly DraftDelta[] => {
  const payment = paymentOf(world, id)
  if (payment.state === 'none') return []
  // A closed payment gives back by itself all that was taken, however late.
  if (order.status === 'cancelled') return closePayment(world, { orderId: id, reason: 'cancelled' })
  if (payment.closed !== undefined) return []
  const wanted = payment.refunds.filter(({ state }) => state === 'wanted')
  const { refunded, toRefund } = moneyOf(order)
  const due = toRefund - wanted.reduce((total, { amount }) => total + amount.amount, 0)
  if (due <= 0) return []
  const { currency } = order.placement.event.agreed
  const refund = wantRefund(world, {
    orderId: id,
    // Named by what was given back before it: of one state of affairs there is one refund.
    refund: `due-${refunded}-${wanted.length}-${due}`,
    amount: { amount: due, currency },
    reason: order.lines.some(({ returned }) => returned > 0) ? 'returned' : 'order changed',
    by: shop,
  })
  // A refund that the provider refused, or one too many: a person looks at the payment.
  return refund.ok ? refund.value : []
}
