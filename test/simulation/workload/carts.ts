/** What shoppers do to their carts. */

import { accountCartId } from '../../../node/cart/cart-id.ts'
import { applyIntents, createCart, type Intent } from '../../../node/cart/cart-rules.ts'
import { mergeCart, unmergeCart } from '../../../node/cart/merge-rules.ts'
import type { Random } from '../world/random.ts'
import { deed, type MakeDeed } from './deed.ts'
import type { Goods } from './goods.ts'

const intentOf = (random: Random, { variants }: Goods, id: string): Intent => {
  const what = random.fraction()
  if (what < 0.08) return { id, type: 'clear' }
  const variantId = random.pick(variants)
  if (what < 0.25) return { id, type: 'remove', variantId }
  const quantity = random.between(1, 5)
  return what < 0.5
    ? { id, type: 'set', variantId, quantity: quantity - 1 }
    : { id, type: 'add', variantId, quantity }
}

export const cartDeeds = {
  createCart: ({ random, goods }) => {
    const id = random.pick(goods.carts)
    return deed('cart/new', createCart, { id })
  },
  intend: ({ random, goods, name }) => {
    const id = random.pick(goods.carts)
    const list = Array.from({ length: random.between(1, 3) }, (_, index) =>
      intentOf(random, goods, `${name}-${index}`),
    )
    return {
      ...deed(`cart/${id}`, applyIntents, { id, intents: list }),
      intents: { cart: id, list },
    }
  },
  // One cart in two is never merged, so that the model of intents can tell all of it.
  mergeCart: ({ random, goods }) => {
    const account = random.pick(goods.accounts)
    const guest = goods.carts[0]
    return (
      guest &&
      deed(`account/${account}`, mergeCart, { guest, own: accountCartId(account), account })
    )
  },
  unmergeCart: ({ random, goods }) => {
    const account = random.pick(goods.accounts)
    const guest = goods.carts[0]
    return guest && deed(`account/${account}`, unmergeCart, { guest, own: accountCartId(account) })
  },
} satisfies Record<string, MakeDeed>
