/** The cart as an Automerge document whose fields are lines; its history is part of what is stored. */

import * as Automerge from '@automerge/automerge'
import type { CartLibrary } from './cart-library.ts'

type Cart = Record<string, number>

// Replicas of a document begin from one change, or their maps would be two.
const start = Automerge.save(Automerge.init<Cart>({ actor: '00'.repeat(16) }))

export const automerge: CartLibrary = {
  name: 'automerge',
  open: (number) => {
    const actor = (number + 1).toString(16).padStart(32, '0')
    let doc = Automerge.load<Cart>(start, { actor })
    const lastChange = () => Automerge.getLastLocalChange(doc) ?? new Uint8Array()
    return {
      add: (line, quantity) => {
        doc = Automerge.change(doc, (draft) => {
          draft[line] = (draft[line] ?? 0) + quantity
        })
        return lastChange()
      },
      remove: (line) => {
        const before = doc
        doc = Automerge.change(doc, (draft) => {
          delete draft[line]
        })
        return doc === before ? new Uint8Array() : lastChange()
      },
      apply: (update) => {
        if (update.length > 0) [doc] = Automerge.applyChanges(doc, [update])
      },
      stored: () => Automerge.save(doc),
      quantities: () => new Map(Object.entries(doc)),
    }
  },
}
