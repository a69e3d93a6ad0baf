/** The cart as a Loro map from line to quantity, stored as the snapshot that leaves history out. */

import { LoroDoc } from 'loro-crdt'
import type { CartLibrary } from './cart-library.ts'

export const loro: CartLibrary = {
  name: 'loro',
  open: (number) => {
    const doc = new LoroDoc()
    doc.setPeerId(BigInt(number + 1))
    const cart = doc.getMap('cart')
    let last = new Uint8Array()
    doc.subscribeLocalUpdates((update) => {
      last = new Uint8Array(update)
    })
    const quantityOf = (line: string): number => {
      const quantity: unknown = cart.get(line)
      return typeof quantity === 'number' ? quantity : 0
    }
    return {
      add: (line, quantity) => {
        cart.set(line, quantityOf(line) + quantity)
        doc.commit()
        return last
      },
      remove: (line) => {
        last = new Uint8Array()
        cart.delete(line)
        doc.commit()
        return last
      },
      apply: (update) => {
        if (update.length > 0) doc.import(update)
      },
      stored: () => doc.export({ mode: 'shallow-snapshot', frontiers: doc.oplogFrontiers() }),
      quantities: () => new Map(Object.entries(cart.toJSON() as Record<string, number>)),
    }
  },
}
