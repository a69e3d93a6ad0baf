/**
 * The keys under which a provider is asked. They follow from what is asked for and from nothing else,
 * so that any node, before and after a crash, asks for one thing under one key.
 */

/** The payment itself: one per order, whoever begins it. */
export const paymentKey = (orderId: string): string => `${orderId}/payment`

export const attemptKey = (orderId: string, attempt: string): string =>
  `${orderId}/attempt/${attempt}`

export const captureKey = (orderId: string): string => `${orderId}/capture`

export const releaseKey = (orderId: string): string => `${orderId}/release`

export const refundKey = (orderId: string, refund: string): string => `${orderId}/refund/${refund}`

/** The refund that a key names, if it is the key of one. */
export const refundOfKey = (
  key: string,
): { readonly orderId: string; readonly refund: string } | undefined => {
  const parts = key.split('/')
  const [orderId = '', kind, refund = ''] = parts
  return parts.length === 3 && kind === 'refund' && orderId !== '' && refund !== ''
    ? { orderId, refund }
    : undefined
}
