/** The limits of keeping a merged store, each with its reason. */

/** Connections to the server: one archives, one verifies, and reports ask on the others. */
export const connectionsMax = 8

/** After which a server that does not answer is taken for one that is down. */
export const connectMsMax = 5_000

/** A statement that runs longer keeps locks that others wait for. Batches take milliseconds. */
export const statementMsMax = 60_000

/** Changes of one transaction: enough to make the commit's share small, few enough to hold locks briefly. */
export const batchChangesMax = 4_096

/** Bytes of one transaction's changes: they are in memory several times over while they are sent. */
export const batchBytesMax = 4 * 1_024 * 1_024

/** Documents joined in one transaction when they come without their changes. */
export const joinDocumentsMax = 1_000

/** Between two looks at the node's log: an order waits for a copy, and a look costs microseconds. */
export const lookEveryMs = 20

/** After a failure it is tried again soon, because most pass at once, then ever more rarely. */
export const retryMsMin = 250
export const retryMsMax = 5_000

/** How long other nodes have to send their own changes before this one stands in for them. */
export const standInMs = 2_000

/** Between two questions what the merged store has by now: other nodes write it, or it was restored. */
export const askEveryMs = 2_000

/** Between two looks whether it has what it says: rows do not vanish often, and a look costs a moment. */
export const verifyEveryMs = 60_000

/** Changes compared at one look: hashing them takes some tens of milliseconds on either side. */
export const verifyChangesMax = 20_000

/** Changes under one digest: what is sent again when one of them is missing. */
export const rangeChanges = 1_000

/** Lacking changes beyond which an operator should look: minutes of the busiest node. */
export const backlogChangesMax = 1_000_000
