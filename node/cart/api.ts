/** The cart's words in the API. */

import { z } from '@hono/zod-openapi'
import { isVariantId, productIdOf, variantIdOf } from '../catalog/ids.ts'
import { Money, page, PageQuery, Receipt } from '../http/schemas.ts'
import { isCartId } from './cart-id.ts'
import { intentIdMax, intentsMax, quantityMax } from './limits.ts'

const exampleCart = '5f3e9a1c07b24d68e1f0a2b3c4'

export const CartParams = z.object({
  id: z
    .string()
    .refine(isCartId, 'Is no cart id')
    .openapi({ param: { name: 'id', in: 'path' }, type: 'string', example: exampleCart }),
})

const IntentId = z
  .string()
  .regex(new RegExp(`^[A-Za-z0-9._-]{1,${intentIdMax}}$`), 'Must be letters, digits, ".", "_", "-"')
  .openapi({ description: 'Unique in its cart; sent twice it counts once.', example: 'i-1' })

const VariantIdText = z
  .string()
  .refine(isVariantId, 'Is no variant id')
  .openapi({ type: 'string', example: variantIdOf(productIdOf('WX-4711'), 'WX-4711') })

const More = z.int().min(1).max(quantityMax)

export const IntentBody = z
  .discriminatedUnion('type', [
    z.strictObject({
      id: IntentId,
      type: z.literal('add'),
      variantId: VariantIdText,
      quantity: More.default(1),
    }),
    z.strictObject({
      id: IntentId,
      type: z.literal('set'),
      variantId: VariantIdText,
      quantity: z.int().min(0).max(quantityMax),
    }),
    z.strictObject({ id: IntentId, type: z.literal('remove'), variantId: VariantIdText }),
    z
      .strictObject({ id: IntentId, type: z.literal('save'), variantId: VariantIdText })
      .openapi({ description: 'Keeps a line for later.' }),
    z
      .strictObject({ id: IntentId, type: z.literal('unsave'), variantId: VariantIdText })
      .openapi({ description: 'Puts back what was kept for later.' }),
    z
      .strictObject({ id: IntentId, type: z.literal('discard'), variantId: VariantIdText })
      .openapi({ description: 'Lets go of what was kept for later.' }),
    z.strictObject({ id: IntentId, type: z.literal('clear') }),
  ])
  .openapi('Intent')

export const IntentsBody = z
  .strictObject({
    intents: z
      .array(IntentBody)
      .min(1)
      .max(intentsMax)
      .refine(
        (intents) => new Set(intents.map(({ id }) => id)).size === intents.length,
        'Two have the same id',
      ),
  })
  .openapi('Intents')

export const TokenHeader = z.object({
  'x-cart-token': z.string().max(200).optional().openapi({
    description: "The cart's token; it may also come as `Authorization: Bearer`.",
  }),
})

const LineOut = z.object({
  variantId: z.string(),
  productId: z.string(),
  name: z.string(),
  options: z.record(z.string(), z.string()),
  quantity: z.int(),
  unitPrice: Money.nullable().openapi({ description: 'null: it is not sold any more.' }),
  lineTotal: Money.nullable(),
  available: z.int().nullable().openapi({
    description: 'Units that can be sold somewhere; null: not counted, never short.',
  }),
})

export const CartOut = z
  .object({
    id: z.string(),
    lines: z.array(LineOut),
    saved: z.array(LineOut).openapi({ description: 'Kept for later; no part of the sums.' }),
    problems: z.array(z.object({ code: z.string(), variantId: z.string(), detail: z.string() })),
    itemCount: z.int(),
    subtotal: Money.nullable(),
  })
  .openapi('Cart')

export const ChangedCart = CartOut.extend({ receipt: Receipt }).openapi('ChangedCart')

export const NewCart = z
  .object({
    id: z.string().openapi({ example: exampleCart }),
    token: z.string().openapi({ description: 'Opens this cart, at every node. Keep it secret.' }),
    receipt: Receipt,
  })
  .openapi('NewCart')

export const MergedCart = ChangedCart.extend({ token: z.string() }).openapi('MergedCart')

export const AbandonedQuery = PageQuery

export const AbandonedList = page(
  z.object({
    cart: z.string(),
    account: z.string().nullable(),
    items: z.int(),
    total: Money,
    abandonedAt: z.iso.datetime().openapi({ description: 'When it was touched last.' }),
  }),
).openapi('AbandonedCarts')
