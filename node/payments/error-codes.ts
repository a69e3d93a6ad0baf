/** The codes that paying, and giving money back, may be answered with. */

import type { ErrorDocument } from '../errors.ts'

export const paymentErrorCodes = {
  payment_not_found: {
    status: 404,
    title: 'There is no such payment here',
    normal:
      'Before an order is paid for, or when that was at a node that is cut off from this one.',
    next: 'Check the id; try again when the nodes have met.',
  },
  payment_declined: {
    status: 402,
    title: 'The payment was declined',
    normal: 'Some times in a hundred.',
    next: 'Try another card; with the same one only if the problem says that it may work.',
  },
  payment_pending: {
    status: 409,
    title: 'What became of the last attempt is not known yet',
    normal: 'For seconds, when the payment provider is slow or out of reach.',
    next: 'Wait, and read the order again: it is settled without you.',
  },
  payment_unavailable: {
    status: 503,
    title: 'The payment provider is out of reach',
    normal: 'For seconds; for an hour when the provider has an outage. No order is lost by it.',
    next: 'Wait, and read the order again: it is settled as soon as the provider is back.',
  },
  payment_closed: {
    status: 409,
    title: 'The order is not to be paid any more',
    normal: 'When an order was cancelled in the meantime.',
    next: 'Place a new order.',
  },
  payment_amount_mismatch: {
    status: 409,
    title: 'The order comes to another amount',
    normal: 'When two regions that were cut off from each other priced one order differently.',
    next: 'Read the order again, and place a new one if its price is not what was agreed.',
  },
  payment_attempts_exhausted: {
    status: 422,
    title: 'The order has been paid for too often in vain',
    normal: 'For somebody who tries out cards.',
    next: 'Place a new order.',
  },
  payment_not_flagged: {
    status: 404,
    title: 'Nothing about the payment is to be looked at',
    normal: 'Never.',
    next: 'List the flagged payments again.',
  },
  payment_provider_unknown: {
    status: 404,
    title: 'This node has no such payment provider',
    normal: 'Never, unless a shop changes its provider.',
    next: 'Use the provider that the detail names.',
  },
  payment_method_not_found: {
    status: 404,
    title: 'The account has no such payment method',
    normal: 'When it was removed elsewhere in the meantime.',
    next: 'List the payment methods again.',
  },
  payment_method_limit: {
    status: 422,
    title: 'The account has no room for another payment method',
    normal: 'For a script; hardly for a person.',
    next: 'Remove one that is not used any more.',
  },
  card_number_refused: {
    status: 422,
    title: 'This looks like a card number',
    normal: 'When a page is built wrongly, or a person types a number into a remark.',
    next: 'Have the payment provider turn the card into a token, and send the token.',
  },
  refund_exceeds_payment: {
    status: 422,
    title: 'More cannot be given back than was taken',
    normal: 'When somebody else gave some of it back in the meantime.',
    next: 'Give back no more than the problem names.',
  },
  webhook_signature_invalid: {
    status: 400,
    title: 'The webhook is not signed as it must be',
    normal: 'For a webhook that is forged, replayed, or signed with another secret.',
    next: "Check the endpoint's secret; the provider signs anew when it sends again.",
  },
} as const satisfies Record<string, ErrorDocument>
