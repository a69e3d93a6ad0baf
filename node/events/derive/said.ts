/** What a change says, opened for the derivers: its deltas by kind of document, and its details. */

import type { Document, Schema } from '../../../crdt/document.ts'
import type { Fields } from '../../../crdt/dot-store.ts'
import { DecodeError } from '../../../crdt/codec.ts'
import type { Value } from '../../../crdt/value.ts'
import type { Change } from '../../../sync/change.ts'
import { isFields } from '../../guards.ts'

/** What of a shop's documents is said once and never changes, so that it may be looked up at any time. */
export interface Lookup {
  /** Whose session it is; undefined if this node has not heard of it. */
  readonly accountOfSession: (session: string) => string | undefined
}

export interface Said {
  readonly type: string
  readonly details: Readonly<Record<string, Value>>
  readonly lookup: Lookup
  /** The change's deltas on documents of this schema. */
  deltas<F extends Fields>(
    schema: Schema<F>,
  ): readonly { readonly id: string; readonly delta: Document<F> }[]
}

/** `unread` is called with each delta that only a later release reads. */
export const saidBy = (made: Change, lookup: Lookup, unread: () => void): Said => ({
  type: made.type,
  details: ownDetails(made),
  lookup,
  deltas: (schema) =>
    made.deltas
      .filter(({ kind }) => kind === schema.kind)
      .flatMap(({ id, bytes }) => {
        try {
          return [{ id, delta: schema.decode(bytes) }]
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error
          unread()
          return []
        }
      }),
})

// The core wraps a rule's details, with the answer beside them.
const ownDetails = ({ details }: Change): Said['details'] => {
  const own = isFields(details) ? (details['details'] ?? null) : null
  return isFields(own) ? own : {}
}

/** The names of the fields that a delta writes. */
export const fieldsWritten = <F extends Fields>(
  { fields }: Schema<F>,
  { store }: Document<F>,
): readonly string[] =>
  Object.entries(fields)
    .filter(([name, [, shape]]) => !shape.isEmpty(store[name]))
    .map(([name]) => name)
