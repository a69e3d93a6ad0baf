/** What stock may be and do, each limit with its reason. */

/** A thousand million: more than any stock, and a million such receipts are exact in a double. */
export const unitsMax = 1_000_000_000

/** Locations of one variant: each is a document that a hold may have to look at. */
export const locationsPerVariantMax = 64

/** Expired holds that one change clears away on its way, so that no change grows by others' leavings. */
export const holdsSweptAtOnce = 32

/** Demand of a minute ago counts half: a rush is followed within seconds, and a lull within minutes. */
export const demandHalfLifeMs = 60_000

/** Stocks whose demand is remembered, some hundred bytes each: more than sell within a few minutes. */
export const demandTrackedMax = 10_000

/** From here on a stock's rights are fetched ahead; below the second figure its demand is forgotten. */
export const demandBusyPerMinute = 0.2
export const demandForgottenPerMinute = 0.01

/** How long a request waits for rights from elsewhere: longer, and the shopper thinks it is broken. */
export const coverMsMax = 1_000

/** How long one peer may take, before it is asked again or another is: twice round the world. */
export const askMsMax = 400

/** The same peer, when an answer did not come: once more, under the same name. */
export const asksPerPeer = 2

/** Rights for so much demand are fetched before they are needed. */
export const prefetchMs = 10_000

/** How often stocks are looked over, to fetch and to share rights. */
export const tendEveryMs = 1_000

/** Stocks looked over each time: a change that shares rights of them all stays under 32 KiB. */
export const tendedAtOnce = 256

/** Others' holds are cleared away so long after their time, in case their node's clock is behind. */
export const othersHoldGraceMs = 60 * 60 * 1_000

/** Entries of a stock's log that are answered at once, the latest ones. */
export const logEntriesMax = 100

/** Accounts that wait for one variant: a document of some hundred kilobytes, and more than will be served. */
export const watchersMax = 10_000

/** Of a location's name and the lines of its address. */
export const locationNameMax = 200
export const addressLineMax = 200
export const hoursMax = 500

/** Lines of a batch that wait for their commit at once. */
export const batchLinesInFlight = 64

/**
 * A node that was away for longer has to ask whether it was given up meanwhile, and may be given up only
 * after so long: an upgrade and a restart of the machine take less.
 */
export const absenceMsMax = 10 * 60_000

/** What was written so short before our start was written by somebody who may live: clocks differ by less. */
export const signOfLifeMs = 60_000

/** How often the node looks for what ends a doubt, or begins one. */
export const lookAroundMs = 1_000

/** How often it is noted that the node is alive: an absence is known to the minute. */
export const aliveEveryMs = 60_000
