/** What the merged store keeps of payments: the rows that the node has, and a customer's ways to pay. */

import { relation, relationalKind } from '../merged/relation.ts'
import { paymentMethods, paymentMethodsKind } from './method.ts'
import { payment } from './payment.ts'
import { paymentKind } from './projection.ts'

export const paymentRelations = relationalKind({
  schema: payment,
  relations: [
    relation('payments', 'id', {
      id: 'text',
      provider: 'text',
      reference: 'text',
      customer_id: ['text', 'account'],
      state: 'text',
      currency: 'text',
      amount_minor: ['bigint', 'amount'],
      authorised_minor: ['bigint', 'authorised'],
      captured_minor: ['bigint', 'captured'],
      refunded_minor: ['bigint', 'refunded'],
      created_at: ['timestamptz', 'created_ms'],
      updated_at: ['timestamptz', 'updated_ms'],
    }),
    relation('payment_attempts', 'payment_id', {
      payment_id: ['text', 'payment'],
      number: 'integer',
      status: 'text',
      gateway_response: 'text',
      created_at: ['timestamptz', 'created_ms'],
    }),
    relation('refunds', 'payment_id', {
      payment_id: ['text', 'payment'],
      id: 'text',
      amount_minor: ['bigint', 'amount'],
      currency: 'text',
      status: 'text',
      reason: 'text',
      processed_at: ['timestamptz', 'processed_ms'],
    }),
    relation('fraud_flags', 'payment_id', {
      payment_id: ['text', 'payment'],
      risk_score: 'double precision',
      flags: 'jsonb',
      resolved: 'boolean',
      verdict: 'text',
      created_at: ['timestamptz', 'created_ms'],
    }),
  ],
  rows: (id, document) => paymentKind.project(id, document),
})

export const paymentMethodRelations = relationalKind({
  schema: paymentMethods,
  relations: [
    relation('payment_methods', 'customer_id', {
      customer_id: ['text', 'account'],
      id: 'text',
      type: 'text',
      provider: 'text',
      label: 'text',
      is_default: 'boolean',
      created_at: ['timestamptz', 'created_ms'],
    }),
  ],
  rows: (id, document) => paymentMethodsKind.project(id, document),
})
