/** Which products of a catalog play which part in the story. */

import { ok, refused, type Result } from '../result.ts'
import type { Product } from './answers.ts'
import { productsMin } from './limits.ts'

export interface Cast {
  /** Put into one cart in two regions. */
  readonly shared: Product
  /** Taken out of that cart here and put in again there. */
  readonly returning: Product
  /** Put in by one intent that reaches two regions. */
  readonly repeated: Product
  /** Gets two prices at once. */
  readonly priced: Product
  /** Its tags are changed on both sides. */
  readonly tagged: Product
  /** Deleted here and edited there. */
  readonly withdrawn: Product
  /** What visitors look at and buy. */
  readonly visited: Product
}

/** The parts cast from these products, or why they do not suffice. */
export const castOf = (products: readonly Product[]): Result<Cast, string> => {
  const fit = variedOrder(ofOneCurrency(products.filter(isPlayable)))
  const [shared, returning, repeated, priced, tagged, withdrawn, visited] = fit
  const isWhole = shared && returning && repeated && priced && tagged && withdrawn && visited
  if (!isWhole || fit.length < productsMin) {
    return refused(
      `the story needs at least ${productsMin} products with prices in one currency, ` +
        `and this catalog has ${fit.length}`,
    )
  }
  return ok({ shared, returning, repeated, priced, tagged, withdrawn, visited })
}

// A price has to have room below it and above it, and tags have to have room for three more.
const isPlayable = ({ price, variants, tags }: Product): boolean =>
  price.amount >= 100 && price.amount <= 1e11 && variants.length > 0 && tags.length <= 60

/** Those in the currency that most of them are in: a cart holds one currency. */
const ofOneCurrency = (products: readonly Product[]): readonly Product[] =>
  [...Map.groupBy(products, ({ price }) => price.currency).values()]
    .sort((a, b) => b.length - a.length)
    .at(0) ?? []

/** Short names first, and of each category one before any has a second. */
const variedOrder = (products: readonly Product[]): readonly Product[] => {
  const byName = products.toSorted(
    (a, b) => lengthClass(a) - lengthClass(b) || (a.sku < b.sku ? -1 : 1),
  )
  const shelves = [...Map.groupBy(byName, ({ categories }) => categories[0] ?? '').values()]
  const deepest = Math.max(0, ...shelves.map((shelf) => shelf.length))
  return Array.from({ length: deepest }, (_, at) =>
    shelves.flatMap((shelf) => shelf.slice(at, at + 1)),
  ).flat()
}

// A name that a line has room for is as good as any other.
const lengthClass = ({ name }: Product): number => (name.length <= 20 ? 0 : name.length)
