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
