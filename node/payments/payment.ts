/**
 * A payment: what an order's money is to do, what was tried, and what the provider says became of it.
 *
 *     attempted ──▶ authorised ──▶ captured ──▶ refunded
 *         │              │             │
 *         ▼              ▼             ▼
 *      declined       released    closed: what was taken is to be given back
 *
 * The document is a log of events of two sorts. Wishes (`attempted`, `capture_wanted`,
 * `refund_wanted`, `closed`) are stored before anybody is asked; facts (`authorised`, `captured`,
 * `refunded` …) are what the provider told. Facts hold from then on, so that they may come in any
 * order, twice, and in two regions at once: reading the log gives the same payment.
 *
 * How can two regions not charge twice, when neither knows what the other does? Because the provider
 * makes one payment per order (`provider.ts`), which is authorised and captured once. What a region
 * does not know costs it a refused request, and no money.
 */

import { schema, type Document } from '../../crdt/document.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Value } from '../../crdt/value.ts'
import type { Price } from '../catalog/product.ts'
import { isFields, isText } from '../guards.ts'
import { isPaymentEvent, ofType, type Happened } from './payment-event.ts'
import { refundsOf, type Refund } from './refund.ts'

/** What a person decided about a flagged payment. */
export type Review = {
  readonly verdict: 'approved' | 'rejected'
  readonly by: string
  readonly note: string
}

const isReview = (value: Value): value is Review => {
  if (!isFields(value)) return false
  const { verdict = null, by = null, note = null } = value
  return (verdict === 'approved' || verdict === 'rejected') && isText(by) && isText(note)
}

export const payment = schema('payment', 1, {
  events: [1, eventLog.shape(isPaymentEvent)],
  review: [2, lwwRegister.shape(isReview)],
})

export type PaymentDocument = Document<typeof payment.fields>

/** A payment as its log reads. */
export interface Payment {
  readonly attempts: readonly Attempt[]
  readonly provider: string | undefined
  readonly account: string | null
  /** What the order comes to. */
  readonly amount: Price | undefined
  /** The payments that the provider has for the order: one, unless it forgot a key too early. */
  readonly charges: readonly Charge[]
  readonly captureWanted: Price | undefined
  readonly captureRefused: string | undefined
  readonly refunds: readonly Refund[]
  /** Why the order is not to be paid (any more), if it is not. */
  readonly closed: string | undefined
  readonly risk: Risk | undefined
  readonly state: PaymentState
  /** When something was written last. */
  readonly updatedMs: number
  readonly authorisedMinor: number
  readonly capturedMinor: number
  readonly refundedMinor: number
}

export type PaymentState =
  | 'none'
  | 'pending'
  | 'declined'
  | 'authorised'
  | 'captured'
  | 'partially_refunded'
  | 'refunded'
  | 'released'

export interface Attempt {
  readonly id: string
  readonly number: number
  readonly amount: Price
  readonly token: string
  readonly atMs: number
  readonly by: ReplicaId
  /** `pending`: not asked yet, or nobody knows what became of it. */
  readonly outcome: 'pending' | 'authorised' | 'declined'
  /** Whether the provider was asked and gave no answer. */
  readonly isWaiting: boolean
  /** How the provider calls its tries. */
  readonly trials: readonly string[]
  readonly code: string | undefined
  readonly retry: boolean
}

export interface Charge {
  readonly reference: string
  readonly authorisedMinor: number
  readonly capturedMinor: number
  readonly isReleased: boolean
}

export interface Risk {
  readonly score: number
  readonly reasons: readonly string[]
  readonly atMs: number
  readonly review: Review | undefined
}

/** The payment that a document describes. */
export const readPayment = ({ store }: PaymentDocument): Payment => {
  const { events, review } = store
  const [reviewed] = lwwRegister.siblings({ store: review })
  const known = readings.get(events)
  if (known?.events === events.size && known.reviewed === reviewed) return known.payment
  const payment = fold(store)
  readings.set(events, { events: events.size, reviewed, payment })
  return payment
}

// A log only grows, in place too: so many events of one log are always the same. Each step of a checkout
// and each rule of a change reads the payment, and most of them the same one.
const readings = new WeakMap<
  object,
  { readonly events: number; readonly reviewed: unknown; readonly payment: Payment }
>()

const fold = (store: PaymentDocument['store']): Payment => {
  const happened = eventLog.entries({ store: store.events }).map(({ dot, value }) => ({
    event: value.value,
    atMs: value.wallMs,
    by: dot.replica,
  }))
  const refunds = refundsOf(happened)
  const charges = chargesOf(happened, refunds)
  const attempts = attemptsOf(happened, charges)
  const [first] = ofType(happened, 'attempted')
  const sums = {
    authorisedMinor: sum(charges, (charge) => charge.authorisedMinor),
    capturedMinor: sum(charges, (charge) => charge.capturedMinor),
    refundedMinor: sum(refunds, ({ state, amount }) => (state === 'done' ? amount.amount : 0)),
  }
  return {
    attempts,
    charges,
    refunds,
    provider: first?.event.provider,
    account: first?.event.account ?? null,
    amount: first?.event.amount,
    captureWanted: ofType(happened, 'capture_wanted')[0]?.event.amount,
    captureRefused: ofType(happened, 'capture_refused').at(-1)?.event.code,
    closed: ofType(happened, 'closed')[0]?.event.reason,
    risk: riskOf(happened, lwwRegister.read({ store: store.review })),
    state: stateOf({ attempts, charges, ...sums }),
    updatedMs: happened.at(-1)?.atMs ?? 0,
    ...sums,
  }
}

const sum = <T>(items: readonly T[], part: (item: T) => number): number =>
  items.reduce((total, item) => total + part(item), 0)

// What was given back must have been captured, and what was captured authorised, whether anybody told
// us so or not.
const chargesOf = (
  happened: readonly Happened[],
  refunds: readonly Refund[],
): readonly Charge[] => {
  const charges = new Map<string, Charge>()
  const put = (reference: string, news: Partial<Charge>) => {
    const before = charges.get(reference)
    charges.set(reference, {
      reference,
      authorisedMinor: Math.max(before?.authorisedMinor ?? 0, news.authorisedMinor ?? 0),
      capturedMinor: Math.max(before?.capturedMinor ?? 0, news.capturedMinor ?? 0),
      isReleased: (before?.isReleased ?? false) || (news.isReleased ?? false),
    })
  }
  for (const { event } of happened) {
    if (event.type === 'waiting' && event.reference !== null) put(event.reference, {})
    if (event.type === 'released') put(event.reference, { isReleased: true })
    if (event.type === 'authorised') put(event.reference, { authorisedMinor: event.amount.amount })
    if (event.type === 'captured') {
      const { amount } = event.amount
      put(event.reference, { authorisedMinor: amount, capturedMinor: amount })
    }
  }
  for (const [reference, own] of Map.groupBy(refunds, (refund) => refund.reference)) {
    const back = sum(own, ({ state, amount }) => (state === 'done' ? amount.amount : 0))
    if (reference === undefined || back === 0) continue
    put(reference, { authorisedMinor: back, capturedMinor: back })
  }
  return [...charges.values()]
}

// The provider authorises an order once: that is the last attempt that was not declined, and any
// other came too late to matter.
const attemptsOf = (
  happened: readonly Happened[],
  charges: readonly Charge[],
): readonly Attempt[] => {
  const isAuthorised = charges.some(({ authorisedMinor }) => authorisedMinor > 0)
  const isReleased = charges.some((charge) => charge.isReleased)
  const declined = Map.groupBy(ofType(happened, 'declined'), ({ event }) => event.attempt)
  const waiting = Map.groupBy(ofType(happened, 'waiting'), ({ event }) => event.attempt)
  const begun = [...Map.groupBy(ofType(happened, 'attempted'), ({ event }) => event.attempt)]
  const paid = isAuthorised ? begun.findLast(([id]) => !declined.has(id))?.[0] : undefined
  return begun.flatMap(([id, [first]], index) => {
    if (first === undefined) return []
    const [refusal] = declined.get(id) ?? []
    const isOver = refusal !== undefined || isAuthorised || isReleased
    const outcome = id === paid ? 'authorised' : isOver ? 'declined' : 'pending'
    const lost = isAuthorised ? 'superseded' : 'released'
    return {
      id,
      number: index + 1,
      amount: first.event.amount,
      token: first.event.token,
      atMs: first.atMs,
      by: first.by,
      outcome,
      isWaiting: outcome === 'pending' && waiting.has(id),
      trials: (waiting.get(id) ?? []).flatMap(({ event }) => event.trial ?? []),
      code: outcome === 'declined' ? (refusal?.event.code ?? lost) : undefined,
      retry: refusal?.event.retry ?? false,
    }
  })
}

const riskOf = (happened: readonly Happened[], review: Review | undefined): Risk | undefined => {
  const flags = ofType(happened, 'flagged')
  const [first] = flags
  if (first === undefined) return undefined
  return {
    score: Math.max(...flags.map(({ event }) => event.score)),
    reasons: [...new Set(flags.flatMap(({ event }) => event.reasons))],
    atMs: first.atMs,
    review,
  }
}

const stateOf = ({
  attempts,
  charges,
  capturedMinor,
  refundedMinor,
}: Pick<Payment, 'attempts' | 'charges' | 'capturedMinor' | 'refundedMinor'>): PaymentState => {
  if (capturedMinor > 0) {
    if (refundedMinor === 0) return 'captured'
    return refundedMinor < capturedMinor ? 'partially_refunded' : 'refunded'
  }
  if (charges.some((charge) => charge.authorisedMinor > 0 && !charge.isReleased)) {
    return 'authorised'
  }
  // What was let go before any money was set aside came to nothing, like a declined attempt.
  if (charges.some((charge) => charge.isReleased && charge.authorisedMinor > 0)) return 'released'
  if (attempts.some(({ outcome }) => outcome === 'pending')) return 'pending'
  return attempts.length > 0 ? 'declined' : 'none'
}
