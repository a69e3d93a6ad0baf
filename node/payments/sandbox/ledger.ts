/**
 * The sandbox gateway's books: what every order was charged, what was taken and given back. It holds
 * what the gateway is trusted for: an intent is captured once, of no more than was authorised, and no
 * more is given back than was captured.
 */

import { assert } from '../../../crdt/assert.ts'
import type { Journal } from './journal.ts'
import {
  done,
  invalid,
  missing,
  type CardError,
  type EventObject,
  type IntentObject,
  type RefundRecord,
  type Reply,
} from './objects.ts'
import { cardOf, type Card, type Decline } from './tokens.ts'

export interface Ledger {
  create(order: {
    readonly amount: number
    readonly currency: string
    readonly captureMethod: 'automatic' | 'manual'
    readonly metadata: Readonly<Record<string, string>>
  }): Reply
  confirm(id: string, token: string): Reply
  capture(id: string, amount: number | undefined): Reply
  cancel(id: string): Reply
  retrieve(id: string): Reply
  search(metadataKey: string, value: string): Reply
  refund(order: {
    readonly intent: string
    readonly amount: number | undefined
    readonly metadata: Readonly<Record<string, string>>
  }): Reply
  refundsOf(id: string): Reply
  /** The card that an intent was last charged on. */
  cardOf(id: string): Card | undefined
  intents(): Iterable<IntentObject>
  refunds(): Iterable<RefundRecord>
}

export interface LedgerDeps {
  readonly clock: { now(): number }
  readonly timers: { after(ms: number, callback: () => void): () => void }
  readonly random: (bytes: number) => Uint8Array
  /** How long a late bank takes. */
  readonly lateMs: number
  /** Told of everything that happens, in order; the card is the one that it happened to. */
  readonly happened: (event: EventObject, card: Card | undefined) => void
  readonly journal: Journal
}

export const createLedger = (deps: LedgerDeps): Ledger => {
  const { clock, timers, lateMs, journal } = deps
  const intents = new Map<string, IntentObject>()
  const refunds = new Map<string, RefundRecord>()
  const refundsByIntent = new Map<string, string[]>()
  const intentsByRemark = new Map<string, string[]>()

  const add = (lists: Map<string, string[]>, name: string, id: string) => {
    const list = lists.get(name)
    if (list) list.push(id)
    else lists.set(name, [id])
  }
  const index = ({ id, metadata }: IntentObject) => {
    for (const [key, value] of Object.entries(metadata)) {
      add(intentsByRemark, `${key}=${value}`, id)
    }
  }
  for (const entry of journal.entries) {
    if ('intent' in entry) {
      intents.set(entry.intent.id, entry.intent)
      index(entry.intent)
    }
    if ('refund' in entry) {
      refunds.set(entry.refund.id, entry.refund)
      add(refundsByIntent, entry.refund.payment_intent, entry.refund.id)
    }
  }

  const newId = (prefix: string) => `${prefix}_${Buffer.from(deps.random(12)).toString('hex')}`
  const seconds = () => Math.floor(clock.now() / 1_000)
  const cardFor = (id: string) => cardOf(intents.get(id)?.payment_method ?? '')

  const tell = (type: string, object: IntentObject | RefundRecord) => {
    const intent = object.object === 'refund' ? object.payment_intent : object.id
    const event: EventObject = {
      id: newId('evt'),
      object: 'event',
      api_version: apiVersion,
      created: seconds(),
      livemode: false,
      type,
      data: { object },
    }
    deps.happened(event, cardFor(intent))
  }

  const put = (intent: IntentObject, type: string): IntentObject => {
    assert(intent.amount_received <= intent.amount, 'no more is taken than was authorised')
    intents.set(intent.id, intent)
    journal.write({ intent })
    tell(`payment_intent.${type}`, intent)
    return intent
  }

  const putRefund = (refund: RefundRecord, type: string): RefundRecord => {
    refunds.set(refund.id, refund)
    journal.write({ refund })
    tell(`refund.${type}`, refund)
    return refund
  }

  const withIntent = (id: string, work: (intent: IntentObject) => Reply): Reply => {
    const intent = intents.get(id)
    return intent ? work(intent) : missing('payment_intent', id)
  }

  const approve = (intent: IntentObject): IntentObject =>
    intent.capture_method === 'manual'
      ? put(
          { ...intent, status: 'requires_capture', amount_capturable: intent.amount },
          'amount_capturable_updated',
        )
      : put({ ...intent, status: 'succeeded', amount_received: intent.amount }, 'succeeded')

  const decline = (intent: IntentObject, why: Decline): IntentObject =>
    put(
      {
        ...intent,
        status: 'requires_payment_method',
        payment_method: null,
        last_payment_error: cardError(why, intent.latest_charge ?? undefined),
      },
      'payment_failed',
    )

  const later = (id: string, work: (intent: IntentObject) => void) => {
    timers.after(lateMs, () => {
      const intent = intents.get(id)
      // It may have been cancelled while the bank thought about it.
      if (intent?.status === 'processing') work(intent)
    })
  }

  const refundedOf = (id: string) =>
    (refundsByIntent.get(id) ?? [])
      .map((refund) => refunds.get(refund))
      .reduce((sum, refund) => sum + (refund?.status === 'failed' ? 0 : (refund?.amount ?? 0)), 0)

  return {
    create: ({ amount, currency, captureMethod, metadata }) => {
      const intent: IntentObject = {
        id: newId('pi'),
        object: 'payment_intent',
        amount,
        amount_capturable: 0,
        amount_received: 0,
        canceled_at: null,
        cancellation_reason: null,
        capture_method: captureMethod,
        created: seconds(),
        currency,
        last_payment_error: null,
        latest_charge: null,
        livemode: false,
        metadata,
        payment_method: null,
        payment_method_types: ['card'],
        status: 'requires_payment_method',
      }
      index(intent)
      return done(put(intent, 'created'))
    },

    confirm: (id, token) =>
      withIntent(id, (intent) => {
        if (intent.status !== 'requires_payment_method') return unexpectedState(intent, 'confirm')
        const card = cardOf(token)
        if (card === undefined) return missing('payment_method', token)
        const charged: IntentObject = {
          ...intent,
          payment_method: token,
          latest_charge: newId('ch'),
          last_payment_error: null,
        }
        if (card.bank === 'approves') return done(approve(charged))
        if (card.bank === 'approves_late') {
          later(id, approve)
          return done(put({ ...charged, status: 'processing' }, 'processing'))
        }
        if (card.bank === 'declines_late') {
          later(id, (waiting) => decline(waiting, lateDecline))
          return done(put({ ...charged, status: 'processing' }, 'processing'))
        }
        const declined = decline(charged, card.bank)
        const error = { ...declined.last_payment_error, payment_intent: declined }
        return { status: 402, body: { error } }
      }),

    capture: (id, amount) =>
      withIntent(id, (intent) => {
        if (intent.status !== 'requires_capture') return unexpectedState(intent, 'capture')
        if (cardFor(id)?.capture === 'fails') {
          return invalid('charge_expired_for_capture', 'The bank let go of the money', { intent })
        }
        const taken = amount ?? intent.amount_capturable
        if (taken < 1 || taken > intent.amount_capturable) {
          return invalid('amount_too_large', 'More than what is set aside', { intent })
        }
        const captured = { ...intent, status: 'succeeded', amount_capturable: 0 } as const
        return done(put({ ...captured, amount_received: taken }, 'succeeded'))
      }),

    cancel: (id) =>
      withIntent(id, (intent) => {
        if (intent.status === 'succeeded' || intent.status === 'canceled') {
          return unexpectedState(intent, 'cancel')
        }
        const canceled = { ...intent, status: 'canceled', amount_capturable: 0 } as const
        return done(put({ ...canceled, canceled_at: seconds() }, 'canceled'))
      }),

    retrieve: (id) => withIntent(id, done),

    search: (metadataKey, value) => {
      const data = (intentsByRemark.get(`${metadataKey}=${value}`) ?? [])
        .flatMap((id) => intents.get(id) ?? [])
        .reverse()
      const url = '/v1/payment_intents/search'
      return done({ object: 'search_result', url, has_more: false, next_page: null, data })
    },

    refund: ({ intent: id, amount, metadata }) =>
      withIntent(id, (intent) => {
        if (intent.status !== 'succeeded') return unexpectedState(intent, 'refund')
        const rest = intent.amount_received - refundedOf(id)
        const back = amount ?? rest
        if (rest === 0) return invalid('charge_already_refunded', 'All of it was given back')
        if (back < 1 || back > rest) {
          return invalid('amount_too_large', `Only ${rest} can be given back, not ${back}`)
        }
        const failsLate = cardFor(id)?.refund === 'fails_late'
        const refund: RefundRecord = {
          id: newId('re'),
          object: 'refund',
          amount: back,
          charge: intent.latest_charge,
          created: seconds(),
          currency: intent.currency,
          metadata,
          payment_intent: id,
          status: failsLate ? 'pending' : 'succeeded',
        }
        add(refundsByIntent, id, refund.id)
        if (failsLate) {
          timers.after(lateMs, () => putRefund({ ...refund, status: 'failed' }, 'failed'))
        }
        return done(putRefund(refund, 'created'))
      }),

    refundsOf: (id) => {
      const data = (refundsByIntent.get(id) ?? []).flatMap((refund) => refunds.get(refund) ?? [])
      return done({ object: 'list', url: '/v1/refunds', has_more: false, data: data.reverse() })
    },

    cardOf: cardFor,
    intents: () => intents.values(),
    refunds: () => refunds.values(),
  }
}

const apiVersion = '2026-10-28.endive'

const lateDecline: Decline = { code: 'card_declined', declineCode: 'generic_decline' }

const cardError = ({ code, declineCode, adviceCode }: Decline, charge?: string): CardError => ({
  type: 'card_error',
  code,
  ...(declineCode === undefined ? {} : { decline_code: declineCode }),
  ...(adviceCode === undefined ? {} : { advice_code: adviceCode }),
  ...(charge === undefined ? {} : { charge }),
  message: 'The card was declined.',
})

const unexpectedState = (intent: IntentObject, what: string): Reply =>
  invalid('payment_intent_unexpected_state', `It is ${intent.status}: no ${what} now`, { intent })
