/** What stands in the way of ordering at a quote's prices, as data that the client can act on. */

export type QuoteProblem = {
  readonly code: QuoteProblemCode
  readonly detail: string
  /** Whether an order cannot be made while it lasts; otherwise it is news. */
  readonly isBlocking: boolean
  /** What it is about; null if it is about the whole. */
  readonly variantId: string | null
  readonly coupon: string | null
}

/** Each with what the client may do. */
export const quoteProblemCodes = {
  variant_unavailable: 'Take the line out: it is not sold any more, or not heard of here yet.',
  quantity_out_of_range: 'Choose a quantity from 1 to the limit that the detail gives.',
  currency_mismatch: 'Order what is priced in another currency by itself.',
  amount_out_of_range: 'Order less at once.',
  address_required: 'Give the address; tax and shipping follow from it.',
  shipping_method_unknown: 'Choose one of the methods that `GET /shipping/methods` lists.',
  shipping_unavailable: 'Choose another method, or another address.',
  coupon_unknown: 'Correct the code, or take it out.',
  coupon_withdrawn: 'Take the coupon out: its promotion has been ended.',
  coupon_not_started: 'Wait until the time that the detail gives, or take the coupon out.',
  coupon_expired: 'Take the coupon out.',
  coupon_needs_account: 'Sign in: the coupon counts how often each customer uses it.',
  coupon_exhausted: 'Take the coupon out: it has been used as often as it may.',
  coupon_customer_limit: 'Take the coupon out: this customer has used it as often as one may.',
  coupon_elsewhere: 'Try again when the regions are connected, or take the coupon out.',
  coupon_not_applicable: 'Add what the coupon is for, or take it out.',
  coupon_not_combinable: 'Nothing: what counts instead takes off more. Or take the others out.',
  too_many_coupons: 'Use fewer coupons on one order.',
} as const satisfies Record<string, string>

export type QuoteProblemCode = keyof typeof quoteProblemCodes

/** Problems that are news: an order can be made although they last. */
const news: ReadonlySet<QuoteProblemCode> = new Set(['coupon_not_combinable'])

export const problemOf = (
  code: QuoteProblemCode,
  detail: string,
  { variantId = null, coupon = null }: { variantId?: string | null; coupon?: string | null } = {},
): QuoteProblem => ({ code, detail, isBlocking: !news.has(code), variantId, coupon })
