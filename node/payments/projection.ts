/** A payment's rows: the same wherever they are written. */

import { hash } from 'node:crypto'
import { documentKind, type ProjectedRows } from '../core/capability.ts'
import { payment, readPayment, type PaymentDocument } from './payment.ts'
import { isUnderReview } from './payment-rules.ts'
import { paymentTables } from './tables.ts'
import { nextWork } from './work.ts'

const project = (id: string, document: PaymentDocument): ProjectedRows => {
  const read = readPayment(document)
  const { attempts, amount, provider, account, charges, refunds, risk } = read
  const [first] = attempts
  // Facts may come before what they are about: a webhook in another region.
  if (first === undefined || amount === undefined || provider === undefined) return {}
  const charge = charges.find(({ capturedMinor }) => capturedMinor > 0) ?? charges.at(-1)
  return {
    payments: [
      {
        id,
        provider,
        reference: charge?.reference ?? null,
        account,
        state: read.state,
        currency: amount.currency,
        amount: amount.amount,
        authorised: read.authorisedMinor,
        captured: read.capturedMinor,
        refunded: read.refundedMinor,
        work: nextWork(read)?.kind ?? null,
        taken_on_by: first.by,
        created_ms: first.atMs,
        updated_ms: read.updatedMs,
      },
    ],
    payment_attempts: attempts.map((attempt) => ({
      payment: id,
      number: attempt.number,
      status: attempt.outcome,
      gateway_response: attempt.code ?? null,
      token: tokenMark(attempt.token),
      account,
      created_ms: attempt.atMs,
    })),
    refunds: refunds.map((refund) => ({
      payment: id,
      id: refund.id,
      amount: refund.amount.amount,
      currency: refund.amount.currency,
      status: refund.state,
      reason: refund.reason,
      processed_ms: refund.settledMs ?? null,
    })),
    fraud_flags: risk
      ? [
          {
            payment: id,
            risk_score: risk.score,
            flags: JSON.stringify(risk.reasons),
            resolved: risk.review || !isUnderReview(read) ? 1 : 0,
            verdict: risk.review?.verdict ?? null,
            created_ms: risk.atMs,
          },
        ]
      : [],
  }
}

/** What tells tokens apart in the tables. */
export const tokenMark = (token: string): string => hash('sha256', token).slice(0, 16)

export const paymentKind = documentKind({ schema: payment, tables: paymentTables, project })
