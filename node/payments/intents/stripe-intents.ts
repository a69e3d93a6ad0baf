/** Payment intents through Stripe's own package. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { Stripe } from 'stripe'
import { Fault } from '../../fault.ts'
import { ok, refused } from '../../result.ts'
import { requestMsMax, webhookToleranceMs } from '../limits.ts'
import { gatewayAmount, gatewayCurrency } from './gateway-amount.ts'
import { eventOf, Intent, orderIdName, refundKeyName, RefundObject } from './intent.ts'
import { leavesOpen, type Answer, type IntentApi } from './intent-api.ts'
import { unsigned } from './signature.ts'

export interface StripeIntentsDeps {
  readonly secretKey: string
  readonly webhookSecret: string
  /** Where Stripe's API is; its own address, if it is not given. */
  readonly baseUrl?: string
  readonly fetch: typeof fetch
}

export const createStripeIntents = ({
  secretKey,
  webhookSecret,
  baseUrl,
  fetch,
}: StripeIntentsDeps): IntentApi => {
  // The package takes no signal, so that each request finds its own by the call it is made in.
  const signals = new AsyncLocalStorage<AbortSignal>()
  const abortable: typeof fetch = (input, init) => {
    const own = [init?.signal, signals.getStore()].filter((signal) => signal != null)
    return fetch(input, { ...init, redirect: 'error', signal: AbortSignal.any(own) })
  }
  const stripe = new Stripe(secretKey, {
    httpClient: Stripe.createFetchHttpClient(abortable),
    // Tries are ours: they go through the circuit breaker.
    maxNetworkRetries: 0,
    timeout: requestMsMax,
    telemetry: false,
    ...(baseUrl === undefined ? {} : addressOf(new URL(baseUrl))),
  })

  const call = async <T>(
    signal: AbortSignal,
    send: () => Promise<unknown>,
    parse: (object: unknown) => T,
  ): Promise<Answer<T>> => {
    try {
      return ok(parse(await signals.run(signal, send)))
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeError)) throw error
      return refusedBy(error)
    }
  }

  const intent = (object: unknown) => Intent.parse(object)

  return {
    create: ({ orderId, amount, key, signal }) =>
      call(
        signal,
        () =>
          stripe.paymentIntents.create(
            {
              amount: amountFor(amount),
              currency: gatewayCurrency(amount),
              capture_method: 'manual',
              allowed_payment_method_types: ['card'],
              metadata: { [orderIdName]: orderId },
            },
            { idempotencyKey: key },
          ),
        intent,
      ),
    confirm: ({ intent: id, token, key, signal }) =>
      call(
        signal,
        () =>
          stripe.paymentIntents.confirm(
            id,
            { ...methodOf(token), error_on_requires_action: true },
            { idempotencyKey: key },
          ),
        intent,
      ),
    capture: ({ intent: id, amount, key, signal }) =>
      call(
        signal,
        () =>
          stripe.paymentIntents.capture(
            id,
            { amount_to_capture: amountFor(amount) },
            { idempotencyKey: key },
          ),
        intent,
      ),
    cancel: ({ intent: id, key, signal }) =>
      call(signal, () => stripe.paymentIntents.cancel(id, {}, { idempotencyKey: key }), intent),
    retrieve: ({ intent: id, signal }) =>
      call(signal, () => stripe.paymentIntents.retrieve(id), intent),
    search: ({ orderId, signal }) =>
      call(
        signal,
        () => stripe.paymentIntents.search({ query: `metadata['${orderIdName}']:'${orderId}'` }),
        (page) => listOf(page).map(intent)[0],
      ),
    refund: ({ intent: id, amount, key, signal }) =>
      call(
        signal,
        () =>
          stripe.refunds.create(
            {
              payment_intent: id,
              amount: amountFor(amount),
              metadata: { [refundKeyName]: key },
            },
            { idempotencyKey: key },
          ),
        (object) => RefundObject.parse(object),
      ),
    refunds: ({ intent: id, signal }) =>
      call(
        signal,
        () => stripe.refunds.list({ payment_intent: id, limit: 100 }),
        (page) => listOf(page).map((object) => RefundObject.parse(object)),
      ),
    readWebhook: ({ headers, body, nowMs }) => {
      try {
        const event: unknown = stripe.webhooks.constructEvent(
          body,
          headers.get('stripe-signature') ?? '',
          webhookSecret,
          webhookToleranceMs / 1_000,
          undefined,
          nowMs,
        )
        const read = eventOf(event)
        return read ? ok(read) : unsigned('What is signed is no event')
      } catch (error) {
        const isForged = error instanceof Stripe.errors.StripeSignatureVerificationError
        return unsigned(isForged ? 'The signature does not hold' : 'What is signed is no event')
      }
    },
  }
}

const addressOf = ({ protocol, hostname, port }: URL) => ({
  protocol: protocol === 'http:' ? ('http' as const) : ('https' as const),
  host: hostname,
  port: port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port),
})

const methodOf = (token: string) =>
  token.startsWith('tok_')
    ? { payment_method_data: { type: 'card' as const, card: { token } } }
    : { payment_method: token }

// The provider has asked before whether there is such an amount.
const amountFor = (amount: Parameters<typeof gatewayAmount>[0]): number =>
  gatewayAmount(amount) ?? 0

const listOf = (page: unknown): readonly unknown[] =>
  typeof page === 'object' && page !== null && 'data' in page && Array.isArray(page.data)
    ? page.data
    : []

const refusedBy = (error: Stripe.errors.StripeError): Answer<never> => {
  const { statusCode, code } = error
  // No status: no answer came.
  if (statusCode === undefined || leavesOpen(statusCode, code)) {
    throw new Fault('payment_unavailable', error.message, { cause: error })
  }
  const known = Intent.safeParse(error.payment_intent)
  const type = error.rawType ?? 'invalid_request_error'
  return refused({
    type,
    code: code ?? type,
    ...(error.decline_code ? { declineCode: error.decline_code } : {}),
    ...(error.advice_code ? { adviceCode: error.advice_code } : {}),
    ...(known.success ? { intent: known.data } : {}),
  })
}
