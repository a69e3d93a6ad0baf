/** What is to be ordered: the lines of a cart, or what a request names, and the agreement that a quote makes of it. */

import type { Value } from '../../crdt/value.ts'
import { cart as cartSchema, lines as cartLines } from '../cart/cart.ts'
import { isCartId, type CartId } from '../cart/cart-id.ts'
import { productOf, type ProductId, type VariantId } from '../catalog/ids.ts'
import { isLive, product, variantsOf } from '../catalog/product.ts'
import type { World } from '../core/capability.ts'
import { attemptsOf, purchase, purchaseIdOf, type PurchaseName } from '../flash-sale/purchase.ts'
import type { Agreement, OrderAddress } from '../orders/agreement.ts'
import type { Quote, QuoteLine } from '../pricing/quote.ts'
import { ok, refused, type Result } from '../result.ts'
import { problemOf, type Problem } from './problem.ts'

export type Basket =
  | { readonly cart: CartId }
  | { readonly items: readonly Item[] }
  | { readonly purchase: PurchaseName }

/** A variant; or a product, which stands for its first one. */
export type Item = {
  readonly product?: ProductId
  readonly variant?: VariantId
  readonly quantity: number
}

export interface Content {
  readonly lines: readonly QuoteLine[]
  /** The cart's tags that the lines are made of, by their names. */
  readonly tags: readonly string[]
  /** What it is made of, or, of a guest's purchase, the cart that the guest is known by. */
  readonly cart: CartId | null
  readonly purchase?: PurchaseName
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
  if ('purchase' in basket) return contentOfPurchase(read, basket.purchase)
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

/** At the price of the sale, whatever the variant costs by now. */
const contentOfPurchase = (
  read: World['read'],
  name: PurchaseName,
): Result<Content, readonly Problem[]> => {
  const { sale, buyer, attempt } = name
  const found = attemptsOf(read(purchase, purchaseIdOf(sale, buyer))).find(
    (one) => one.name === attempt,
  )
  const variant = found?.held[0]?.variant
  if (!found || !variant) {
    const detail = `There is no purchase ${attempt} here`
    return refused([problemOf('purchase_not_found', detail, 'Order at the node it was made at.')])
  }
  const lines = [{ variant, quantity: found.units, agreed: found.price }]
  return ok({ lines, tags: [], cart: isCartId(buyer) ? buyer : null, purchase: name })
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
