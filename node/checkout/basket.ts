/** What is to be ordered: the lines of a cart, or what a request names, and the agreement that a quote makes of it. */

import type { Value } from '../../crdt/value.ts'
import { cart as cartSchema, lines as cartLines } from '../cart/cart.ts'
import type { CartId } from '../cart/cart-id.ts'
import { productOf, type ProductId, type VariantId } from '../catalog/ids.ts'
import { isLive, product, variantsOf } from '../catalog/product.ts'
import type { World } from '../core/capability.ts'
import type { Agreement, OrderAddress } from '../orders/agreement.ts'
import type { Quote } from '../pricing/quote.ts'
import { ok, refused, type Result } from '../result.ts'
import { problemOf, type Problem } from './problem.ts'

export type Basket = { readonly cart: CartId } | { readonly items: readonly Item[] }

/** A variant; or a product, which stands for its first one. */
export type Item = {
  readonly product?: ProductId
  readonly variant?: VariantId
  readonly quantity: number
}

export interface Content {
  readonly lines: readonly { readonly variant: VariantId; readonly quantity: number }[]
  /** The cart's tags that the lines are made of, by their names. */
  readonly tags: readonly string[]
  readonly cart: CartId | null
}

export const contentOf = (
  { read }: Pick<World, 'read'>,
  basket: Basket,
): Result<Content, readonly Problem[]> => {
  if ('cart' in basket) {
    const document = read(cartSchema, basket.cart)
    const lines = cartLines(document)
    if (lines.length === 0) return refused([empty])
    return ok({ lines, tags: [...document.store.tags.keys()], cart: basket.cart })
  }
  const units = new Map<VariantId, number>()
  const problems: Problem[] = []
  for (const { product: id, variant: named, quantity } of basket.items) {
    const variant = named ?? (id && firstVariant(read, id))
    if (variant === undefined) problems.push(unknown(id ?? ''))
    else units.set(variant, (units.get(variant) ?? 0) + quantity)
  }
  if (problems.length > 0) return refused(problems)
  const lines = [...units].map(([variant, quantity]) => ({ variant, quantity }))
  return lines.length > 0 ? ok({ lines, tags: [], cart: null }) : refused([empty])
}

const firstVariant = (read: World['read'], id: ProductId): VariantId | undefined => {
  const document = read(product, id)
  return isLive(document) ? variantsOf(document)[0]?.id : undefined
}

const empty = problemOf('cart_empty', 'There is nothing in it', 'Put something into the cart.')

const unknown = (id: string): Problem => ({
  ...problemOf('variant_unavailable', `There is no product ${id} to be sold`, 'Take the line out.'),
  variantId: id,
})

/** What shop and shopper agree on by a quote that nothing stands in the way of. */
export const agreementOf = (
  { read }: Pick<World, 'read'>,
  quoted: Quote,
  more: Pick<Agreement, 'who' | 'cart' | 'payment'> & { readonly address: OrderAddress },
): Agreement => {
  const { totals, shipping } = quoted
  return {
    ...more,
    currency: quoted.currency,
    lines: quoted.lines.map((line) => ({
      variant: line.variant,
      sku: line.sku,
      name: line.name,
      options: optionsOf(read, line.variant),
      units: line.quantity,
      unitPrice: line.unitMinor ?? 0,
      discount: line.discountMinor,
      tax: line.tax?.amountMinor ?? 0,
      total: line.totalMinor,
    })),
    totals: {
      items: totals.itemsMinor,
      discount: totals.discountMinor + totals.shippingDiscountMinor,
      shipping: totals.shippingMinor,
      tax: totals.taxMinor,
      includedTax: totals.includedTaxMinor,
      total: totals.totalMinor,
    },
    shipping: shipping && {
      method: shipping.method,
      name: shipping.name,
      total: shipping.totalMinor,
    },
    coupons: quoted.coupons.map(({ code, promotion }) => ({ code, promotion })),
  } satisfies Value
}

const optionsOf = (read: World['read'], variant: VariantId) =>
  variantsOf(read(product, productOf(variant))).find(({ id }) => id === variant)?.options ?? {}
