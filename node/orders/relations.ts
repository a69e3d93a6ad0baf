/** What the merged store keeps of orders: what was sold where, to whom, and what became of it. */

import { productOf } from '../catalog/ids.ts'
import { relation, relationalKind } from '../merged/relation.ts'
import { moneyOf, valueOf, keptOf } from './order-money.ts'
import { customerOf, order, readOrder } from './order.ts'

export const orderRelations = relationalKind({
  schema: order,
  relations: [
    relation('orders', 'id', {
      id: 'text',
      number: 'text',
      customer_id: 'text',
      cart_id: 'text',
      status: 'text',
      region: 'text',
      country: 'text',
      currency: 'text',
      items_minor: 'bigint',
      discount_minor: 'bigint',
      shipping_minor: 'bigint',
      tax_minor: 'bigint',
      total_minor: 'bigint',
      payable_minor: 'bigint',
      paid_minor: 'bigint',
      refunded_minor: 'bigint',
      units: 'bigint',
      is_sale: 'boolean',
      placed_at: 'timestamptz',
    }),
    relation('order_items', 'order_id', {
      order_id: 'text',
      variant_id: 'text',
      product_id: 'text',
      sku: 'text',
      name: 'text',
      units: 'bigint',
      shipped: 'bigint',
      returned: 'bigint',
      unit_price_minor: 'bigint',
      discount_minor: 'bigint',
      tax_minor: 'bigint',
      total_minor: 'bigint',
    }),
    relation('order_status_history', 'order_id', {
      order_id: 'text',
      event: 'text',
      type: 'text',
      status: 'text',
      changed_by: 'text',
      note: 'text',
      changed_at: 'timestamptz',
    }),
    relation('shipping_addresses', 'order_id', {
      order_id: 'text',
      name: 'text',
      line1: 'text',
      line2: 'text',
      city: 'text',
      state: 'text',
      postal_code: ['text', 'postalCode'],
      country: 'text',
      phone: 'text',
    }),
  ],
  rows: (id, document) => {
    const shown = readOrder(document)
    if (!shown) return {}
    const { event, atMs } = shown.placement
    const { cart, currency, totals } = event.agreed
    const money = moneyOf(shown)
    const kept = shown.lines.map((state) => keptOf(shown, state))
    const units = kept.reduce((sum, one) => sum + one, 0)
    return {
      orders: [
        {
          id,
          number: event.number,
          customer_id: customerOf(shown),
          cart_id: cart,
          status: shown.status,
          region: event.node,
          country: shown.address.country,
          currency,
          items_minor: totals.items,
          discount_minor: totals.discount,
          shipping_minor: totals.shipping,
          tax_minor: totals.tax + totals.includedTax,
          total_minor: totals.total,
          payable_minor: money.payable,
          paid_minor: money.captured,
          refunded_minor: money.refunded,
          units,
          // One that was cancelled before anything was sent sold nothing.
          is_sale: units > 0,
          placed_at: atMs,
        },
      ],
      order_items: shown.lines.map((state, at) => {
        const { line, shipped, returned } = state
        return {
          order_id: id,
          variant_id: line.variant,
          product_id: productOf(line.variant),
          sku: line.sku,
          name: line.name,
          units: kept[at],
          shipped,
          returned,
          unit_price_minor: line.unitPrice,
          discount_minor: line.discount,
          tax_minor: line.tax,
          total_minor: valueOf(line, kept[at] ?? 0),
        }
      }),
      order_status_history: shown.history.map((entry) => ({
        order_id: id,
        event: entry.event,
        type: entry.type,
        status: entry.status,
        changed_by: entry.by,
        note: entry.note,
        changed_at: entry.atMs,
      })),
      shipping_addresses: [{ order_id: id, ...shown.address }],
    }
  },
})
