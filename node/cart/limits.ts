/** What a cart may hold and a request may ask, each limit with its reason. */

/** Different variants: more than anybody reads, and a cart's document stays under 16 KiB. */
export const linesMax = 100

/**
 * Tags of all lines together: every add leaves one, so that a script that adds one by one would make
 * a cart that no change can carry. Setting a line's quantity leaves one tag of it.
 */
export const tagsMax = 1_000

/** Of one variant: what is ordered by the thousand is not ordered by cart. */
export const quantityMax = 999

/** Intents of one request: a phone that was offline for a day has fewer. */
export const intentsMax = 100

/** An intent's name is a client's id: a UUID has 36 characters. */
export const intentIdMax = 64

/** Of an idempotency key that begins a cart: shorter ones can be guessed, and with them the cart. */
export const anonymousKeyLengthMin = 16

/** A cart that nobody touched for a day is left behind: who wanted to sleep on it has slept. */
export const abandonedAfterMs = 24 * 60 * 60_000

/** Nobody waits for it: a cart is noted minutes after its day is over. */
export const sweepEveryMs = 10 * 60_000

/** Carts noted in one sweep; a rush leaves more, and the next sweep takes the next ones. */
export const abandonedAtOnce = 500
