/** Payment intents over plain HTTP: how the sandbox gateway is asked. */

import { z } from 'zod'
import { Fault } from '../../fault.ts'
import { ok, refused } from '../../result.ts'
import { gatewayAmount, gatewayCurrency } from './gateway-amount.ts'
import type { Send } from './http-sender.ts'
import { Intent, orderIdName, refundKeyName, RefundObject } from './intent.ts'
import { leavesOpen, type Answer, type IntentApi } from './intent-api.ts'
import { readSigned } from './signature.ts'

export interface HttpIntentsDeps {
  /** `http://127.0.0.1:4242`, without a slash at the end. */
  readonly baseUrl: string
  readonly secretKey: string
  readonly webhookSecret: string
  readonly send: Send
}

interface Call<T> {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly form?: Readonly<Record<string, string>>
  readonly key?: string
  readonly signal: AbortSignal
  readonly schema: z.ZodType<T>
}

export const createHttpIntents = (deps: HttpIntentsDeps): IntentApi => {
  const call = async <T>({
    method,
    path,
    form,
    key,
    signal,
    schema,
  }: Call<T>): Promise<Answer<T>> => {
    const { status, text } = await deps.send({
      method,
      url: `${deps.baseUrl}/v1${path}`,
      signal,
      body: form === undefined ? '' : new URLSearchParams({ ...form }).toString(),
      headers: {
        authorization: `Bearer ${deps.secretKey}`,
        ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
    })
    // A gateway that moved, or a page of a proxy, is no answer: what is thrown here leaves it open.
    const json: unknown = JSON.parse(text)
    if (status >= 200 && status < 300) return ok(schema.parse(json))
    const { error } = ErrorBody.parse(json)
    if (leavesOpen(status, error.code ?? undefined)) {
      throw new Fault('payment_unavailable', `The gateway answered ${status}`)
    }
    return refused({
      type: error.type,
      code: error.code ?? error.type,
      ...(error.decline_code ? { declineCode: error.decline_code } : {}),
      ...(error.advice_code ? { adviceCode: error.advice_code } : {}),
      ...(error.payment_intent ? { intent: error.payment_intent } : {}),
    })
  }

  const intents = '/payment_intents'
  const pathOf = (intent: string) => `${intents}/${encodeURIComponent(intent)}`

  return {
    create: ({ orderId, amount, key, signal }) =>
      call({
        method: 'POST',
        path: intents,
        form: {
          amount: String(gatewayAmount(amount)),
          currency: gatewayCurrency(amount),
          capture_method: 'manual',
          'allowed_payment_method_types[0]': 'card',
          [`metadata[${orderIdName}]`]: orderId,
        },
        key,
        signal,
        schema: Intent,
      }),
    confirm: ({ intent, token, key, signal }) =>
      call({
        method: 'POST',
        path: `${pathOf(intent)}/confirm`,
        form: { ...methodOf(token), error_on_requires_action: 'true' },
        key,
        signal,
        schema: Intent,
      }),
    capture: ({ intent, amount, key, signal }) =>
      call({
        method: 'POST',
        path: `${pathOf(intent)}/capture`,
        form: { amount_to_capture: String(gatewayAmount(amount)) },
        key,
        signal,
        schema: Intent,
      }),
    cancel: ({ intent, key, signal }) =>
      call({ method: 'POST', path: `${pathOf(intent)}/cancel`, key, signal, schema: Intent }),
    retrieve: ({ intent, signal }) =>
      call({ method: 'GET', path: pathOf(intent), signal, schema: Intent }),
    search: async ({ orderId, signal }) => {
      const query = encodeURIComponent(`metadata['${orderIdName}']:'${orderId}'`)
      const path = `${intents}/search?query=${query}`
      const found = await call({ method: 'GET', path, signal, schema: listOf(Intent) })
      return found.ok ? ok(found.value.data[0]) : found
    },
    refund: ({ intent, amount, key, signal }) =>
      call({
        method: 'POST',
        path: '/refunds',
        form: {
          payment_intent: intent,
          amount: String(gatewayAmount(amount)),
          [`metadata[${refundKeyName}]`]: key,
        },
        key,
        signal,
        schema: RefundObject,
      }),
    refunds: async ({ intent, signal }) => {
      const path = `/refunds?limit=100&payment_intent=${encodeURIComponent(intent)}`
      const found = await call({ method: 'GET', path, signal, schema: listOf(RefundObject) })
      return found.ok ? ok(found.value.data) : found
    },
    readWebhook: (raw) => readSigned(raw, deps.webhookSecret),
  }
}

/** The parameters that name a method of payment: one that the gateway keeps, or a token for one. */
const methodOf = (token: string): Readonly<Record<string, string>> =>
  token.startsWith('tok_')
    ? { 'payment_method_data[type]': 'card', 'payment_method_data[card][token]': token }
    : { payment_method: token }

const listOf = <T extends z.ZodType>(item: T) => z.object({ data: z.array(item) })

const ErrorBody = z.object({
  error: z.object({
    type: z.string(),
    code: z.string().nullish(),
    decline_code: z.string().nullish(),
    advice_code: z.string().nullish(),
    payment_intent: Intent.nullish(),
  }),
})
