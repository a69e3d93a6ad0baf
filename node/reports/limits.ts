/** The limits of reports, each with its reason. */

/** Days of one report by day: a chart of more has no room, and months are there for it. */
export const daysMax = 400

/** Days of a report by product or category: each may bring a row a product. Whole months are not limited so. */
export const productDaysMax = 62

/** Months of such a report: five years to look back. */
export const productMonthsMax = 60

/** Rows of one answer; what comes after is the long tail. */
export const rowsMax = 1_000

/** Days of a report of which nobody said when. */
export const daysAsked = 30
