/** What comes of an order until its shopper is answered: it is accepted, or undone. */

import { assert } from '../../crdt/assert.ts'
import { cart as cartSchema } from '../cart/cart.ts'
import * as cartRules from '../cart/cart.ts'
import type { Price } from '../catalog/product.ts'
import { draftDelta, type Decide } from '../core/capability.ts'
import { attend } from '../orders/attend.ts'
import { inTurn } from '../orders/in-turn.ts'
import type { OrderId } from '../orders/order-id.ts'
import * as orderLog from '../orders/order-log.ts'
import type { OrderAnswer } from '../orders/order-rules.ts'
import { closePayment, paymentOf, recordFacts } from '../payments/payment-rules.ts'
import { ok } from '../result.ts'

export interface AcceptInput {
  readonly id: OrderId
  /** What was captured; undefined if nothing was, or nobody can tell yet. */
  readonly captured: { readonly reference: string; readonly amount: Price } | undefined
  /** The change that placed the order, if no other node has it although there are others. */
  readonly alone: string | undefined
}

/**
 * Notes what came of an order until its shopper is answered: that the money was taken, which confirms
 * it, and whether this node is the only one that has it.
 */
export const acceptOrder: Decide<AcceptInput, OrderAnswer> = (world, input) => {
  const { id, captured, alone } = input
  const deltas = inTurn<never>(world, [
    (here) => {
      if (!captured) return ok([])
      const { reference, amount } = captured
      const facts = [{ kind: 'captured', amount } as const]
      return ok(recordFacts(here, { orderId: id, reference, facts }))
    },
    (here) =>
      ok(
        alone === undefined
          ? []
          : [orderLog.append(here, id, { type: 'accepted_alone', change: alone })],
      ),
    (here) => ok(attend(here, id)),
  ])
  assert(deltas.ok, 'what has happened can be noted')
  return ok({
    type: captured ? 'order.paid' : 'order.accepted',
    deltas: deltas.value,
    answer: { id },
  })
}

/**
 * Undoes an order that no other node has, where the shop takes none such: units and money go back, and
 * the cart holds what it held.
 */
export const undoPlacement: Decide<{ readonly id: OrderId; readonly by: string }, OrderAnswer> = (
  world,
  { id, by },
) => {
  const placed = orderLog.orderOf(world, id)
  assert(placed !== undefined, 'what is undone was done')
  const { cart, lines } = placed.placement.event.agreed
  const deltas = inTurn<never>(world, [
    (here) =>
      ok(
        placed.isCancelled
          ? []
          : [orderLog.append(here, id, { type: 'cancelled', by, reason: notReplicated })],
      ),
    (here) =>
      ok(
        paymentOf(here, id).attempts.length > 0
          ? closePayment(here, { orderId: id, reason: notReplicated })
          : [],
      ),
    (here) => ok(attend(here, id)),
    (here) => {
      if (cart === null || placed.isCancelled) return ok([])
      const document = here.read(cartSchema, cart)
      const adds = lines.map(({ variant, units }) =>
        cartRules.add(here, `undone-${id}-${variant}`, { variant, quantity: units }),
      )
      return ok([draftDelta(cartSchema, cart, cartRules.editTags(document, adds))])
    },
  ])
  assert(deltas.ok, 'what was done can be undone')
  return ok({ type: 'order.undone', deltas: deltas.value, answer: { id } })
}

/** Why such an order was cancelled. */
export const notReplicated = 'not_replicated'
