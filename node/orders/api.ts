/** The order's words in the API. */

import { z } from '@hono/zod-openapi'
import { isProductId, isVariantId } from '../catalog/ids.ts'
import { isCartId } from '../cart/cart-id.ts'
import { Currency, line, Money, page, PageQuery, Receipt } from '../http/schemas.ts'
import { addressTextMax, linesMax, quantityMax, reasonMax, trackingMax } from './limits.ts'
import { isOrderId } from './order-id.ts'
import { statuses } from './order-status.ts'

export const OrderParams = z.object({
  id: z
    .string()
    .refine(isOrderId, 'Is no order id')
    .openapi({
      param: { name: 'id', in: 'path' },
      type: 'string',
      example: '0c4e8f3b2a1d6e7f90a1b2c3d4',
    }),
})

export const CartTokenHeader = z.object({
  'x-cart-token': z.string().max(200).optional().openapi({
    description: "The token of the order's cart, for whoever has no account.",
  }),
})

const part = line(addressTextMax)

const CountryIn = z
  .string()
  .transform((text) => text.toUpperCase())
  .pipe(z.string().regex(/^[A-Z]{2}$/, 'Must be an ISO 3166-1 code: two letters'))

/** `street` is another word for `line1`. */
export const AddressIn = z
  .strictObject({
    name: part.optional(),
    line1: part.optional(),
    street: part.optional(),
    line2: part.nullish(),
    city: part,
    state: part.nullish(),
    postalCode: line(20),
    country: CountryIn,
    phone: line(40).nullish(),
  })
  .refine(({ line1, street }) => (line1 ?? street) !== undefined, {
    path: ['line1'],
    message: 'Must be given',
  })
  .transform(({ name, line1, street, line2, city, state, postalCode, country, phone }) => ({
    name: name ?? '',
    line1: line1 ?? street ?? '',
    line2: line2 ?? null,
    city,
    state: state ?? null,
    postalCode,
    country,
    phone: phone ?? null,
  }))
  .openapi('ShippingAddress')

const Quantity = z.int().min(1).max(quantityMax)

const ProductIdText = z.string().refine(isProductId, 'Is no product id').openapi({ type: 'string' })
export const VariantIdText = z
  .string()
  .refine(isVariantId, 'Is no variant id')
  .openapi({ type: 'string' })

export const LineItem = z
  .strictObject({
    productId: ProductIdText.optional(),
    variantId: VariantIdText.optional(),
    quantity: Quantity,
  })
  .refine(
    ({ productId, variantId }) => (productId === undefined) !== (variantId === undefined),
    'Must name a product or a variant',
  )

export const Payment = z.strictObject({
  provider: line(40),
  token: line(255).openapi({ description: 'Stands for a payment method; never a card number.' }),
  billingCountry: CountryIn.optional().openapi({
    type: 'string',
    description: 'Where the bill goes: another country than the goods is looked at twice.',
  }),
})

const Sum = z.strictObject({ amount: z.int().min(0), currency: Currency })

const common = {
  shippingAddress: AddressIn,
  payment: Payment.optional(),
  coupons: z.array(line(64)).max(10).optional(),
  shippingMethod: line(64).optional(),
  expectedTotal: Sum.optional().openapi({
    description: 'What the shopper was shown: the order is refused if it comes to anything else.',
  }),
}

/** What is ordered: a cart, lines that are named, or what a flash sale has set aside. */
export const OrderBody = z
  .union([
    z.strictObject({
      cartId: z.string().refine(isCartId, 'Is no cart id').openapi({ type: 'string' }),
      ...common,
    }),
    z.strictObject({
      customerId: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
      lineItems: z.array(LineItem).min(1).max(linesMax),
      ...common,
    }),
    z.strictObject({
      purchaseId: z
        .string()
        .regex(/^[0-9a-f]{32}$/, 'Is no id of a purchase')
        .openapi({ description: 'The `attemptId` of a purchase in a flash sale.' }),
      ...common,
    }),
  ])
  .openapi('NewOrder')

const UnitsIn = z
  .array(z.strictObject({ variantId: VariantIdText, quantity: Quantity }))
  .min(1)
  .max(linesMax)

const reason = line(reasonMax)

export const ReasonBody = z.strictObject({ reason: reason.optional() })
export const ShipBody = z.strictObject({
  lines: UnitsIn.optional(),
  carrier: line(trackingMax).optional(),
  trackingNumber: line(trackingMax).optional(),
  estimatedDelivery: z.iso.datetime({ offset: true }).optional(),
})
export const ReturnBody = z.strictObject({ lines: UnitsIn.optional(), reason: reason.optional() })
export const RefundBody = z.strictObject({
  amount: Money.optional().openapi({ description: 'Absent: all that was paid.' }),
  reason,
})
export const EditBody = z.strictObject({
  lines: z
    .array(z.strictObject({ variantId: VariantIdText, quantity: z.int().min(0).max(quantityMax) }))
    .max(linesMax)
    .optional(),
  shippingAddress: AddressIn.optional(),
})
export const TaskBody = z.strictObject({ note: reason })

export const OrdersQuery = PageQuery.extend({
  status: z.enum(statuses).optional(),
  number: line(80).optional(),
  customerId: line(64).optional(),
})

const Address = z.object({
  name: z.string(),
  line1: z.string(),
  line2: z.string().nullable(),
  city: z.string(),
  state: z.string().nullable(),
  postalCode: z.string(),
  country: z.string(),
  phone: z.string().nullable(),
})

const Task = z.object({
  key: z.string(),
  kind: z.string(),
  since: z.string(),
  advice: z.string(),
  lines: z.array(z.object({ variantId: z.string(), quantity: z.int() })),
})

export const OrderOut = z
  .object({
    id: z.string(),
    number: z.string().openapi({ example: 'EU-7K3M-9QXW-42' }),
    status: z.enum(statuses),
    customerId: z.string().nullable(),
    cartId: z.string().nullable(),
    lines: z.array(
      z.object({
        variantId: z.string(),
        productId: z.string(),
        sku: z.string(),
        name: z.string(),
        options: z.record(z.string(), z.string()),
        quantity: z.int(),
        shipped: z.int(),
        returned: z.int(),
        unitPrice: Money,
        discount: Money,
        tax: Money,
        total: Money,
      }),
    ),
    totals: z.object({
      items: Money,
      discount: Money,
      shipping: Money,
      tax: Money,
      includedTax: Money,
      total: Money,
    }),
    total: Money,
    shippingAddress: Address,
    shippingMethod: z.string().nullable(),
    coupons: z.array(z.string()),
    payment: z
      .object({
        provider: z.string(),
        state: z.string(),
        payable: Money,
        captured: Money,
        refunded: Money,
      })
      .nullable(),
    history: z.array(
      z.object({
        status: z.string(),
        event: z.string(),
        at: z.string(),
        by: z.string().nullable(),
        note: z.string().nullable(),
      }),
    ),
    shipments: z.array(
      z.object({
        id: z.string(),
        shippedAt: z.string(),
        lines: z.array(z.object({ variantId: z.string(), quantity: z.int() })),
      }),
    ),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .openapi('Order')

export const OrderReceipt = Receipt.extend({
  copies: z.int().openapi({ description: 'Other nodes that had it on their disks by then.' }),
}).openapi('OrderReceipt')

export const ChangedOrder = OrderOut.extend({ receipt: Receipt }).openapi('ChangedOrder')
export const NewOrderOut = OrderOut.extend({ receipt: OrderReceipt }).openapi('PlacedOrder')
export const OrderPage = page(OrderOut)
export const TaskPage = z.object({
  items: z.array(Task.extend({ orderId: z.string(), number: z.string() })),
})
