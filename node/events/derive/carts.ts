/** What a change says of carts: the lines that a shopper touched. */

import * as lwwRegister from '../../../crdt/lww-register.ts'
import { cart, tagsWritten, type Abandonment, type Cart } from '../../cart/cart.ts'
import { isText } from '../../guards.ts'
import type { Fact } from '../event.ts'
import type { Said } from './said.ts'

export const cartFacts = (said: Said): readonly Fact[] =>
  said.deltas(cart).flatMap(({ id, delta }) => factsOf(said, id, delta))

const factsOf = (said: Said, cartId: string, delta: Cart): readonly Fact[] => {
  const subject = `carts/${cartId}`
  const left = lwwRegister.read<Abandonment>({ store: delta.store.abandonment })
  if (left !== undefined) {
    const { items, amount, currency, touchedMs } = left
    const touchedAt = new Date(touchedMs).toISOString()
    const data = { cartId, items, value: { amount, currency }, touchedAt }
    return [{ type: 'cart.abandoned', subject, data }]
  }
  const updated: Fact = {
    type: 'cart.updated',
    subject,
    data: { cartId, cause: said.type },
  }
  // Lines that move between a guest's cart and an account's were added long before.
  if (said.type !== 'cart.updated') return [updated]
  const added = tagsWritten(delta).map(({ variant, quantity, sets }): Fact => ({
    type: 'cart.item_added',
    subject,
    data: { cartId, variantId: variant, quantity, isTotal: sets },
  }))
  const removed = removedOf(said).map((variantId): Fact => ({
    type: 'cart.item_removed',
    subject,
    data: { cartId, variantId },
  }))
  return [updated, ...added, ...removed]
}

// A delta that removes says which tags went, and not of which line: the rule notes that.
const removedOf = ({ details }: Said): readonly string[] => {
  const { removed = null } = details
  return Array.isArray(removed) ? removed.filter(isText) : []
}
