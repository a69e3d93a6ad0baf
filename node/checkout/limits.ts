/** How long a checkout may take and how much it may be of, each limit with its reason. */

/** Units are set aside for so long: as long as a slow bank and a shopper with a second factor take. */
export const holdMs = 15 * 60_000

/** How long the gateway may take while the shopper waits; then the order stands and its payment follows. */
export const authoriseMsMax = 8_000

/** How long a captured payment is waited for before the shopper is told that it is on its way. */
export const captureMsMax = 4_000

/** How long an order waits for a copy on another disk: a round trip around the world, and an fsync. */
export const copyMsMax = 250

/** How long uses of a coupon are waited for that other nodes have. */
export const couponMsMax = 300

/** How long a request waits for the node that began the same checkout, if that is in reach. */
export const ownerMsMax = 3_000

/** How often a node looks for checkouts and orders with something left to do. */
export const sweepMs = 1_000

/** How many it takes up at once. */
export const sweptMax = 100

/** Before something that did not work is tried again, at first and, doubling, at most. */
export const againMsMin = 1_000
export const againMsMax = 60_000

/** Checkouts that one node drives at once: beyond it nobody would get an answer in time. */
export const checkoutsMax = 2_000

/** Coupon codes of one order: as many as a quote takes, and one so that it can say so. */
export const couponsMax = 10

/** A payment token: the longest that providers issue. */
export const tokenMax = 255
