/** What a flash sale may be and take, each limit with its reason. */

/** Sales known at once: an admin plans a season, and every request looks through the ones that are on. */
export const salesOnMax = 64

/** Of one buyer: what is sold by the hundred to one person is no flash sale. */
export const perBuyerMax = 100

export const saleNameMax = 120

/** How long units wait to be paid for before they go to the next buyer. */
export const payWithinMs = 10 * 60_000

/** Attempts of one buyer that are kept: those that failed leave nothing, so that it is bounded by the limit. */
export const attemptsPerBuyerMax = 200

/** Attempts that are decided at once: a few groups of the writer, so that none waits for its turn twice. */
export const inFlightMax = 512

/** Attempts that wait; some hundred bytes each. Who comes later is told to come back. */
export const queueMax = 20_000

/** So long an answer is waited for; who must wait longer is given a place in the queue. */
export const answerWithinMs = 1_000

/** What became of an attempt is remembered so long for whoever asks again. */
export const ticketMs = 10 * 60_000
export const ticketsMax = 100_000

/** Attempts of one buyer: so many at once, then one a second. A person cannot press faster. */
export const attemptsBurst = 10
export const attemptRefillMs = 1_000
export const buyersRemembered = 100_000

/** How often it is looked which sales are on: the first and last second of a sale are that inexact. */
export const lookEveryMs = 500
