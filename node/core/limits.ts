/** The core's limits, each with its reason. */

/** Documents kept decoded: some ten kilobytes each, so that the cache stays near 20 MB. */
export const cachedDocumentsMax = 2_048

/** Commands of one transaction: more would make the first wait for the last without saving syncs. */
export const batchCommandsMax = 1_024

/** A group never shrinks below this: a slow sync costs the same however few commands share it. */
export const batchCommandsMin = 64

/** How long one transaction should keep the thread before others get their turn. */
export const batchMsMax = 25

/**
 * How long a slice of a peer's changes should keep the thread: half of what a shopper should ever wait
 * behind one. A slice's sync costs the same however few changes share it, so it has a least size.
 */
export const sliceMsMax = 10
export const sliceChangesMin = 16
export const sliceChangesMax = 1_024

/**
 * A step of folding is as long as a slice of a peer's changes. A sync of the disk is most of a small
 * one: at fewer changes than this there would be more of them and none would be shorter.
 */
export const foldChangesMin = 32
export const foldChangesMax = 512

/** Documents of a peer that one transaction joins: each is read, joined and written twice. */
export const joinDocumentsMin = 4
export const joinDocumentsMax = 256

/** How long the making of an index keeps the thread before others get their turn. */
export const surveyMsMax = 5

/** Commands that may wait. Beyond this the node is overloaded and says so at once. */
export const queuedCommandsMax = 20_000

/** Pages of the write-ahead log before SQLite moves them into the database: 16 MiB. */
export const checkpointPages = 4_096

/** A write-ahead log beyond this is not being moved: some reader never ends. */
export const walBytesMax = 256 * 1_024 * 1_024

/** SQLite's page cache, in KiB. */
export const pageCacheKiB = 32 * 1_024

/** How much of the log a rebuild reads before it writes the documents that changed. */
export const rebuildBatchBytes = 4 * 1_024 * 1_024

/** Findings of one kind that a verification lists one by one; after that it says how many more. */
export const findingsListedMax = 20

/** Rows that a scan reads at once: a few hundred kilobytes, and the cost of a statement is spread. */
export const pageRows = 256

/** Pages that a backup copies before others get their turn: 4 MiB. */
export const backupPagesPerStep = 1_024

/** A write-ahead log beyond this is not being moved into the database. */
export const walDegradedBytes = 256 * 1_024 * 1_024

/** How much of a write-ahead log is written over itself at once: it is sixteen times that, seldom more. */
export const rewriteStepBytes = 1_024 * 1_024
