/** How long and how many: what a catalog holds, each limit generous for a shop and small for a node. */

export const skuMax = 64
export const nameMax = 300
export const brandMax = 120
export const tagMax = 64
export const optionMax = 120
export const altMax = 500
export const reasonMax = 500
export const urlMax = 2_048

/** Some four printed pages. */
export const descriptionMax = 20_000

export const categoryNameMax = 120
export const categoryDepthMax = 12
/** A path's names and the separators between them. */
export const categoryTextMax = 2_000

/** Paths of one product: each is a row that every list of the category reads. */
export const categoriesMax = 16
export const tagsMax = 64
export const imagesMax = 32
export const variantsMax = 100
export const optionsMax = 8

/** A thousand million: more than any stock or ranking, and exact in every sum. */
export const quantityMax = 1_000_000_000
export const popularityMax = 1_000_000_000

/** Lines of a batch that wait for their commit at once: enough for full groups, bounded in memory. */
export const batchLinesInFlight = 256

/** Tags listed at once, the most used first. */
export const tagListMax = 500

/** Products kept as they are answered: a kilobyte or two each. */
export const cachedProductsMax = 2_000
