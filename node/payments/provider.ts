/**
 * What the shop asks of whoever moves the money, and what it may be told.
 *
 * An order has one authorisation and one capture, whoever asks for them, how often, and where: a
 * provider makes one payment per order id, and takes every request by its key, once. So any node may
 * ask again at any time, and a request that was answered with `unknown` is asked again with its key.
 *
 * A provider does not throw for what the world does: a network that fails, a gateway that is down, a
 * deadline that passes, are `unknown`. Only who waits for an answer decides how long that is.
 */

import type { Price } from '../catalog/product.ts'
import type { Refusal } from '../errors.ts'
import type { Result } from '../result.ts'

export interface PaymentProvider {
  /** `sandbox`, `stripe`: what payments are recorded under. */
  readonly name: string
  /**
   * Sets the amount aside on the method that the token stands for. Asked again for an order whose
   * money is set aside already, it answers with that, whatever the token.
   */
  authorise(ask: AuthoriseAsk): Promise<Authorisation>
  /** Takes what was set aside, or less; what is not taken is released. Once per payment. */
  capture(ask: MoveAsk): Promise<Settlement>
  /** Gives up what was set aside and not taken. */
  release(ask: ReleaseAsk): Promise<Settlement>
  /** Gives back some of what was taken. */
  refund(ask: MoveAsk): Promise<Settlement>
  /** What the provider knows of an order's payment. */
  find(ask: FindAsk): Promise<Finding>
  /** A webhook as it came in, if its signature is the provider's and not older than five minutes. */
  readWebhook(raw: RawWebhook): Result<ProviderEvent, Refusal>
}

export interface AuthoriseAsk {
  readonly orderId: string
  readonly amount: Price
  /** Stands for a payment method at the provider; never a card number. */
  readonly token: string
  /** The payment's, if it is known: a provider remembers keys for a day only. */
  readonly reference?: string
  /** Names the attempt: see `request-key.ts`. */
  readonly key: string
  readonly signal: AbortSignal
}

export interface MoveAsk {
  /** The payment's, as `authorise` or `find` told it. */
  readonly reference: string
  readonly amount: Price
  readonly key: string
  readonly signal: AbortSignal
}

export interface ReleaseAsk {
  readonly reference: string
  readonly key: string
  readonly signal: AbortSignal
}

export interface FindAsk {
  readonly orderId: string
  /** Where it is known, the provider is sure to find the payment; else it may take it a minute. */
  readonly reference?: string
  readonly signal: AbortSignal
}

export type Authorisation =
  | { readonly outcome: 'authorised'; readonly reference: string }
  | {
      readonly outcome: 'declined'
      readonly code: string
      /** Whether another try, with this method or another, may succeed. */
      readonly retry: boolean
      readonly reference?: string
    }
  /** Asked or not, done or not: nobody here can tell. */
  | {
      readonly outcome: 'unknown'
      readonly reference?: string
      /** How the provider calls this try, where it has begun: a later decline is told by this name. */
      readonly trial?: string
    }

export type Settlement =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'refused'; readonly code: string }
  | { readonly outcome: 'unknown' }

export type Finding =
  | { readonly outcome: 'found'; readonly found: Found }
  | { readonly outcome: 'none' }
  | { readonly outcome: 'unknown' }

/** A payment as the provider has it. */
export interface Found {
  readonly reference: string
  /** `waiting`: for a method, or for the bank to answer. */
  readonly state: 'waiting' | 'authorised' | 'captured' | 'released'
  readonly amount: Price
  readonly facts: readonly Fact[]
}

/**
 * Something that is so from then on. Facts are taken in in any order, and twice: an older one says
 * nothing against a newer one.
 */
export type Fact =
  | { readonly kind: 'authorised'; readonly amount: Price }
  | { readonly kind: 'captured'; readonly amount: Price }
  | { readonly kind: 'released' }
  | {
      readonly kind: 'declined'
      readonly trial: string
      readonly code: string
      readonly retry: boolean
    }
  | {
      readonly kind: 'refunded' | 'refund_failed'
      /** The key it was asked for with; the provider's own id for one that we did not ask for. */
      readonly key: string
      readonly amount: Price
    }

export interface RawWebhook {
  readonly headers: Headers
  /** As it was sent: the signature covers these bytes. */
  readonly body: Uint8Array
  readonly nowMs: number
}

/** Something that the provider says has happened. */
export interface ProviderEvent {
  /** The provider's, the same each time the event is sent. */
  readonly id: string
  readonly type: string
  readonly createdMs: number
  /** Absent if the event is about no payment. */
  readonly reference?: string
  /** Absent if the event does not say. */
  readonly orderId?: string
  readonly facts: readonly Fact[]
}
