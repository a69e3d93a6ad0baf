/** The bounds of the HTTP shell, each with its reason. */

/** A cart with all its lines is a tenth of it; more at once belongs in a line stream. */
export const bodyBytesMax = 1024 * 1024

/** Our deepest schema has six levels; deeper input is hostile or lost. */
export const jsonDepthMax = 32

/** A product with a hundred variants and a long description is a tenth of it. */
export const lineBytesMax = 1024 * 1024

/** More than a person reads at once; a hostile body could otherwise earn megabytes of answer. */
export const fieldErrorsMax = 50

/** Names and messages that quote the request are cut here, for the same reason. */
export const quotedLengthMax = 200

/** Our cursors have under 200 characters; the rest is room for longer sort keys. */
export const cursorLengthMax = 1024

/** Cookies and tokens together stay under 8 KiB in every browser we know. */
export const headerBytesMax = 16 * 1024
export const headersMax = 100

/** Each connection costs some 50 KiB: this many stay under half a gigabyte. */
export const connectionsMax = 10_000

/** Longer than the slowest phone needs for its headers, short enough to tire a slow-loris. */
export const headersTimeoutMs = 10_000

/** A batch import of a million products fits in, with a slow network in between. */
export const requestTimeoutMs = 15 * 60_000

/** A connection on which nothing moves for so long is dead; streams send a heartbeat oftener. */
export const idleTimeoutMs = 60_000

/** Longer than browsers pause between two clicks, shorter than the idle limit of load balancers. */
export const keepAliveTimeoutMs = 20_000

/** In-flight requests get this long to finish at shutdown; orchestrators kill after 30 s. */
export const drainDeadlineMs = 10_000
