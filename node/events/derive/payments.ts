/** What a change says of payments: wishes to pay, and what the provider told. */

import * as eventLog from '../../../crdt/event-log.ts'
import type { PaymentEvent } from '../../payments/payment-event.ts'
import { payment } from '../../payments/payment.ts'
import type { Fact } from '../event.ts'
import type { Said } from './said.ts'

export const paymentFacts = (said: Said): readonly Fact[] =>
  said
    .deltas(payment)
    .flatMap(({ id, delta }) =>
      eventLog
        .entries({ store: delta.store.events })
        .flatMap(({ value }) => factsOf(id, value.value)),
    )

const factsOf = (orderId: string, event: PaymentEvent): readonly Fact[] => {
  const subject = `payments/${orderId}`
  switch (event.type) {
    case 'attempted': {
      const { attempt, amount, provider, account } = event
      const data = { orderId, attempt, amount: { ...amount }, provider, userId: account }
      return [{ type: 'payment.initiated', subject, data }]
    }
    case 'captured': {
      const data = { orderId, reference: event.reference, amount: { ...event.amount } }
      return [{ type: 'payment.completed', subject, data }]
    }
    case 'declined': {
      const { attempt, code, retry: mayRetry } = event
      return [{ type: 'payment.failed', subject, data: { orderId, attempt, code, mayRetry } }]
    }
    case 'capture_refused': {
      const data = { orderId, attempt: null, code: event.code, mayRetry: false }
      return [{ type: 'payment.failed', subject, data }]
    }
    case 'refunded': {
      const { refund, reference, amount } = event
      const data = { orderId, refund, reference, amount: { ...amount } }
      return [{ type: 'refund.processed', subject, data }]
    }
    case 'flagged': {
      const data = { orderId, score: event.score, reasons: [...event.reasons] }
      return [{ type: 'fraud.detected', subject, data }]
    }
    // Wishes of the shop to itself, what was heard and is no fact, and what a later release knows.
    default:
      return []
  }
}
