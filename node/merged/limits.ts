/** The limits of keeping a merged store, each with its reason. */

/** Connections to the server: one archives, one verifies, and reports ask on the others. */
export const connectionsMax = 8

/** After which a server that does not answer is taken for one that is down. */
export const connectMsMax = 5_000

/** A statement that runs longer keeps locks that others wait for. Batches take milliseconds. */
export const statementMsMax = 60_000
