/** What each line of a basket costs before anything is taken off, or why it cannot be sold. */

import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orSet from '../../crdt/or-set.ts'
import { quantityMax } from '../cart/limits.ts'
import * as categoryPath from '../catalog/category-path.ts'
import { brandIdOf, categoryIdOf, productOf } from '../catalog/ids.ts'
import { isLive, product, text, variantsOf, type Price, type Product } from '../catalog/product.ts'
import type { World } from '../core/capability.ts'
import type { Goods } from '../promotions/discount.ts'
import { gramsOf } from '../shipping/parcel.ts'
import { quoteMinorMax } from './limits.ts'
import type { QuoteLine } from './quote.ts'
import { problemOf, type QuoteProblem } from './quote-problem.ts'

export interface PricedLine {
  readonly asked: QuoteLine
  readonly sku: string
  readonly name: string
  /** undefined: it cannot be sold. */
  readonly goods: Goods | undefined
  readonly grams: number
}

export interface PricedLines {
  /** That of the first line that can be sold. */
  readonly currency: string
  readonly lines: readonly PricedLine[]
  readonly problems: readonly QuoteProblem[]
}

/** Prices lines in their order, each as long as it fits what the ones before it left room for. */
export const priceLines = (
  world: Pick<World, 'read'>,
  asked: readonly QuoteLine[],
): PricedLines => {
  const lines: PricedLine[] = []
  const problems: QuoteProblem[] = []
  let currency: string | undefined
  let sumMinor = 0
  for (const one of asked) {
    const found = findVariant(world, one)
    const problem = judge(one, found, { currency, sumMinor })
    if (problem) problems.push(problem)
    const price = problem ? undefined : found?.price
    currency ??= price?.currency
    if (price) sumMinor += price.amount * one.quantity
    lines.push({
      asked: one,
      sku: found?.sku ?? '',
      name: found?.name ?? '',
      goods: price && found && goodsOf(one, found.document, price),
      grams: price ? gramsOf(world, one.variant) * one.quantity : 0,
    })
  }
  return { currency: currency ?? 'USD', lines, problems }
}

interface FoundVariant {
  readonly document: Product
  readonly sku: string
  readonly name: string
  readonly price: Price
}

const findVariant = (
  { read }: Pick<World, 'read'>,
  { variant, agreed }: QuoteLine,
): FoundVariant | undefined => {
  const document = read(product, productOf(variant))
  if (!isLive(document)) return undefined
  const found = variantsOf(document).find(({ id }) => id === variant)
  if (!found) return undefined
  return { document, sku: found.sku, name: text(document.store.name), price: agreed ?? found.price }
}

const judge = (
  { variant, quantity }: QuoteLine,
  found: FoundVariant | undefined,
  before: { readonly currency: string | undefined; readonly sumMinor: number },
): QuoteProblem | undefined => {
  if (!found) {
    const detail = `There is no variant ${variant} to be sold`
    return problemOf('variant_unavailable', detail, { variantId: variant })
  }
  const { price, name } = found
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > quantityMax) {
    const detail = `Of ${name} 1 to ${quantityMax} can be ordered, not ${quantity}`
    return problemOf('quantity_out_of_range', detail, { variantId: variant })
  }
  if (before.currency !== undefined && price.currency !== before.currency) {
    const detail = `${name} is priced in ${price.currency}, the rest in ${before.currency}`
    return problemOf('currency_mismatch', detail, { variantId: variant })
  }
  if (before.sumMinor + price.amount * quantity > quoteMinorMax) {
    const detail = `With ${name} it would be more than ${quoteMinorMax} minor units`
    return problemOf('amount_out_of_range', detail, { variantId: variant })
  }
  return undefined
}

const goodsOf = (
  { variant, quantity }: QuoteLine,
  { store }: Product,
  { amount }: Price,
): Goods => {
  const paths = orSet.elements({ store: store.categories }).map(categoryPath.split)
  const brand = lwwRegister.read({ store: store.brand }) ?? null
  return {
    key: variant,
    product: productOf(variant),
    categories: [...new Set(paths.map((path) => categoryIdOf(path)))],
    brand: brand === null ? null : brandIdOf(brand),
    tags: orSet.elements({ store: store.tags }),
    unitMinor: amount,
    quantity,
  }
}
