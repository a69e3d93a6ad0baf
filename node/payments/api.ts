/** The words of payments in the API. */

import { z } from '@hono/zod-openapi'
import { amountMax, line, Money, page, PageQuery, Receipt } from '../http/schemas.ts'
import { holdsCardNumber } from './card-number.ts'
import { reasonMax, tokenMax } from './limits.ts'

const OrderId = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'Is no order id')
  .openapi({ param: { name: 'orderId', in: 'path' }, description: 'The order that is paid.' })

export const PaymentParams = z.object({ orderId: OrderId })

/** A token of a provider: refused if it looks like what it must never be. */
export const Token = z
  .string()
  .regex(new RegExp(`^[\\x21-\\x7e]{1,${tokenMax}}$`), 'Must be a token of the provider')
  .refine((token) => !holdsCardNumber(token), 'Looks like a card number: send a token')
  .openapi({ example: 'tok_ok' })

/** A remark, without anybody's card number in it. */
const Remark = line(reasonMax).refine(
  (text) => !holdsCardNumber(text),
  'Holds what looks like a card number',
)

const states = [
  'pending',
  'declined',
  'authorised',
  'captured',
  'partially_refunded',
  'refunded',
  'released',
] as const

const AttemptOut = z.object({
  number: z.int(),
  status: z.enum(['pending', 'authorised', 'declined']),
  gatewayResponse: z.string().nullable(),
  mayRetry: z.boolean(),
  at: z.string(),
})

const RefundOut = z.object({
  id: z.string(),
  amount: Money,
  status: z.enum(['wanted', 'done', 'refused', 'failed']),
  reason: z.string(),
  gatewayResponse: z.string().nullable(),
  requestedBy: z.string(),
  requestedAt: z.string(),
  processedAt: z.string().nullable(),
})

const RiskOut = z.object({
  score: z.int(),
  reasons: z.array(z.string()),
  waitsForReview: z.boolean(),
  review: z
    .object({ verdict: z.enum(['approved', 'rejected']), by: z.string(), note: z.string() })
    .nullable(),
})

export const PaymentOut = z
  .object({
    orderId: z.string(),
    provider: z.string().nullable(),
    reference: z.string().nullable(),
    status: z.enum(['none', ...states]),
    amount: Money.nullable(),
    authorised: z.int(),
    captured: z.int(),
    refunded: z.int(),
    refundable: z.int(),
    closed: z.string().nullable().openapi({ description: 'Why it is not to be paid any more.' }),
    next: z.string().nullable().openapi({ description: 'What is left to do, if anything is.' }),
    attempts: z.array(AttemptOut),
    refunds: z.array(RefundOut),
    risk: RiskOut.nullable(),
  })
  .openapi('Payment')

export const ChangedPayment = PaymentOut.extend({ receipt: Receipt }).openapi('ChangedPayment')

export const PaymentsQuery = PageQuery.extend({
  status: z.enum(states).optional(),
  account: z.string().max(64).optional(),
})

export const PaymentPage = page(PaymentOut).openapi('PaymentPage')

export const RefundBody = z
  .strictObject({
    amount: z.int().min(1).max(amountMax).optional().openapi({
      description: 'In minor units, of the currency of the payment; all that is left, if absent.',
    }),
    reason: Remark,
  })
  .openapi('RefundRequest')

export const FlagsQuery = PageQuery.extend({
  resolved: z.enum(['true', 'false']).default('false'),
})

export const FlagOut = z
  .object({
    orderId: z.string(),
    riskScore: z.int(),
    flags: z.array(z.string()),
    resolved: z.boolean(),
    verdict: z.string().nullable(),
    at: z.string(),
  })
  .openapi('FraudFlag')

export const FlagPage = page(FlagOut).openapi('FraudFlagPage')

export const ReviewBody = z
  .strictObject({ verdict: z.enum(['approved', 'rejected']), note: Remark })
  .openapi('FraudReview')

export const MethodParams = z.object({
  id: z
    .string()
    .regex(/^pm-[0-9a-f]{24}$/, 'Is no payment method id')
    .openapi({ param: { name: 'id', in: 'path' } }),
})

export const MethodBody = z
  .strictObject({
    type: z
      .string()
      .regex(/^[a-z_]{1,32}$/, 'Must be a type such as card')
      .default('card'),
    provider: z.string().regex(/^[a-z]{1,32}$/, 'Must be the name of a provider'),
    token: Token,
    label: line(80)
      .refine((text) => !holdsCardNumber(text), 'Holds what looks like a card number')
      .openapi({ example: 'Visa, ends in 4242' }),
  })
  .openapi('NewPaymentMethod')

export const MethodOut = z
  .object({
    id: z.string(),
    type: z.string(),
    provider: z.string(),
    label: z.string(),
    isDefault: z.boolean(),
    createdAt: z.string(),
  })
  .openapi('PaymentMethod')

export const MethodList = z.object({ items: z.array(MethodOut) }).openapi('PaymentMethods')

export const ChangedMethods = MethodList.extend({ id: z.string(), receipt: Receipt }).openapi(
  'ChangedPaymentMethods',
)

export const WebhookParams = z.object({
  provider: z
    .string()
    .max(32)
    .openapi({ param: { name: 'provider', in: 'path' }, example: 'stripe' }),
})

export const HeardOut = z.object({ received: z.boolean() }).openapi('WebhookReceived')
