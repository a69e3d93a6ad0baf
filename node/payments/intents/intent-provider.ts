/**
 * A payment provider on payment intents: one intent per order, confirmed by each attempt, captured once.
 *
 * Why is the intent made first, and confirmed by a second request? One request could do both. But then
 * two regions that try two cards for one order at once would send two different requests: under one
 * key, the second is refused and never learns of the first one's intent; under two, there are two
 * intents, and both can be charged. Made alone, the intent is the same request from everywhere, and it
 * is the gateway that lets only one attempt succeed.
 */

import type { Authorisation, Finding, PaymentProvider, Settlement } from '../provider.ts'
import { paymentKey } from '../request-key.ts'
import { gatewayAmount } from './gateway-amount.ts'
import { declineOf, foundOf, type Intent } from './intent.ts'
import type { GatewayRefusal, IntentApi } from './intent-api.ts'

export interface IntentProviderDeps {
  readonly name: string
  readonly api: IntentApi
  /** Sends a request, again if that may help; throws if it was in vain. */
  readonly patiently: <T>(
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<T>,
  ) => Promise<T>
}

export const createIntentProvider = ({
  name,
  api,
  patiently,
}: IntentProviderDeps): PaymentProvider => {
  /** What `work` comes to; `unknown` if it throws, for whatever reason a request can fail. */
  const orUnknown = async <T>(work: () => Promise<T>): Promise<T | { outcome: 'unknown' }> => {
    try {
      return await work()
    } catch {
      return { outcome: 'unknown' }
    }
  }

  const intentFor = async ({
    orderId,
    amount,
    reference,
    signal,
  }: Parameters<PaymentProvider['authorise']>[0]) => {
    if (reference !== undefined) return reference
    const key = paymentKey(orderId)
    const made = await patiently(signal, (signal) => api.create({ orderId, amount, key, signal }))
    return made.ok ? made.value.id : creationDeclined(made.refusal)
  }

  return {
    name,

    authorise: (ask) =>
      orUnknown(async (): Promise<Authorisation> => {
        if (gatewayAmount(ask.amount) === undefined) return noSuchAmount
        const intent = await intentFor(ask)
        if (typeof intent !== 'string') return intent
        const { token, key } = ask
        try {
          const confirmed = await patiently(ask.signal, (signal) =>
            api.confirm({ intent, token, key, signal }),
          )
          return confirmed.ok
            ? authorisationOf(confirmed.value)
            : confirmationRefused(intent, confirmed.refusal)
        } catch {
          return { outcome: 'unknown', reference: intent }
        }
      }),

    capture: ({ reference: intent, amount, key, signal }) =>
      orUnknown(async (): Promise<Settlement> => {
        const done = await patiently(signal, (signal) =>
          api.capture({ intent, amount, key, signal }),
        )
        if (done.ok) return done.value.status === 'succeeded' ? settled : unknown
        const now = done.refusal.intent
        const isDone = now?.status === 'succeeded' && now.amount_received === gatewayAmount(amount)
        return isDone ? settled : refusedSettlement(done.refusal)
      }),

    release: ({ reference: intent, key, signal }) =>
      orUnknown(async (): Promise<Settlement> => {
        const done = await patiently(signal, (signal) => api.cancel({ intent, key, signal }))
        const now = done.ok ? done.value : done.refusal.intent
        if (now?.status === 'canceled') return settled
        return done.ok ? unknown : refusedSettlement(done.refusal)
      }),

    refund: ({ reference: intent, amount, key, signal }) =>
      orUnknown(async (): Promise<Settlement> => {
        const done = await patiently(signal, (signal) =>
          api.refund({ intent, amount, key, signal }),
        )
        if (!done.ok) return refusedSettlement(done.refusal)
        const { status } = done.value
        return status === 'failed' || status === 'canceled'
          ? { outcome: 'refused', code: 'refund_failed' }
          : settled
      }),

    find: ({ orderId, reference, signal }) =>
      orUnknown(async (): Promise<Finding> => {
        const answer = await patiently(signal, (signal) =>
          reference === undefined
            ? api.search({ orderId, signal })
            : api.retrieve({ intent: reference, signal }),
        )
        if (!answer.ok) {
          const isMissing = answer.refusal.code === 'resource_missing'
          return { outcome: isMissing ? 'none' : 'unknown' }
        }
        const intent = answer.value
        if (intent === undefined) return { outcome: 'none' }
        if (intent.status !== 'succeeded') return { outcome: 'found', found: foundOf(intent) }
        const refunds = await patiently(signal, (signal) =>
          api.refunds({ intent: intent.id, signal }),
        )
        return refunds.ok
          ? { outcome: 'found', found: foundOf(intent, refunds.value) }
          : { outcome: 'unknown' }
      }),

    readWebhook: (raw) => api.readWebhook(raw),
  }
}

const unknown: Settlement = { outcome: 'unknown' }
const settled: Settlement = { outcome: 'done' }

const noSuchAmount: Authorisation = {
  outcome: 'declined',
  code: 'amount_not_payable',
  retry: false,
}

// The intent was made before, and for another amount: whoever pays now agreed to something else.
const creationDeclined = ({ type, code }: GatewayRefusal): Authorisation => ({
  outcome: 'declined',
  code: type === 'idempotency_error' ? 'amount_mismatch' : code,
  retry: false,
})

const authorisationOf = (intent: Intent): Authorisation => {
  const { id: reference, status, latest_charge: trial } = intent
  switch (status) {
    case 'requires_capture':
    case 'succeeded':
      return { outcome: 'authorised', reference }
    case 'canceled':
      return { outcome: 'declined', code: 'payment_released', retry: false, reference }
    case 'requires_payment_method':
    case 'requires_action': {
      const decline = intent.last_payment_error
        ? declineOf(intent.last_payment_error)
        : { code: 'authentication_required', retry: true }
      return { outcome: 'declined', ...decline, reference }
    }
    default:
      return { outcome: 'unknown', reference, ...(trial ? { trial } : {}) }
  }
}

const confirmationRefused = (reference: string, refusal: GatewayRefusal): Authorisation => {
  const { type, code, declineCode, adviceCode, intent } = refusal
  if (type === 'card_error') {
    const decline = declineOf({ code, decline_code: declineCode, advice_code: adviceCode })
    return { outcome: 'declined', ...decline, reference }
  }
  // Another attempt was faster, here or in another region: what came of it is what holds.
  if (code === 'payment_intent_unexpected_state' && intent) return authorisationOf(intent)
  return type === 'idempotency_error'
    ? { outcome: 'unknown', reference }
    : { outcome: 'declined', code, retry: true, reference }
}

// Under one key, two regions may ask for two amounts, each in good faith: look what became of it.
const refusedSettlement = ({ type, code }: GatewayRefusal): Settlement =>
  type === 'idempotency_error' ? unknown : { outcome: 'refused', code }
