/** The changes that settling a payment makes: what is wanted next, and what the provider said. */

import type { Value } from '../../crdt/value.ts'
import type { Decide, DraftDelta, World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { ok, type Result } from '../result.ts'
import {
  paymentOf,
  recordAuthorisation,
  recordFacts,
  recordRefused,
  reviewRisk,
  wantRefund,
  type AuthorisationInput,
  type FactsInput,
  type RefundInput,
} from './payment-rules.ts'
import type { PaymentEvent } from './payment-event.ts'
import type { Payment, Review } from './payment.ts'

export type PaymentAnswer = { readonly orderId: string }

const changed = (orderId: string, type: string, deltas: readonly DraftDelta[], details?: Value) =>
  ok({ type, deltas, answer: { orderId }, ...(details === undefined ? {} : { details }) })

export const noteAuthorisation: Decide<AuthorisationInput, PaymentAnswer> = (world, input) => {
  const { orderId, result } = input
  const type =
    result.outcome === 'authorised'
      ? 'payment.authorised'
      : result.outcome === 'declined'
        ? 'payment.failed'
        : 'payment.pending'
  return changed(orderId, type, recordAuthorisation(world, input))
}

export const noteFacts: Decide<FactsInput, PaymentAnswer> = (world, input) => {
  const { orderId } = input
  const before = paymentOf(world, orderId)
  return changed(orderId, typeOf(before, input), recordFacts(world, input))
}

// The most telling of what became known gives the change its name.
const typeOf = (before: Payment, { facts }: FactsInput): string => {
  const kinds = new Set<string>(facts.map(({ kind }) => kind))
  if (kinds.has('refund_failed')) return 'refund.failed'
  if (kinds.has('refunded')) return 'refund.processed'
  if (kinds.has('captured') && before.capturedMinor === 0) return 'payment.completed'
  if (kinds.has('released')) return 'payment.released'
  if (kinds.has('authorised')) return 'payment.authorised'
  return kinds.has('declined') ? 'payment.failed' : 'payment.noted'
}

export interface RefusedInput {
  readonly orderId: string
  readonly event: Extract<PaymentEvent, { readonly type: 'capture_refused' | 'refund_refused' }>
}

export const noteRefused: Decide<RefusedInput, PaymentAnswer> = (world, { orderId, event }) =>
  changed(
    orderId,
    event.type === 'capture_refused' ? 'payment.failed' : 'refund.failed',
    recordRefused(world, orderId, event),
    { code: event.code },
  )

export const askRefund: Decide<RefundInput, PaymentAnswer> = (world, input) =>
  drafted(input.orderId, 'refund.requested', wantRefund(world, input))

export interface ReviewInput {
  readonly orderId: string
  readonly review: Review
}

export const decideReview: Decide<ReviewInput, PaymentAnswer> = (world: World, input) =>
  drafted(input.orderId, 'payment.reviewed', reviewRisk(world, input))

const drafted = (orderId: string, type: string, deltas: Result<readonly DraftDelta[], Refusal>) =>
  deltas.ok ? changed(orderId, type, deltas.value) : deltas
