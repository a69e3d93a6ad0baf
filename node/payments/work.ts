/**
 * What is left to do for a payment, of all that is wanted: the one thing that comes next. Pure, so that
 * every node comes to the same answer, and whoever gets there first does it.
 */

import { isUnderReview, refundable } from './payment-rules.ts'
import type { Attempt, Charge, Payment } from './payment.ts'
import type { Refund } from './refund.ts'

export type Work =
  | { readonly kind: 'authorise'; readonly attempt: Attempt }
  /** The order is off before the attempt's end is known: it must not succeed behind our back. */
  | { readonly kind: 'give_up'; readonly attempt: Attempt }
  | { readonly kind: 'capture'; readonly charge: Charge; readonly amountMinor: number }
  | { readonly kind: 'release'; readonly charge: Charge }
  | { readonly kind: 'refund'; readonly charge: Charge; readonly refund: Refund }
  /** Money that is to go back, and of which nobody has said so yet. */
  | { readonly kind: 'give_back'; readonly amountMinor: number }

/** undefined: the payment is as it is wanted to be, or waits for a person. */
export const nextWork = (payment: Payment): Work | undefined => {
  const { attempts, charges, refunds } = payment
  const taken = charges.find(({ capturedMinor }) => capturedMinor > 0)
  const held = charges.filter(
    (charge) => charge.authorisedMinor > 0 && charge.capturedMinor === 0 && !charge.isReleased,
  )
  const isOff = payment.closed !== undefined || payment.risk?.review?.verdict === 'rejected'
  // One payment too many can only be there if the provider forgot a key before its time.
  const surplus = taken ? held[0] : held[1]
  if (surplus) return { kind: 'release', charge: surplus }
  const [charge] = held
  if (charge) {
    if (isOff) return { kind: 'release', charge }
    return workOfHeld(payment, charge)
  }
  const refund = refunds.find(({ state }) => state === 'wanted')
  if (taken && refund) return { kind: 'refund', charge: taken, refund }
  if (taken) {
    const rest = refundable(payment)
    const owed = isOff ? rest : Math.max(0, rest - taken.authorisedMinor)
    // What the provider refused to give back is for a person; asking again would be refused again.
    const isRefused = refunds.some(({ id, state }) => id === restId(owed) && state !== 'done')
    return owed > 0 && !isRefused ? { kind: 'give_back', amountMinor: owed } : undefined
  }
  const attempt = attempts.find(({ outcome }) => outcome === 'pending')
  if (attempt === undefined) return undefined
  return { kind: isOff ? 'give_up' : 'authorise', attempt }
}

const workOfHeld = (payment: Payment, charge: Charge): Work | undefined => {
  const { captureWanted, captureRefused } = payment
  if (captureWanted === undefined || captureRefused !== undefined || isUnderReview(payment)) {
    return undefined
  }
  const amountMinor = Math.min(captureWanted.amount, charge.authorisedMinor)
  return { kind: 'capture', charge, amountMinor }
}

/** The name of the refund of all that is left: of one amount, one refund, whoever comes upon it. */
export const restId = (amountMinor: number): string => `rest-${amountMinor}`
