/** A cart as it is shown: its lines with today's prices, and what stands in the way of ordering them. */

import { isLive, product, variantsOf } from '../catalog/product.ts'
import { text } from '../catalog/product.ts'
import { productOf, type VariantId } from '../catalog/ids.ts'
import type { Price } from '../catalog/product.ts'
import type { World } from '../core/capability.ts'
import { sellable } from '../inventory/stock.ts'
import { lines, type Cart } from './cart.ts'
import type { CartId } from './cart-id.ts'
import { quantityMax } from './limits.ts'

export interface CartView {
  readonly id: string
  readonly lines: readonly LineView[]
  /** What is kept for later: shown with its price and units, and no part of the sums. */
  readonly saved: readonly LineView[]
  readonly problems: readonly CartProblem[]
  readonly itemCount: number
  /** Of the lines that can be sold; null for a cart without any. */
  readonly subtotal: Price | null
}

export interface LineView {
  readonly variantId: string
  readonly productId: string
  readonly name: string
  readonly options: Readonly<Record<string, string>>
  readonly quantity: number
  /** null: it is not sold any more. */
  readonly unitPrice: Price | null
  readonly lineTotal: Price | null
  /** Units that can be sold somewhere; null: not counted, never short. */
  readonly available: number | null
}

export interface CartProblem {
  readonly code:
    'variant_unavailable' | 'insufficient_stock' | 'quantity_over_limit' | 'currency_mismatch'
  readonly variantId: string
  readonly detail: string
}

export const viewCart = ({ read }: Pick<World, 'read'>, id: CartId, document: Cart): CartView => {
  const shown = lines(document).map(({ variant, quantity }) => viewLine(read, variant, quantity))
  const currency = shown.find(({ unitPrice }) => unitPrice !== null)?.unitPrice?.currency
  const total = shown.reduce(
    (sum, { lineTotal }) => sum + (lineTotal?.currency === currency ? (lineTotal?.amount ?? 0) : 0),
    0,
  )
  return {
    id,
    lines: shown,
    saved: lines(document, 'saved').map(({ variant, quantity }) =>
      viewLine(read, variant, quantity),
    ),
    problems: shown.flatMap((line) => problemsOf(line, currency)),
    itemCount: shown.reduce((sum, { quantity }) => sum + quantity, 0),
    subtotal: currency === undefined ? null : { amount: total, currency },
  }
}

const viewLine = (read: World['read'], variant: VariantId, quantity: number): LineView => {
  const document = read(product, productOf(variant))
  const found = isLive(document) ? variantsOf(document).find(({ id }) => id === variant) : undefined
  return {
    variantId: variant,
    productId: productOf(variant),
    name: text(document.store.name),
    options: found?.options ?? {},
    quantity,
    unitPrice: found?.price ?? null,
    lineTotal: found
      ? { amount: found.price.amount * quantity, currency: found.price.currency }
      : null,
    available: found ? (sellable({ read }, variant) ?? null) : 0,
  }
}

const problemsOf = (line: LineView, currency: string | undefined): readonly CartProblem[] => {
  const { variantId, quantity, available, unitPrice, name } = line
  if (unitPrice === null) {
    return [{ code: 'variant_unavailable', variantId, detail: `${name} is not sold any more` }]
  }
  const problems: CartProblem[] = []
  if (available !== null && available < quantity) {
    const detail = `Of ${name} there are ${available}, not ${quantity}`
    problems.push({ code: 'insufficient_stock', variantId, detail })
  }
  // Two regions may each have added up to the limit while they were cut off.
  if (quantity > quantityMax) {
    const detail = `A cart holds at most ${quantityMax} of one variant`
    problems.push({ code: 'quantity_over_limit', variantId, detail })
  }
  if (unitPrice.currency !== currency) {
    const detail = `${name} is priced in ${unitPrice.currency}, the cart in ${currency}`
    problems.push({ code: 'currency_mismatch', variantId, detail })
  }
  return problems
}
