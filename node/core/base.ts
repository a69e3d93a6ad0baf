/**
 * The base, while a transaction joins into it: the folded state of each document is read once and
 * written once.
 */

import { join, type Joinable } from './document-cache.ts'
import type { Base } from './store.ts'
import type { UnderstoodDelta } from './transaction.ts'

export interface OpenBase {
  /** Joins a delta or a whole state into what was folded of its document. */
  join(delta: UnderstoodDelta): void
  /** Writes what changed; the documents must have been written. */
  write(): void
}

export const openBase = (store: Pick<Base, 'readFolded' | 'writeFolded'>): OpenBase => {
  const open = new Map<string, Joinable>()

  const read = ({ kind, id }: UnderstoodDelta): Joinable => {
    const bytes = store.readFolded(kind.schema.kind, id)
    const state = bytes ? kind.schema.decode(bytes) : kind.schema.bottom
    return { kind, id, state, live: undefined, bytes: undefined }
  }

  return {
    join: (delta) => {
      const key = `${delta.kind.schema.kind}/${delta.id}`
      const document = open.get(key) ?? read(delta)
      open.set(key, document)
      join(document, delta.delta, delta.bytes)
    },
    write: () => {
      for (const { kind, id, state, bytes } of open.values()) {
        store.writeFolded(kind.schema.kind, id, bytes ?? kind.schema.encode(state))
      }
      open.clear()
    },
  }
}
