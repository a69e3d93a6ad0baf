/** How much one quote may be of, each limit with its reason. */

/** What a quote adds up to at most: as much as one price may be. Sums of it stay exact. */
export const quoteMinorMax = 1_000_000_000_000

/** On one order: more than this is somebody trying codes. */
export const couponsMax = 5

/**
 * Documents of one roster that are not deleted: every quote looks at each, which takes a microsecond
 * or two.
 */
export const rosterMax = 500
