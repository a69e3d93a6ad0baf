/** The bounds of the story, each with its reason. */

/** The nodes of a demonstration are for this machine alone. */
export const host = '127.0.0.1'

/** Where the story keeps its nodes' data, and all that it ever clears. */
export const directory = '.atoll/demo'

/** One for each part that a product plays, so that no two scenes are about the same one. */
export const productsMin = 8

/** Enough to choose from; a large catalog is not read through for it. */
export const productsLooked = 1_000

/** A cold start takes under a second; a machine that needs this long is not going to make it. */
export const readyMsMax = 60_000

/** A node says goodbye to its peers and closes its disk well within this. */
export const stopMsMax = 10_000

/** Beyond this an answer counts as none. */
export const answerMsMax = 15_000

/** After the cable is back: a dial waits two seconds at most, the rest is milliseconds. */
export const agreeMsMax = 60_000

/** The merged store is sent a large catalog after the nodes have it, a thousand and more changes a second. */
export const archivedMsMax = 300_000

/** A large catalog takes a while to reach the others. */
export const importedMsMax = 600_000

/** How often a node is asked whether it is there yet. */
export const askEveryMs = 50

/** How often digests are compared, and so how exactly convergence is timed. */
export const compareEveryMs = 5

/** Between two rounds of a visitor: traffic to be seen, on a machine that has other things to do. */
export const visitEveryMs = 40

/** Rounds that each visitor makes, however short the cut. */
export const visitsMin = 5

/** Faster than one reads, slow enough to follow: the whole story stays under 40 seconds. */
export const pauseMsPerWord = 40

/** Lines of a dead node's log that are shown. */
export const logLinesShown = 12
