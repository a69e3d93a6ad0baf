/** The cart as the node keeps it: the document of `node/cart/cart.ts`, its rules and its codec. */

import { replicaIdOf } from '../../crdt/dot.ts'
import type { Edit } from '../../crdt/document.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import * as live from '../../crdt/live.ts'
import * as rules from '../../node/cart/cart.ts'
import { cart, lines, type Cart } from '../../node/cart/cart.ts'
import type { VariantId } from '../../node/catalog/ids.ts'
import type { World } from '../../node/core/capability.ts'
import type { CartLibrary } from './cart-library.ts'

export const ours: CartLibrary = {
  name: 'ours',
  open: (number) => {
    const replica = replicaIdOf(new Uint8Array(8).fill(number + 1))
    const state = live.thaw(cart.shape, cart.bottom)
    let clock = hlc.bottom
    let intents = 0

    const mutate = (edit: (world: World) => Edit<Cart['store']['tags']>): Uint8Array => {
      clock = hlc.tick(clock, Date.now())
      const delta = rules.editTags(state, [edit(worldAt({ ...clock, replica }))])
      const bytes = cart.encode(delta)
      live.absorb(state, delta)
      return bytes
    }

    return {
      add: (line, quantity) =>
        mutate((world) =>
          rules.add(world, `i-${++intents}`, { variant: line as VariantId, quantity }),
        ),
      remove: (line) => mutate(() => rules.remove(line as VariantId)),
      apply: (update) => live.absorb(state, cart.decode(update)),
      stored: () => cart.encode(state),
      quantities: () => new Map(lines(state).map(({ variant, quantity }) => [variant, quantity])),
    }
  },
}

// The cart's mutations need only the time; the world beyond the cart is for the rules above them.
const worldAt = (time: hlc.Timestamp): World => ({
  replica: time.replica,
  lineage: [time.replica],
  time,
  read: (schema) => schema.bottom,
  exists: () => false,
  isAnswered: () => false,
})
