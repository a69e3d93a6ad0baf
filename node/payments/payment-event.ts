/**
 * What is written into a payment's log: wishes, which are stored before anybody is asked, and facts,
 * which the provider told.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import type { Value } from '../../crdt/value.ts'
import type { Price } from '../catalog/product.ts'
import { isBoolean, isFields, isNatural, isText, isTextOrNull } from '../guards.ts'

export type PaymentEvent =
  /** Wishes. */
  | {
      readonly type: 'attempted'
      readonly attempt: string
      readonly amount: Price
      readonly token: string
      readonly provider: string
      /** The account that pays; null for a guest. */
      readonly account: string | null
    }
  | { readonly type: 'capture_wanted'; readonly amount: Price }
  | { readonly type: 'closed'; readonly reason: string }
  | {
      readonly type: 'refund_wanted'
      readonly refund: string
      readonly amount: Price
      readonly reason: string
      readonly by: string
    }
  /** What a request came to, where that is no fact. */
  | {
      readonly type: 'waiting'
      readonly attempt: string
      readonly reference: string | null
      /** How the provider calls the try, if it told. */
      readonly trial: string | null
    }
  | { readonly type: 'capture_refused'; readonly code: string }
  | { readonly type: 'refund_refused'; readonly refund: string; readonly code: string }
  /** Facts. */
  | { readonly type: 'authorised'; readonly reference: string; readonly amount: Price }
  | {
      readonly type: 'declined'
      readonly attempt: string
      readonly code: string
      readonly retry: boolean
    }
  | { readonly type: 'captured'; readonly reference: string; readonly amount: Price }
  | { readonly type: 'released'; readonly reference: string }
  | {
      readonly type: 'refunded'
      readonly reference: string
      readonly refund: string
      readonly amount: Price
    }
  | {
      readonly type: 'refund_failed'
      readonly reference: string
      readonly refund: string
      readonly amount: Price
    }
  /** Something odd about who pays, to be looked at by a person. */
  | { readonly type: 'flagged'; readonly score: number; readonly reasons: readonly string[] }

const isPrice = (value: Value): boolean =>
  isFields(value) && isNatural(value['amount'] ?? null) && isText(value['currency'] ?? null)

const isTexts = (value: Value): boolean => Array.isArray(value) && value.every(isText)

type Guards<E> = { readonly [F in Exclude<keyof E, 'type'>]: (value: Value) => boolean }

const guards: {
  readonly [T in PaymentEvent['type']]: Guards<Extract<PaymentEvent, { readonly type: T }>>
} = {
  attempted: {
    attempt: isText,
    amount: isPrice,
    token: isText,
    provider: isText,
    account: isTextOrNull,
  },
  capture_wanted: { amount: isPrice },
  closed: { reason: isText },
  refund_wanted: { refund: isText, amount: isPrice, reason: isText, by: isText },
  waiting: { attempt: isText, reference: isTextOrNull, trial: isTextOrNull },
  capture_refused: { code: isText },
  refund_refused: { refund: isText, code: isText },
  authorised: { reference: isText, amount: isPrice },
  declined: { attempt: isText, code: isText, retry: isBoolean },
  captured: { reference: isText, amount: isPrice },
  released: { reference: isText },
  refunded: { reference: isText, refund: isText, amount: isPrice },
  refund_failed: { reference: isText, refund: isText, amount: isPrice },
  flagged: { score: isNatural, reasons: isTexts },
}

// An event that only a later release knows is kept, and passed over when the log is read.
export const isPaymentEvent = (value: Value): value is PaymentEvent => {
  const type = isFields(value) ? (value['type'] ?? null) : null
  if (!isFields(value) || !isText(type)) return false
  const fields: Readonly<Record<string, (value: Value) => boolean>> | undefined = Object.hasOwn(
    guards,
    type,
  )
    ? guards[type as PaymentEvent['type']]
    : undefined
  return Object.entries(fields ?? {}).every(([name, isRight]) => isRight(value[name] ?? null))
}

/** An event with when and where it was written. */
export interface Happened {
  readonly event: PaymentEvent
  readonly atMs: number
  readonly by: ReplicaId
}

export const ofType = <T extends PaymentEvent['type']>(happened: readonly Happened[], type: T) =>
  happened.filter(
    (one): one is Happened & { readonly event: Extract<PaymentEvent, { readonly type: T }> } =>
      one.event.type === type,
  )
