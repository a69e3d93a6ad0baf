/** The sandbox's payment intents and refunds, in the shapes in which Stripe's API shows them. */

export interface IntentObject {
  readonly id: string
  readonly object: 'payment_intent'
  readonly amount: number
  readonly amount_capturable: number
  readonly amount_received: number
  readonly canceled_at: number | null
  readonly cancellation_reason: null
  readonly capture_method: 'automatic' | 'manual'
  readonly created: number
  readonly currency: string
  readonly last_payment_error: CardError | null
  readonly latest_charge: string | null
  readonly livemode: false
  readonly metadata: Readonly<Record<string, string>>
  readonly payment_method: string | null
  readonly payment_method_types: readonly string[]
  readonly status:
    'requires_payment_method' | 'processing' | 'requires_capture' | 'succeeded' | 'canceled'
}

export interface RefundRecord {
  readonly id: string
  readonly object: 'refund'
  readonly amount: number
  readonly charge: string | null
  readonly created: number
  readonly currency: string
  readonly metadata: Readonly<Record<string, string>>
  readonly payment_intent: string
  readonly status: 'pending' | 'succeeded' | 'failed'
}

export interface CardError {
  readonly type: 'card_error'
  readonly code: string
  readonly decline_code?: string
  readonly advice_code?: string
  readonly charge?: string
  readonly message: string
}

export interface EventObject {
  readonly id: string
  readonly object: 'event'
  readonly api_version: string
  readonly created: number
  readonly livemode: false
  readonly type: string
  readonly data: { readonly object: IntentObject | RefundRecord }
}

/** What the API answers. */
export interface Reply {
  readonly status: number
  readonly body: object
}

export const done = (body: object): Reply => ({ status: 200, body })

export const invalid = (
  code: string,
  message: string,
  more: { readonly status?: number; readonly intent?: IntentObject } = {},
): Reply => ({
  status: more.status ?? 400,
  body: {
    error: {
      type: 'invalid_request_error',
      code,
      message,
      ...(more.intent ? { payment_intent: more.intent } : {}),
    },
  },
})

export const missing = (what: string, id: string): Reply =>
  invalid('resource_missing', `No such ${what}: '${id}'`, { status: 404 })
