/** A payment as the API shows it: to the shop with all there is, to who pays without what is odd. */

import { isUnderReview, refundable } from './payment-rules.ts'
import type { Payment } from './payment.ts'
import { nextWork } from './work.ts'

/** `own`: what whoever pays may see of it. */
export type Seen = 'all' | 'own'

export const viewPayment = (orderId: string, payment: Payment, seen: Seen) => {
  const { attempts, charges, refunds, risk } = payment
  const charge = charges.find(({ capturedMinor }) => capturedMinor > 0) ?? charges.at(-1)
  return {
    orderId,
    provider: payment.provider ?? null,
    reference: seen === 'all' ? (charge?.reference ?? null) : null,
    status: payment.state,
    amount: payment.amount ?? null,
    authorised: payment.authorisedMinor,
    captured: payment.capturedMinor,
    refunded: payment.refundedMinor,
    refundable: refundable(payment),
    closed: payment.closed ?? null,
    next: nextWork(payment)?.kind ?? null,
    attempts: attempts.map(({ number, outcome, code, retry, atMs }) => ({
      number,
      status: outcome,
      gatewayResponse: code ?? null,
      mayRetry: retry,
      at: timeOf(atMs),
    })),
    refunds: refunds.map(({ id, amount, state, reason, code, by, atMs, settledMs }) => ({
      id,
      amount: { ...amount },
      status: state,
      reason,
      gatewayResponse: code ?? null,
      requestedBy: seen === 'all' ? by : '',
      requestedAt: timeOf(atMs),
      processedAt: settledMs === undefined ? null : timeOf(settledMs),
    })),
    // Who is told why he was looked at knows next time what to do otherwise.
    risk:
      risk && seen === 'all'
        ? {
            score: risk.score,
            reasons: [...risk.reasons],
            waitsForReview: isUnderReview(payment),
            review: risk.review ? { ...risk.review } : null,
          }
        : null,
  }
}

export const timeOf = (ms: number): string => new Date(ms).toISOString()
