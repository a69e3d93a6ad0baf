/**
 * What may be wanted of a payment, and how what the provider says is written down. Pure functions that
 * answer with deltas, so that a payment changes in the same change as the order that it is for.
 */

import { hash } from 'node:crypto'
import { edit } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Price } from '../catalog/product.ts'
import { draftDelta, type DraftDelta, type World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { ok, refused, type Result } from '../result.ts'
import { holdsCardNumber } from './card-number.ts'
import { attemptsMax, refundsMax, riskReviewMin } from './limits.ts'
import type { PaymentEvent } from './payment-event.ts'
import { payment, readPayment, type Attempt, type Payment, type Review } from './payment.ts'
import type { Authorisation, Fact } from './provider.ts'
import { refundOfKey } from './request-key.ts'

export const paymentOf = (world: Pick<World, 'read'>, orderId: string): Payment =>
  readPayment(world.read(payment, orderId))

export interface AttemptInput {
  readonly orderId: string
  /** What the order comes to; the same in every attempt. */
  readonly amount: Price
  readonly token: string
  /** The provider's name. */
  readonly provider: string
  /** The account that pays; null for a guest. */
  readonly account: string | null
  /** What the fraud rules say of it. */
  readonly risk?: { readonly score: number; readonly reasons: readonly string[] }
}

/**
 * Stores the wish to set an order's money aside; `payments.settle` asks the provider. No deltas if it
 * is stored already, or the money is set aside.
 */
export const beginAttempt = (
  world: World,
  { orderId, amount, token, provider, account, risk }: AttemptInput,
): Result<readonly DraftDelta[], Refusal> => {
  const known = paymentOf(world, orderId)
  if (holdsCardNumber(token)) return refused(cardNumber)
  if (known.closed !== undefined || known.charges.some(({ isReleased }) => isReleased)) {
    return refused(closed)
  }
  const { attempts } = known
  const pending = attempts.find(({ outcome }) => outcome === 'pending')
  if (pending?.token === token || known.authorisedMinor > 0) return ok([])
  if (pending !== undefined) {
    const detail = 'What became of the last attempt is not known yet'
    return refused({ code: 'payment_pending', detail })
  }
  if (known.amount && !isSame(known.amount, amount)) {
    const detail = 'The order came to another amount when it was first paid for'
    return refused({ code: 'payment_amount_mismatch', detail })
  }
  if (attempts.length >= attemptsMax) {
    const detail = `An order may be paid for in ${attemptsMax} attempts`
    return refused({ code: 'payment_attempts_exhausted', detail })
  }
  const attempt = attemptId(token, attempts)
  return ok(
    append(world, orderId, [
      { type: 'attempted', attempt, amount, token, provider, account },
      ...(risk === undefined || risk.reasons.length === 0
        ? []
        : [{ type: 'flagged', ...risk } as const]),
    ]),
  )
}

// It follows from the token, so that two regions that try the same card at once try it once.
const attemptId = (token: string, attempts: readonly Attempt[]): string => {
  const before = attempts.filter((attempt) => attempt.token === token).length
  return `${hash('sha256', token).slice(0, 12)}-${before + 1}`
}

/** Stores the wish to take what is set aside, or a part of it. The first such wish counts. */
export const wantCapture = (
  world: World,
  { orderId, amount }: { readonly orderId: string; readonly amount: Price },
): readonly DraftDelta[] =>
  paymentOf(world, orderId).captureWanted === undefined
    ? append(world, orderId, [{ type: 'capture_wanted', amount }])
    : []

/**
 * Stores that the order is off: what is set aside is let go, what was taken is given back, and what
 * succeeds later goes the same way.
 */
export const closePayment = (
  world: World,
  { orderId, reason }: { readonly orderId: string; readonly reason: string },
): readonly DraftDelta[] =>
  paymentOf(world, orderId).closed === undefined
    ? append(world, orderId, [{ type: 'closed', reason }])
    : []

export interface RefundInput {
  readonly orderId: string
  /** Names the refund among those of its order: the same wish, however often it is sent. */
  readonly refund: string
  readonly amount: Price
  readonly reason: string
  readonly by: string
}

/** Stores the wish to give some of what was taken back. */
export const wantRefund = (
  world: World,
  { orderId, refund, amount, reason, by }: RefundInput,
): Result<readonly DraftDelta[], Refusal> => {
  const known = paymentOf(world, orderId)
  const same = known.refunds.find(({ id }) => id === refund)
  if (same !== undefined) {
    return isSame(same.amount, amount)
      ? ok([])
      : refused({ code: 'idempotency_key_reused', detail: 'This refund has another amount' })
  }
  if (holdsCardNumber(reason)) return refused(cardNumber)
  if (known.refunds.length >= refundsMax) {
    const detail = `A payment is given back in at most ${refundsMax} parts`
    return refused({ code: 'refund_exceeds_payment', detail })
  }
  if (known.amount && known.amount.currency !== amount.currency) {
    const detail = `The payment is in ${known.amount.currency}`
    return refused({ code: 'currency_mismatch', detail })
  }
  const rest = refundable(known)
  if (amount.amount < 1 || amount.amount > rest) {
    const detail = `Of the payment ${rest} can be given back, not ${amount.amount}`
    return refused({ code: 'refund_exceeds_payment', detail, refundable: rest })
  }
  return ok(append(world, orderId, [{ type: 'refund_wanted', refund, amount, reason, by }]))
}

/** What was taken, and neither given back nor about to be. */
export const refundable = ({ capturedMinor, refunds }: Payment): number =>
  refunds.reduce(
    (rest, { state, amount }) =>
      state === 'done' || state === 'wanted' ? rest - amount.amount : rest,
    capturedMinor,
  )

/** Whether a person has to look before money is taken. */
export const isUnderReview = ({ risk }: Payment): boolean =>
  risk !== undefined && risk.score >= riskReviewMin && risk.review === undefined

/** Stores what a person decided about a flagged payment. */
export const reviewRisk = (
  world: World,
  { orderId, review }: { readonly orderId: string; readonly review: Review },
): Result<readonly DraftDelta[], Refusal> => {
  const known = paymentOf(world, orderId)
  if (known.risk === undefined) {
    return refused({ code: 'payment_not_flagged', detail: 'Nothing odd was found about it' })
  }
  if (holdsCardNumber(review.note)) return refused(cardNumber)
  const document = world.read(payment, orderId)
  const delta = edit(payment, document, {
    review: (register) => lwwRegister.write(register, world.time, review),
  })
  return ok([draftDelta(payment, orderId, delta)])
}

/** Writes down what became of an attempt. */
export const recordAuthorisation = (
  world: World,
  input: AuthorisationInput,
): readonly DraftDelta[] =>
  append(world, input.orderId, authorisationNews(paymentOf(world, input.orderId), input))

/** What is to be written down of it. */
export const authorisationNews = (
  known: Payment,
  { attempt, result }: AuthorisationInput,
): readonly PaymentEvent[] => {
  const one = known.attempts.find(({ id }) => id === attempt)
  if (one === undefined) return []
  if (result.outcome === 'authorised') {
    const fact = { kind: 'authorised', amount: one.amount } as const
    return newsOf(known, result.reference, fact)
  }
  if (one.outcome !== 'pending') return []
  if (result.outcome === 'declined') {
    const { code, retry } = result
    return [{ type: 'declined', attempt, code, retry }]
  }
  const { reference = null, trial = null } = result
  const isNews =
    !one.isWaiting ||
    (trial !== null && !one.trials.includes(trial)) ||
    (reference !== null && !known.charges.some((charge) => charge.reference === reference))
  return isNews ? [{ type: 'waiting', attempt, reference, trial }] : []
}

export interface AuthorisationInput {
  readonly orderId: string
  readonly attempt: string
  readonly result: Authorisation
}

export interface FactsInput {
  readonly orderId: string
  readonly reference: string
  readonly facts: readonly Fact[]
}

/** Writes down what the provider told, as far as it is news. */
export const recordFacts = (
  world: World,
  { orderId, reference, facts }: FactsInput,
): readonly DraftDelta[] => {
  const known = paymentOf(world, orderId)
  return append(
    world,
    orderId,
    facts.flatMap((fact) => newsOf(known, reference, fact)),
  )
}

/** Whether the provider tells anything that is not written down. */
export const hasNews = (known: Payment, reference: string, facts: readonly Fact[]): boolean =>
  facts.some((fact) => newsOf(known, reference, fact).length > 0)

const newsOf = (known: Payment, reference: string, fact: Fact): readonly PaymentEvent[] => {
  const charge = known.charges.find((one) => one.reference === reference)
  switch (fact.kind) {
    case 'authorised':
      return (charge?.authorisedMinor ?? 0) < fact.amount.amount
        ? [{ type: 'authorised', reference, amount: fact.amount }]
        : []
    case 'captured':
      return (charge?.capturedMinor ?? 0) < fact.amount.amount
        ? [{ type: 'captured', reference, amount: fact.amount }]
        : []
    case 'released':
      return charge?.isReleased ? [] : [{ type: 'released', reference }]
    case 'declined': {
      const { trial, code, retry } = fact
      const attempt = known.attempts.find(
        ({ outcome, trials }) => outcome === 'pending' && trials.includes(trial),
      )
      return attempt ? [{ type: 'declined', attempt: attempt.id, code, retry }] : []
    }
    default: {
      const refund = refundOfKey(fact.key)?.refund ?? fact.key
      const before = known.refunds.find(({ id }) => id === refund)
      const type = fact.kind
      const isKnown =
        before?.state === 'failed' || (type === 'refunded' && before?.state === 'done')
      return isKnown ? [] : [{ type, reference, refund, amount: fact.amount }]
    }
  }
}

/** Writes down that the provider will not do what was wanted. */
export const recordRefused = (
  world: World,
  orderId: string,
  event: Extract<PaymentEvent, { readonly type: 'capture_refused' | 'refund_refused' }>,
): readonly DraftDelta[] => append(world, orderId, [event])

const append = (
  world: World,
  orderId: string,
  events: readonly PaymentEvent[],
): readonly DraftDelta[] => {
  if (events.length === 0) return []
  const delta = edit(payment, world.read(payment, orderId), {
    events: events.map((event) => (log) => eventLog.append(log, world.time, event)),
  })
  return [draftDelta(payment, orderId, delta)]
}

const isSame = (a: Price, b: Price): boolean => a.amount === b.amount && a.currency === b.currency

const closed: Refusal = { code: 'payment_closed', detail: 'The order is not to be paid any more' }

const cardNumber: Refusal = {
  code: 'card_number_refused',
  detail: 'This holds what looks like a card number, which this shop must never see',
}
