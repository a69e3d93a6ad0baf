/**
 * The saga's two calls to the payment provider: set the money aside, take it. Each may be made again
 * at any time: what was stored says under which key.
 */

import type { Timers } from '../../sync/surroundings.ts'
import type { World } from '../core/capability.ts'
import type { OrderId } from '../orders/order-id.ts'
import { isUnderReview, paymentOf } from '../payments/payment-rules.ts'
import type { Authorisation, PaymentProvider, Settlement } from '../payments/provider.ts'
import { attemptKey, captureKey } from '../payments/request-key.ts'
import type { Price } from '../catalog/product.ts'
import { authoriseMsMax, captureMsMax } from './limits.ts'

export interface PaymentStepDeps {
  readonly core: Pick<World, 'read'>
  readonly provider: PaymentProvider
  readonly timers: Timers
}

/** Sets the order's money aside, or tells what became of it before; undefined if none is wanted. */
export const authorise = async (
  { core, provider, timers }: PaymentStepDeps,
  id: OrderId,
  /** Whether the provider was asked before this, so that only what is known by now counts. */
  wasAsked: boolean,
): Promise<Authorisation | undefined> => {
  const payment = paymentOf(core, id)
  const held = payment.charges.find(({ authorisedMinor }) => authorisedMinor > 0)
  if (held?.isReleased) return { outcome: 'declined', code: 'released', retry: true }
  if (held) return { outcome: 'authorised', reference: held.reference }
  const attempt = payment.attempts.find(({ outcome }) => outcome === 'pending')
  if (!attempt) {
    const last = payment.attempts.at(-1)
    return last && { outcome: 'declined', code: last.code ?? 'declined', retry: last.retry }
  }
  if (wasAsked) return { outcome: 'unknown' }
  const { amount, token } = attempt
  return within(timers, authoriseMsMax, (signal) =>
    provider.authorise({ orderId: id, amount, token, key: attemptKey(id, attempt.id), signal }),
  )
}

/** The money that was taken; undefined if it was not, or nobody can tell yet. */
export const capture = async (
  { core, provider, timers }: PaymentStepDeps,
  id: OrderId,
): Promise<{ readonly reference: string; readonly amount: Price } | undefined> => {
  const payment = paymentOf(core, id)
  const { captureWanted } = payment
  const charge = payment.charges.find(
    ({ authorisedMinor, isReleased }) => authorisedMinor > 0 && !isReleased,
  )
  if (!charge || !captureWanted || payment.closed !== undefined) return undefined
  if (isUnderReview(payment)) return undefined
  const amount = {
    amount: Math.min(captureWanted.amount, charge.authorisedMinor),
    currency: captureWanted.currency,
  }
  const { reference } = charge
  const settled: Settlement = await within(timers, captureMsMax, (signal) =>
    provider.capture({ reference, amount, key: captureKey(id), signal }),
  )
  return settled.outcome === 'done' ? { reference, amount } : undefined
}

const within = async <T>(
  timers: Timers,
  ms: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const late = new AbortController()
  const cancel = timers.after(ms, () => late.abort(new Error(`no answer in ${ms} ms`)))
  try {
    return await call(late.signal)
  } finally {
    cancel()
  }
}
