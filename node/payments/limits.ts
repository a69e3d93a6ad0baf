/** How often, how long and how much: what payments are bounded by, each with its reason. */

/** As long as a Stripe id or token may be, and then some. */
export const tokenMax = 255

/** Cards that a shopper tries for one order; more is somebody trying out cards. */
export const attemptsMax = 10

/** A parcel a line and some goodwill; each refund costs the shop a fee. */
export const refundsMax = 50

/** Methods an account keeps. */
export const methodsMax = 20

/** A webhook is one object of a few kilobytes. */
export const webhookBytesMax = 256 * 1_024

/** How old a signature may be: what Stripe's own libraries allow. */
export const webhookToleranceMs = 300_000

/** One request to a gateway: ten times what a slow bank takes. */
export const requestMsMax = 8_000

/** All tries of one call together: as long as a person waits for a checkout. */
export const callMsMax = 15_000

/** Tries of one request while somebody waits. The sweeper goes on after that. */
export const triesMax = 3
export const firstPauseMs = 100
export const longestPauseMs = 2_000

/** Half of at least this many requests must have failed before the breaker opens. */
export const breakerVolumeMin = 10
export const breakerErrorPercent = 50
export const breakerWindowMs = 10_000
/** How long the gateway is left alone before one request tries whether it is back. */
export const breakerResetMs = 5_000

/** An attempt whose result nobody could tell for so long is given up: the money is let go. */
export const unknownMsMax = 15 * 60_000

/** How often a node looks for payments with something left to do, and how many it takes at once. */
export const sweepMs = 1_000
export const sweepPaymentsMax = 100
export const sweepInFlightMax = 8
export const sweepFirstPauseMs = 1_000
export const sweepLongestPauseMs = 60_000

/** How long the node that took a payment on is left to finish it before others do. */
export const takeOverMs = 5 * 60_000

/** The time over which attempts are counted for the velocity rule. */
export const velocityMs = 10 * 60_000

/** A risk score goes from 0 to 100; from here on an order waits for a person. */
export const riskReviewMin = 60

export const reasonMax = 500
