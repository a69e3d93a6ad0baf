/** An order as it is shown. */

import { productOf } from '../catalog/ids.ts'
import type { World } from '../core/capability.ts'
import { paymentOf } from '../payments/payment-rules.ts'
import type { Totals } from './agreement.ts'
import type { Units } from './order-event.ts'
import type { OrderId } from './order-id.ts'
import { keptOf, moneyOf, valueOf } from './order-money.ts'
import { taskAdvice, type Task } from './order-tasks.ts'
import { customerOf, type Order } from './order.ts'

export const viewOrder = (world: Pick<World, 'read'>, id: OrderId, order: Order) => {
  const { agreed, number } = order.placement.event
  const money = (amount: number) => ({ amount, currency: agreed.currency })
  const { payable, captured, refunded } = moneyOf(order)
  return {
    id,
    number,
    status: order.status,
    customerId: customerOf(order) ?? null,
    cartId: agreed.cart,
    lines: order.lines.map((state) => {
      const { line, shipped, returned } = state
      const units = order.status === 'cancelled' ? state.ordered : keptOf(order, state)
      return {
        variantId: line.variant,
        productId: productOf(line.variant),
        sku: line.sku,
        name: line.name,
        options: line.options,
        quantity: units,
        shipped,
        returned,
        unitPrice: money(line.unitPrice),
        discount: money(line.discount),
        tax: money(line.tax),
        total: money(valueOf(line, units)),
      }
    }),
    totals: Object.fromEntries(
      Object.entries(agreed.totals).map(([name, amount]) => [name, money(amount)]),
    ) as Record<keyof Totals, ReturnType<typeof money>>,
    total: money(agreed.totals.total),
    shippingAddress: order.address,
    shippingMethod: agreed.shipping?.method ?? null,
    coupons: agreed.coupons.map(({ code }) => code),
    payment:
      agreed.payment === null
        ? null
        : {
            provider: agreed.payment,
            state: paymentOf(world, id).state,
            payable: money(payable),
            captured: money(captured),
            refunded: money(refunded),
          },
    history: order.history.map(({ status, type, atMs, by = null, note = null }) => ({
      status,
      event: type,
      at: timeOf(atMs),
      by,
      note,
    })),
    shipments: order.shipments.map(({ shipment, atMs, units }) => ({
      id: shipment,
      shippedAt: timeOf(atMs),
      lines: linesOf(units),
    })),
    createdAt: timeOf(order.placement.atMs),
    updatedAt: timeOf(order.history.at(-1)?.atMs ?? order.placement.atMs),
  }
}

export const viewTask = (id: OrderId, order: Order, { key, kind, sinceMs, units }: Task) => ({
  orderId: id,
  number: order.placement.event.number,
  key,
  kind,
  since: timeOf(sinceMs),
  advice: taskAdvice[kind],
  lines: linesOf(units),
})

const linesOf = (units: Units) =>
  Object.entries(units).map(([variantId, quantity]) => ({ variantId, quantity }))

const timeOf = (ms: number): string => new Date(ms).toISOString()
