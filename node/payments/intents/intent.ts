/** Payment intents, refunds and events as Stripe's API shows them: what we read of them, in our words. */

import { z } from 'zod'
import type { Price } from '../../catalog/product.ts'
import type { Fact, Found, ProviderEvent } from '../provider.ts'
import { refundOfKey } from '../request-key.ts'
import { priceOf } from './gateway-amount.ts'

/** An object, or its id where the API was not asked to expand it. */
const Reference = z.union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)])

const CardError = z.object({
  code: z.string().nullish(),
  decline_code: z.string().nullish(),
  advice_code: z.string().nullish(),
  charge: z.string().nullish(),
})

export const Intent = z.object({
  id: z.string(),
  object: z.literal('payment_intent'),
  /** One that a later version of the API adds is read as waiting. */
  status: z.string(),
  amount: z.int().min(0),
  amount_received: z.int().min(0).default(0),
  currency: z.string(),
  latest_charge: Reference.nullish(),
  last_payment_error: CardError.nullish(),
  metadata: z.record(z.string(), z.string()).default({}),
})
export type Intent = z.infer<typeof Intent>

export const RefundObject = z.object({
  id: z.string(),
  object: z.literal('refund'),
  status: z.string().nullable(),
  amount: z.int().min(0),
  currency: z.string(),
  payment_intent: Reference.nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
})
export type RefundObject = z.infer<typeof RefundObject>

const Event = z.object({
  id: z.string().min(1).max(255),
  object: z.literal('event'),
  type: z.string().max(100),
  created: z.int().min(0),
  data: z.object({ object: z.looseObject({ object: z.string() }) }),
})

/** What a card error means for who pays. */
export const declineOf = (
  error: z.infer<typeof CardError>,
): { readonly code: string; readonly retry: boolean } => {
  const code = error.decline_code ?? error.code ?? 'card_declined'
  return { code, retry: error.advice_code !== 'do_not_try_again' && !hopeless.has(code) }
}

// The issuer wants the card gone: trying it again looks like fraud, and the networks fine it.
const hopeless = new Set([
  'expired_card',
  'fraudulent',
  'invalid_account',
  'lost_card',
  'pickup_card',
  'stolen_card',
])

export const foundOf = (intent: Intent, refunds: readonly RefundObject[] = []): Found => ({
  reference: intent.id,
  state: stateOf(intent),
  amount: amountOf(intent),
  facts: [...factsOf(intent), ...refunds.flatMap(refundFacts)],
})

const stateOf = ({ status }: Intent): Found['state'] =>
  status === 'requires_capture'
    ? 'authorised'
    : status === 'succeeded'
      ? 'captured'
      : status === 'canceled'
        ? 'released'
        : 'waiting'

const amountOf = ({ amount, currency }: Intent): Price => priceOf(amount, currency)

const factsOf = (intent: Intent): readonly Fact[] => {
  const { status, amount_received: received, last_payment_error: error } = intent
  const authorised: Fact = { kind: 'authorised', amount: amountOf(intent) }
  if (status === 'requires_capture') return [authorised]
  if (status === 'succeeded') {
    return [authorised, { kind: 'captured', amount: priceOf(received, intent.currency) }]
  }
  if (status === 'canceled') return [{ kind: 'released' }]
  // A try that began and failed later; one that failed at once was answered with its failure.
  if (status === 'requires_payment_method' && error?.charge) {
    return [{ kind: 'declined', trial: error.charge, ...declineOf(error) }]
  }
  return []
}

const refundFacts = ({ id, status, amount, currency, metadata }: RefundObject): readonly Fact[] => {
  const fact = { key: metadata?.[refundKeyName] ?? id, amount: priceOf(amount, currency) }
  if (status === 'failed' || status === 'canceled') return [{ kind: 'refund_failed', ...fact }]
  // One that is on its way is as good as done: if it fails after all, that will be told.
  return [{ kind: 'refunded', ...fact }]
}

/** The names of our own remarks on the gateway's objects. */
export const orderIdName = 'order_id'
export const refundKeyName = 'refund_key'

/** The event that a webhook's body holds; undefined if it is none. */
export const eventOf = (json: unknown): ProviderEvent | undefined => {
  const parsed = Event.safeParse(json)
  if (!parsed.success) return undefined
  const { id, type, created, data } = parsed.data
  const event = { id, type, createdMs: created * 1_000 }
  const intent = Intent.safeParse(data.object)
  if (intent.success) {
    const orderId = intent.data.metadata[orderIdName]
    const told = { reference: intent.data.id, facts: factsOf(intent.data) }
    return { ...event, ...told, ...(orderId === undefined ? {} : { orderId }) }
  }
  const refund = RefundObject.safeParse(data.object)
  if (refund.success && refund.data.payment_intent) {
    const orderId = refundOfKey(refund.data.metadata?.[refundKeyName] ?? '')?.orderId
    const told = { reference: refund.data.payment_intent, facts: refundFacts(refund.data) }
    return { ...event, ...told, ...(orderId === undefined ? {} : { orderId }) }
  }
  return { ...event, facts: [] }
}
