/** The events of accounts, products, stock, carts, orders and payments. */

import { z } from 'zod'
import { Id, Minor, Money, Name, published, Units, later } from './words.ts'

const UserId = Id.nullable().describe('The account; null for a guest, or if it is not known here.')

export const userEvents = {
  'user.created': published(
    'user_events',
    'An account was made',
    z.object({ userId: Id, roles: z.array(z.string()) }),
  ),
  'user.updated': published(
    'user_events',
    'A profile was edited',
    z.object({ userId: Id, fields: z.array(z.string()).describe('Which fields were written.') }),
  ),
  'user.online': published(
    'user_events',
    'Somebody signed in on a device',
    z.object({ userId: Id, sessionId: Id }),
  ),
  'user.offline': published(
    'user_events',
    'A session was ended',
    z.object({ userId: UserId, sessionId: Id }),
  ),
  'user.activity': later(
    'user_events',
    'Somebody did something worth counting',
    z.object({ userId: UserId, activity: Name, subject: Name.nullable() }),
  ),
} as const

const Stock = z.object({
  productId: Id,
  variantId: Id,
  locationId: Id,
  cause: z.string().describe('The type of the change: `inventory.received`, `order.placed` …'),
})

export const productEvents = {
  'product.created': published(
    'product_events',
    'A product was made, or a deleted one brought back',
    z.object({
      productId: Id,
      sku: Name,
      name: Name,
      brand: Name.nullable(),
      price: Money,
      variants: z.array(z.object({ variantId: Id, sku: Name })),
    }),
  ),
  'product.updated': published(
    'product_events',
    'A product was edited, priced anew or deleted',
    z.object({
      productId: Id,
      fields: z.array(z.string()).describe('Which fields were written.'),
      isDeleted: z.boolean().describe('Whether this change deleted it.'),
    }),
  ),
  'product.price.changed': published(
    'product_events',
    "A product's price was set",
    z.object({
      productId: Id,
      price: Money,
      before: Money.nullable().describe('null: it was set with other fields, and is not known.'),
      reason: Name.nullable(),
    }),
  ),
  'product.inventory.updated': published(
    'product_events',
    'Units of a variant came in, were sold or moved; `GET /inventory/{variantId}` says how many are left',
    Stock,
  ),
  'inventory.updated': published(
    'product_events',
    'The same as `product.inventory.updated`, under the short name',
    Stock,
  ),
  'product.viewed': later(
    'product_events',
    'A product was looked at',
    z.object({ productId: Id, userId: UserId }),
  ),
  'product.reviewed': later(
    'product_events',
    'A product was reviewed',
    z.object({ productId: Id, reviewId: Id, userId: UserId, rating: z.int().min(1).max(5) }),
  ),
} as const

const Payment = z.object({ orderId: Id, reference: Name, amount: Minor })

export const orderEvents = {
  'order.created': published(
    'order_events',
    'An order was placed',
    z.object({
      orderId: Id,
      number: Name,
      node: Name,
      userId: UserId,
      cartId: Id.nullable(),
      currency: z.string().length(3),
      total: Minor,
      lines: z.array(
        z.object({ variantId: Id, sku: Name, name: Name, units: Units, total: Minor }),
      ),
      country: z.string().describe('Where it goes, ISO 3166-1.'),
    }),
  ),
  'order.status.updated': published(
    'order_events',
    'An order made a move. Moves of two regions may meet; what the order came to is at `GET /orders/{id}`',
    z.object({
      orderId: Id,
      move: z.enum([
        'confirmed',
        'paid',
        'packed',
        'shipped',
        'delivered',
        'cancelled',
        'returned',
        'refunded',
      ]),
      reason: Name.nullable(),
    }),
  ),
  'order.payment.completed': published('order_events', 'An order was paid', Payment),
  'order.paid': published(
    'order_events',
    'The same as `order.payment.completed`, under the short name',
    Payment,
  ),
  'order.shipped': published(
    'order_events',
    'A parcel of an order was sent',
    z.object({
      orderId: Id,
      shipmentId: Id,
      units: z.record(z.string(), Units).describe('By variant.'),
    }),
  ),
} as const

export const paymentEvents = {
  'payment.initiated': published(
    'payment_events',
    'Somebody began to pay',
    z.object({ orderId: Id, attempt: Name, amount: Money, provider: Name, userId: UserId }),
  ),
  'payment.completed': published(
    'payment_events',
    'The provider captured the money',
    z.object({ orderId: Id, reference: Name, amount: Money }),
  ),
  'payment.failed': published(
    'payment_events',
    'A payment was declined, or its capture refused',
    z.object({
      orderId: Id,
      attempt: Name.nullable(),
      code: Name,
      mayRetry: z.boolean(),
    }),
  ),
  'refund.processed': published(
    'payment_events',
    'Money went back',
    z.object({ orderId: Id, refund: Name, reference: Name, amount: Money }),
  ),
  'fraud.detected': published(
    'payment_events',
    'Something about who pays is odd, and a person is to look at it',
    z.object({ orderId: Id, score: z.int(), reasons: z.array(z.string()) }),
  ),
} as const

export const cartEvents = {
  'cart.updated': published(
    'cart_events',
    'A cart was changed in any way',
    z.object({ cartId: Id, cause: z.string().describe('The type of the change.') }),
  ),
  'cart.item_added': published(
    'cart_events',
    'A shopper added to a line, or set how many there are',
    z.object({
      cartId: Id,
      variantId: Id,
      quantity: Units,
      isTotal: z
        .boolean()
        .describe('Whether `quantity` is how many in all, and not how many more.'),
    }),
  ),
  'cart.item_removed': published(
    'cart_events',
    'A shopper took a line out',
    z.object({ cartId: Id, variantId: Id }),
  ),
  'cart.abandoned': published(
    'cart_events',
    'Nobody comes back to a cart',
    z.object({ cartId: Id, items: Units, value: Money, touchedAt: z.iso.datetime() }),
    ['order_events'],
  ),
} as const
