/** The limits of webhooks, each with its reason. */

/** Subscriptions of a shop: each event is looked at for each of them. */
export const subscriptionsMax = 100

/** Longer addresses are refused by many servers. */
export const urlLengthMax = 2_000

/** How long a target may take in all, its name and its answer included. */
export const deadlineMs = 10_000

/** Deliveries to one target at once: a target that hangs has so many of our sockets, and no more. */
export const atOncePerTarget = 4

/** What of an answer is read: nobody needs more than its status. */
export const answerBytesMax = 64 * 1_024

/** From five seconds on, twice as long each time, never longer than six hours: a day and a half in all. */
export const retryMsMin = 5_000
export const retryMsMax = 6 * 60 * 60_000
export const attemptsMax = 17

/** Deliveries that may wait for one target: one that is away for long must not fill the disk. */
export const waitingMax = 100_000

/** How long deliveries that were made can be looked up, and such that never were. */
export const deliveredKeptMs = 3 * 24 * 60 * 60_000
export const deadKeptMs = 30 * 24 * 60 * 60_000

/** Between two looks for what can be forgotten. */
export const tidyEveryMs = 10 * 60_000

/**
 * How far back a node that stands in for another delivers: what that one delivered, nobody knows, and a
 * receiver should not be told a month anew.
 */
export const standInMsMax = 24 * 60 * 60_000

/** What of an error is kept. */
export const reasonLengthMax = 300
