/** What an order may hold and a request may say, each limit with its reason. */

/** Of one request by product: as many lines as a cart has. */
export { linesMax, quantityMax } from '../cart/limits.ts'

/** A reason is a sentence or two. */
export const reasonMax = 500

/** A tracking number, by the longest that carriers print. */
export const trackingMax = 100

/** Parts of an address: the longest street names have some eighty characters. */
export const addressTextMax = 200

/** Edits, shipments and returns of one order: after so many, somebody should telephone. */
export const eventsMax = 500

/** Orders whose tasks are listed at once: more than a shift gets through. */
export const tasksListedMax = 200
