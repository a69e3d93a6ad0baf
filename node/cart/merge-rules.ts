/** A guest's cart and an account's: merging them at sign-in, and undoing that. */

import { edit, type Edit } from '../../crdt/document.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import { draftDelta, type Decide, type World } from '../core/capability.ts'
import { ok, refused } from '../result.ts'
import * as rules from './cart.ts'
import { cart, namedTags, type Cart, type NamedTag, type Part } from './cart.ts'
import type { CartId } from './cart-id.ts'
import { tooManyTags, type CartAnswer } from './cart-rules.ts'
import { tagsMax } from './limits.ts'

export interface MergeInput {
  readonly guest: CartId
  readonly own: CartId
  readonly account: string
}

/**
 * Moves a guest's lines into the account's cart, and what the guest kept for later: the union of their
 * tags. The tags keep their names under the guest cart's, so that two regions that merge at once add
 * each only once; what a guest adds later is moved by the next merge, and `unmergeCart` moves it all
 * back.
 */
export const mergeCart: Decide<MergeInput, CartAnswer> = (world, { guest, own, account }) => {
  if (guest === own) {
    return refused({ code: 'invalid_request', detail: "The cart is the account's own already" })
  }
  const from = world.read(cart, guest)
  const to = world.read(cart, own)
  if (tagCount(from) + tagCount(to) > tagsMax) return refused(tooManyTags)
  const move = (part: Part): TagEdit =>
    rules.putAll(
      world,
      namedTags(from, part).map(({ name, tag }) => ({ name: `${guest}/${name}`, tag })),
    )
  return ok({
    type: 'cart.merged',
    details: { guest },
    deltas: [
      draftDelta(
        cart,
        own,
        edit(cart, to, {
          tags: move('tags'),
          saved: move('saved'),
          account: (register) => lwwRegister.write(register, world.time, account),
        }),
      ),
      draftDelta(cart, guest, edit(cart, from, { tags: rules.clear, saved: rules.clear })),
    ],
    answer: { id: own },
  })
}

/** Moves back what came from a guest's cart and is still there. */
export const unmergeCart: Decide<Omit<MergeInput, 'account'>, CartAnswer> = (
  world,
  { guest, own },
) => {
  const from = world.read(cart, own)
  const to = world.read(cart, guest)
  const came = (part: Part) =>
    namedTags(from, part).filter(({ name }) => name.startsWith(`${guest}/`))
  const tags = came('tags')
  const saved = came('saved')
  if (tags.length + saved.length + tagCount(to) > tagsMax) return refused(tooManyTags)
  const back = (named: readonly NamedTag[]) => putBack(world, guest, named)
  return ok({
    type: 'cart.unmerged',
    details: { guest },
    deltas: [
      draftDelta(cart, guest, edit(cart, to, { tags: back(tags), saved: back(saved) })),
      draftDelta(
        cart,
        own,
        edit(cart, from, { tags: rules.dropAll(tags), saved: rules.dropAll(saved) }),
      ),
    ],
    answer: { id: guest },
  })
}

type TagEdit = Edit<Cart['store']['tags']>

const putBack = (world: World, guest: CartId, named: readonly NamedTag[]): TagEdit =>
  rules.putAll(
    world,
    named.map(({ name, tag }) => ({ name: name.slice(guest.length + 1), tag })),
  )

const tagCount = ({ store }: Cart): number => store.tags.size + store.saved.size
