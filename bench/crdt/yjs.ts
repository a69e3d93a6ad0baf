/** The cart as a Yjs map from line to quantity, garbage collection on, as it is by default. */

import * as Y from 'yjs'
import type { CartLibrary } from './cart-library.ts'

export const yjs: CartLibrary = {
  name: 'yjs',
  open: (number) => {
    const doc = new Y.Doc()
    doc.clientID = number + 1
    const cart = doc.getMap<number>('cart')
    let last: Uint8Array = new Uint8Array()
    doc.on('update', (update: Uint8Array) => {
      last = update
    })
    return {
      add: (line, quantity) => {
        cart.set(line, (cart.get(line) ?? 0) + quantity)
        return last
      },
      remove: (line) => {
        last = new Uint8Array()
        cart.delete(line)
        return last
      },
      apply: (update) => {
        if (update.length > 0) Y.applyUpdate(doc, update)
      },
      stored: () => Y.encodeStateAsUpdate(doc),
      quantities: () => new Map(cart.entries()),
    }
  },
}
