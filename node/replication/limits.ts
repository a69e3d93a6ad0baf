/** The limits of keeping a cluster's log short, each with its reason. */

/** Between two looks for what may be folded: a retention is days, and a look costs milliseconds. */
export const foldEveryMs = 5 * 60_000

/** After a start, so that nodes meet before one of them folds. */
export const foldFirstMs = 60_000

/** Between two steps of folding, so that it takes a fifth of the thread at most. */
export const foldPauseMs = 40

/** Replicas shown of one node, the latest: it was another at every start. */
export const replicasShownMax = 20

/** Before a node that became another replica tries again to say so: a full disk seldom has room at once. */
export const introduceAgainMs = 5_000

/** Commands that wait beyond which folding waits, too: more than a busy moment leaves behind. */
export const commandsWaitingMax = 64

export const dayMs = 24 * 60 * 60_000

/** How much longer than the retention a change waits for the merged store: longer than any repair takes. */
export const heldForArchiveMs = 30 * dayMs
