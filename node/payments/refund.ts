/** A refund, as the events of its payment tell: wanted here, or made at the provider's own desk. */

import type { Price } from '../catalog/product.ts'
import type { Happened } from './payment-event.ts'

export interface Refund {
  readonly id: string
  readonly reference: string | undefined
  readonly amount: Price
  readonly reason: string
  readonly by: string
  readonly atMs: number
  /** When it was done, or turned out not to be. */
  readonly settledMs: number | undefined
  readonly state: 'wanted' | 'done' | 'refused' | 'failed'
  readonly code: string | undefined
}

/** All refunds, in the order in which they were first heard of. */
export const refundsOf = (happened: readonly Happened[]): readonly Refund[] => {
  const refunds = new Map<string, Refund>()
  for (const { event, atMs } of happened) {
    if (event.type === 'refund_wanted' && !refunds.has(event.refund)) {
      const { refund: id, amount, reason, by } = event
      const open = { reference: undefined, settledMs: undefined, code: undefined }
      refunds.set(id, { id, amount, reason, by, atMs, state: 'wanted', ...open })
    }
  }
  for (const { event, atMs } of happened) {
    if (
      event.type !== 'refunded' &&
      event.type !== 'refund_refused' &&
      event.type !== 'refund_failed'
    )
      continue
    const before = refunds.get(event.refund)
    // One that we did not ask for was made at the provider's own desk.
    const atDesk = { reason: 'Made at the provider', by: 'provider', atMs }
    if (event.type === 'refund_refused') {
      if (before?.state !== 'wanted') continue
      refunds.set(before.id, { ...before, state: 'refused', code: event.code, settledMs: atMs })
      continue
    }
    const { refund: id, amount, reference } = event
    // Money that came back stays back, whatever was heard before and after.
    const hasFailed = event.type === 'refund_failed' || before?.state === 'failed'
    refunds.set(id, {
      ...(before ?? atDesk),
      id,
      amount,
      reference,
      state: hasFailed ? 'failed' : 'done',
      code: hasFailed ? 'refund_failed' : undefined,
      settledMs: before?.settledMs ?? atMs,
    })
  }
  return [...refunds.values()]
}
