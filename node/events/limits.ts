/** The limits of events, each with its reason. */

/** How much of the log one turn reads: a few milliseconds of decoding, then others get their turn. */
export const readBytesMax = 128 * 1_024

/** Before a failed delivery is tried again: at once is of no use, and an outage may last. */
export const retryMsMin = 100
export const retryMsMax = 15_000

/** Between two looks at the bus when nothing is to be published: so soon a wiped one is filled again. */
export const lookEveryMs = 5_000

/** How long an answer of the bus is waited for: longer than a slow disk there takes. */
export const answerMsMax = 10_000

/** How long a connection to the bus may take to come about. */
export const connectMsMax = 5_000

/** Entries that a stream keeps: weeks of a busy shop, and about a gigabyte in Redis. */
export const streamLengthMax = 1_000_000

/** Dead letters that a stream keeps: somebody should have looked long before. */
export const deadLettersMax = 10_000

/** Times that an event is handed to a consumer that fails before it is put aside. */
export const deliveriesMax = 5

/** How long an event is a consumer's before others may have it: a slow effect is not a dead consumer. */
export const claimIdleMs = 30_000

/** Events handed to a consumer at once: enough to share a transaction, little enough to be redone. */
export const handleEventsMax = 500

/**
 * How long the ids of consumed events are kept: what is published again comes out of the log, which a
 * retention and its extension keep at most so long (see `node/replication/retention.ts`).
 */
export const consumedMsMax = 90 * 24 * 60 * 60_000
