/** How much of what a promotion and a coupon may be, each limit with its reason. */

/** Products, categories, brands or tags of one scope: the document stays under 16 KiB. */
export const scopeMax = 100

/** Units that one bargain is of: a line holds no more. */
export const bargainMax = 999

/** A thousand million: more than any campaign, and exact in every sum. */
export const usesMax = 1_000_000_000

/** More than this often is not a favour to a customer. */
export const perCustomerMax = 1_000

/** How long one node may take to hand uses over before it is asked again: twice round the world. */
export const couponAskMsMax = 400

/** The same node, when an answer did not come: once more, under the same name. */
export const couponAsksPerPeer = 2

/** How long a quote waits for uses from elsewhere: a shopper looks at the page meanwhile. */
export const couponFetchMsMax = 500
