/** The limits of the workers, each with its reason. */

/** Counters of changed documents, a power of two: a quarter of a megabyte, and neighbours are rare. */
export const freshnessCells = 65_536

/** Items that wait in a queue between two threads: a megabyte of slots. Beyond this, work is refused. */
export const queueItems = 4_096

/** Requests of one worker that wait for the core: their answers then fit its queue. */
export const inFlightMax = queueItems

/** An item beyond this goes by message port: a queue is for what is many, not for what is large. */
export const itemBytesMax = 64 * 1_024

/** What a thread takes out of its queue before others of its own events get their turn. */
export const drainBytes = 256 * 1_024
export const drainItems = 512

/** A request with a longer body is passed on as it comes in, and is not held in the worker. */
export const heldBodyBytesMax = 32 * 1_024

/** Places for products that were read lately, shared by all workers: some 30 MB when all are taken. */
export const keptProducts = 16_384

/** A longer product is read from the database each time. */
export const keptProductBytesMax = 16 * 1_024

/** Documents that a worker keeps decoded: sessions and carts in use, some megabytes. */
export const keptDocumentsMax = 1_024

/** A worker's page cache, in KiB: the system keeps the file's pages for all of them. */
export const workerPageCacheKiB = 8 * 1_024

/** A worker's heap: when it is full that worker ends and is replaced, and the node goes on. */
export const workerOldHeapMB = 128
export const workerYoungHeapMB = 32

/** A worker that ended at once after its start is started again after this long, not in a loop. */
export const restartDelayMs = 500

/** How long a worker that was told to stop is waited for, beyond the time that requests are given. */
export const stopGraceMs = 2_000

/** How long the scrape waits for the figures of a worker. */
export const scrapeMsMax = 1_000
