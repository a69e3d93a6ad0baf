/** Shoppers for tests: regions that sell the same few things, and what people do to carts in them. */

import type { VariantId } from '../../../../node/catalog/ids.ts'
import { productIdOf, variantIdOf } from '../../../../node/catalog/ids.ts'
import { cart, lines, type Part } from '../../../../node/cart/cart.ts'
import { accountCartId, cartIdOf, type CartId } from '../../../../node/cart/cart-id.ts'
import { applyIntents, type Intent } from '../../../../node/cart/cart-rules.ts'
import { mergeCart, unmergeCart } from '../../../../node/cart/merge-rules.ts'
import { createClock, createRegion, productInput, send, type Region } from '../catalog/region.ts'

export const skus = ['TEA', 'COFFEE', 'CAKE'] as const
export type Sku = (typeof skus)[number]

export const variantOf = (sku: string): VariantId => variantIdOf(productIdOf(sku), sku)

export const guest = cartIdOf(new Uint8Array(13).fill(1))
export const account = 'carol'
export const own = accountCartId(account)

/** What a shopper does. An act on `cart` goes to the guest's cart unless it says otherwise. */
export type Act =
  | { readonly does: 'add' | 'set'; sku: Sku; quantity: number; id?: string; cart?: CartId }
  | {
      readonly does: 'remove' | 'save' | 'unsave' | 'discard'
      sku: Sku
      id?: string
      cart?: CartId
    }
  | { readonly does: 'clear'; id?: string; cart?: CartId }
  | { readonly does: 'merge' | 'unmerge' }

/** Two regions that have met and sell everything. */
export const openShops = (): { readonly alice: Region; readonly bob: Region } => {
  const clock = createClock()
  const alice = createRegion(clock)
  const bob = createRegion(clock)
  for (const sku of skus) alice.create(productInput({ sku, name: sku }))
  send(alice, bob)
  return { alice, bob }
}

interface Carts {
  readonly guest: CartId
  readonly own: CartId
}

let acts = 0

export const act = (region: Region, what: Act, carts: Carts = { guest, own }) => {
  switch (what.does) {
    case 'merge':
      return region.run(mergeCart, { ...carts, account })
    case 'unmerge':
      return region.run(unmergeCart, carts)
    default: {
      const { cart: id = carts.guest } = what
      return region.run(applyIntents, { id, intents: [intentOf(what)] })
    }
  }
}

const intentOf = (what: Exclude<Act, { does: 'merge' | 'unmerge' }>): Intent => {
  const id = what.id ?? `i-${++acts}`
  if (what.does === 'clear') return { id, type: 'clear' }
  const variantId = variantOf(what.sku)
  return 'quantity' in what
    ? { id, type: what.does, variantId, quantity: what.quantity }
    : { id, type: what.does, variantId }
}

/** The quantities in a part of a cart, by SKU; what is not there is left out. */
export const quantities = (
  region: Region,
  id: CartId = guest,
  part: Part = 'tags',
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    lines(region.core.read(cart, id), part).map(({ variant, quantity }) => [
      skus.find((sku) => variantOf(sku) === variant) ?? variant,
      quantity,
    ]),
  )
