/** The words of flash sales in the API. */

import { z } from '@hono/zod-openapi'
import { KnownMoney } from '../catalog/api.ts'
import { isCartId } from '../cart/cart-id.ts'
import { isVariantId } from '../catalog/ids.ts'
import { line, Money, page, PageQuery, Receipt } from '../http/schemas.ts'
import * as limits from './limits.ts'
import { isSaleId } from './sale.ts'

const SaleIdText = z
  .string()
  .refine(isSaleId, 'Is no id of a flash sale')
  .openapi({ type: 'string', example: '9f86d081884c7d65' })

const AttemptIdText = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'Is no id of a purchase attempt')
  .openapi({ example: '5f3e9a1c07b24d68e1f0a2b3c4d5e6f7' })

const VariantIdText = z.string().refine(isVariantId, 'Is no variant id').openapi({ type: 'string' })
const Time = z.iso.datetime({ offset: true }).openapi({ example: '2026-11-27T09:00:00Z' })

export const SaleParams = z.object({
  id: SaleIdText.openapi({ param: { name: 'id', in: 'path' } }),
})

export const SaleBody = z
  .strictObject({
    variantId: VariantIdText,
    name: line(limits.saleNameMax),
    price: KnownMoney,
    startsAt: Time,
    endsAt: Time,
    perCustomerLimit: z.int().min(1).max(limits.perBuyerMax).default(1),
  })
  .refine(({ startsAt, endsAt }) => Date.parse(startsAt) < Date.parse(endsAt), {
    message: 'Must be later than startsAt',
    path: ['endsAt'],
  })
  .openapi('FlashSalePlan')

const SaleFields = {
  id: z.string(),
  name: z.string(),
  variantId: z.string(),
  productId: z.string(),
  price: Money,
  startsAt: z.string(),
  endsAt: z.string(),
  perCustomerLimit: z.int(),
}

export const SaleOut = z
  .object({ ...SaleFields, status: z.enum(['planned', 'on', 'over', 'cancelled']) })
  .openapi('FlashSale')

export const SalePage = page(SaleOut).openapi('FlashSales')
export const SaleListQuery = PageQuery
export const ChangedSale = z
  .object({ id: z.string(), receipt: Receipt })
  .openapi('ChangedFlashSale')

export const SaleQuery = z.strictObject({ saleId: SaleIdText.optional() })

export const StatusOut = z
  .object({
    status: z.enum(['none', 'planned', 'on', 'sold_out', 'over', 'cancelled']),
    sale: z.object(SaleFields).nullable(),
    remaining: z
      .int()
      .nullable()
      .openapi({ description: 'Units left for who comes to this node now; null: not counted.' }),
    now: z.string(),
  })
  .openapi('FlashSaleStatus')

export const StatsOut = z
  .object({
    saleId: z.string().nullable(),
    sold: z.int(),
    reserved: z.int().openapi({ description: 'Units that wait to be paid for.' }),
    remaining: z.int().nullable(),
    thisNode: z
      .object({
        attempts: z.int(),
        admitted: z.int(),
        soldOut: z.int(),
        overLimit: z.int(),
        tooFast: z.int(),
        waiting: z.int(),
      })
      .openapi({ description: 'Of all sales, since this node started.' }),
  })
  .openapi('FlashSaleStats')

export const AttemptBody = z
  .strictObject({
    saleId: SaleIdText.optional().openapi({ description: 'Left out: the sale that is on.' }),
    quantity: z.int().min(1).max(limits.perBuyerMax).default(1),
    cartId: z
      .string()
      .refine(isCartId, 'Is no cart id')
      .optional()
      .openapi({ type: 'string', description: 'Of a guest, who is known by a cart.' }),
  })
  .openapi('PurchaseAttempt')

export const PurchaseOut = z
  .object({
    attemptId: z.string(),
    saleId: z.string(),
    quantity: z.int(),
    state: z.enum(['held', 'bought', 'given_back', 'expired', 'over_limit']),
    payUntil: z.string(),
    price: Money,
    orderId: z.string().nullable(),
    at: z.string().optional(),
  })
  .openapi('Purchase')

export const MadeAttempt = PurchaseOut.extend({ receipt: Receipt }).openapi('MadePurchase')

export const QueuedOut = z
  .object({
    attemptId: z.string(),
    state: z.literal('queued'),
    position: z.int(),
    pollAfterMs: z.int(),
  })
  .openapi('QueuedPurchase')

export const AttemptQuery = z.strictObject({ attemptId: AttemptIdText })

export const AttemptParams = z.object({
  attemptId: AttemptIdText.openapi({ param: { name: 'attemptId', in: 'path' } }),
})

export const UserParams = z.object({
  userId: z
    .string()
    .regex(/^(?:[0-9a-f]{32}|[0-9a-f]{26})$/, 'Is no id of an account or a cart')
    .openapi({ param: { name: 'userId', in: 'path' } }),
})

export const PurchasesQuery = PageQuery
export const PurchasePage = page(PurchaseOut).openapi('Purchases')
