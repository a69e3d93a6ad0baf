/**
 * The requests of Stripe's API that payments are made of, whoever sends them.
 *
 * What the gateway will not do is answered. What nobody can tell is thrown, and may be sent again under
 * its key: a network that fails, a deadline, an answer of 5xx, too many requests, a wrong API key.
 */

import type { Price } from '../../catalog/product.ts'
import type { Refusal } from '../../errors.ts'
import type { Result } from '../../result.ts'
import type { ProviderEvent, RawWebhook } from '../provider.ts'
import type { Intent, RefundObject } from './intent.ts'

export interface IntentApi {
  create(ask: {
    readonly orderId: string
    readonly amount: Price
    readonly key: string
    readonly signal: AbortSignal
  }): Promise<Answer<Intent>>
  confirm(
    ask: IntentAsk & { readonly token: string; readonly key: string },
  ): Promise<Answer<Intent>>
  capture(
    ask: IntentAsk & { readonly amount: Price; readonly key: string },
  ): Promise<Answer<Intent>>
  cancel(ask: IntentAsk & { readonly key: string }): Promise<Answer<Intent>>
  retrieve(ask: IntentAsk): Promise<Answer<Intent>>
  search(ask: {
    readonly orderId: string
    readonly signal: AbortSignal
  }): Promise<Answer<Intent | undefined>>
  refund(
    ask: IntentAsk & { readonly amount: Price; readonly key: string },
  ): Promise<Answer<RefundObject>>
  refunds(ask: IntentAsk): Promise<Answer<readonly RefundObject[]>>
  readWebhook(raw: RawWebhook): Result<ProviderEvent, Refusal>
}

export interface IntentAsk {
  readonly intent: string
  readonly signal: AbortSignal
}

export type Answer<T> = Result<T, GatewayRefusal>

/** What the gateway said instead of doing it. */
export interface GatewayRefusal {
  /** `card_error`, `invalid_request_error`, `idempotency_error`. */
  readonly type: string
  readonly code: string
  readonly declineCode?: string
  readonly adviceCode?: string
  /** The intent as it is, where the gateway adds it. */
  readonly intent?: Intent
}

/** Whether an HTTP status leaves open what became of the request. */
export const leavesOpen = (status: number, code: string | undefined): boolean =>
  status >= 500 ||
  status === 429 ||
  // Nothing was done, and nothing is wrong with what was asked: an operator has to put the key right.
  status === 401 ||
  status === 403 ||
  status === 408 ||
  // The same request is under way.
  (status === 409 && (code === 'idempotency_key_in_use' || code === 'lock_timeout'))
