/** The core's limits, each with its reason. */

/** Documents kept decoded: a few kilobytes each, so that the cache stays well under 50 MB. */
export const cachedDocumentsMax = 4_096

/** Commands of one transaction: more would make the first wait for the last without saving syncs. */
export const batchCommandsMax = 1_024

/** How long one transaction may keep the thread before the rest waits for the next turn. */
export const batchMsMax = 10

/** Commands that may wait. Beyond this the node is overloaded and says so at once. */
export const queuedCommandsMax = 20_000

/** Pages of the write-ahead log before SQLite moves them into the database: 16 MiB. */
export const checkpointPages = 4_096

/** SQLite's page cache, in KiB. */
export const pageCacheKiB = 32 * 1_024

/** How much of the log one transaction of a rebuild replays. */
export const rebuildBatchBytes = 4 * 1_024 * 1_024
