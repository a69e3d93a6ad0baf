/** How long and how many in shipping, each limit with its reason. */

export const nameMax = 120
export const carrierMax = 120
export const trackingNumberMax = 64
export const locationMax = 200
export const noteMax = 500
export const eventIdMax = 128

/** Areas of one zone: all countries, or all states of a few. */
export const areasMax = 500

/** Rates of one method: a price for each of many zones, and the document stays under 64 KiB. */
export const ratesMax = 200
export const stepsMax = 20

/** A thousand tonnes: more than any parcel, exact in every sum. */
export const gramsMax = 1_000_000_000

/** Half a year, by ship. */
export const daysMax = 183

/** A parcel that goes round the world is scanned some fifty times. */
export const shipmentEventsMax = 200

/** Lines of one shipment, as of one order. */
export const shippedLinesMax = 100
