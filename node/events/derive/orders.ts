/** What a change says of orders: each entry that it adds to an order's log is something that happened. */

import * as eventLog from '../../../crdt/event-log.ts'
import type { OrderEvent, Placed } from '../../orders/order-event.ts'
import { accountOf, order } from '../../orders/order.ts'
import type { DataOf } from '../catalogue.ts'
import type { Fact } from '../event.ts'
import type { Said } from './said.ts'

export const orderFacts = (said: Said): readonly Fact[] =>
  said
    .deltas(order)
    .flatMap(({ id, delta }) =>
      eventLog
        .entries({ store: delta.store.events })
        .flatMap(({ value }) => factsOf(id, value.value)),
    )

const factsOf = (orderId: string, event: OrderEvent): readonly Fact[] => {
  const subject = `orders/${orderId}`
  const moved = (move: Move, reason: string | null = null): Fact => ({
    type: 'order.status.updated',
    subject,
    data: { orderId, move, reason },
  })
  switch (event.type) {
    case 'placed':
      return [{ type: 'order.created', subject, data: createdData(orderId, event) }]
    case 'paid': {
      const data = { orderId, reference: event.reference, amount: event.amount }
      return [
        moved('paid'),
        { type: 'order.payment.completed', subject, data },
        { type: 'order.paid', subject, data },
      ]
    }
    case 'shipped': {
      const data = { orderId, shipmentId: event.shipment, units: { ...event.units } }
      return [moved('shipped'), { type: 'order.shipped', subject, data }]
    }
    case 'cancelled':
    case 'returned':
      return [moved(event.type, event.reason)]
    case 'confirmed':
    case 'packed':
    case 'delivered':
    case 'refunded':
      return [moved(event.type)]
    // Notes of the shop to itself, and what only a later release knows.
    default:
      return []
  }
}

type Move = DataOf<'order.status.updated'>['move']

const createdData = (
  orderId: string,
  { agreed, number, node }: Placed,
): DataOf<'order.created'> => ({
  orderId,
  number,
  node,
  userId: accountOf(agreed.who) ?? null,
  cartId: agreed.cart,
  currency: agreed.currency,
  total: agreed.totals.total,
  lines: agreed.lines.map(({ variant, sku, name, units, total }) => ({
    variantId: variant,
    sku,
    name,
    units,
    total,
  })),
  country: agreed.address.country,
})
