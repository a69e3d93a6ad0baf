/**
 * Which of a change's deltas this release understands. A kind or a field that only a later release
 * knows is passed over here: the change is kept and forwarded as it is, and its documents are made
 * complete when this node knows them too and rebuilds.
 */

import * as causalContext from '../../crdt/causal-context.ts'
import type { CausalContext } from '../../crdt/causal-context.ts'
import * as codec from '../../crdt/codec.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import { counterOf } from '../../crdt/version-vector.ts'
import type { Change, DocumentDelta } from '../../sync/change.ts'
import type { DocumentKind } from './capability.ts'
import type { UnderstoodDelta } from './transaction.ts'

export type KindsByName = ReadonlyMap<string, DocumentKind>

export const kindsByName = (kinds: readonly DocumentKind[]): KindsByName =>
  new Map(kinds.map((kind) => [kind.schema.kind, kind]))

/** The registered kind of a schema. */
export const kindOf = (kinds: KindsByName, schema: { readonly kind: string }): DocumentKind => {
  const kind = kinds.get(schema.kind)
  if (!kind) throw new Error(`No capability registered documents of kind ${schema.kind}`)
  return kind
}

export const understand = (kinds: KindsByName, { deltas }: Change): readonly UnderstoodDelta[] => {
  const understood: UnderstoodDelta[] = []
  for (const delta of deltas) {
    const kind = kinds.get(delta.kind)
    const decoded = kind && tryDecode(kind, delta)
    if (decoded) understood.push(decoded)
  }
  return understood
}

/** Whether a delta writes under the dots of `replica` only, as every honest one does. */
export const isOwn = ({ kind, delta }: UnderstoodDelta, replica: ReplicaId): boolean => {
  let own = true
  kind.schema.shape.visit(delta.store, ({ dot }) => {
    if (dot.replica !== replica) own = false
  })
  return own
}

/**
 * Whether what came from a peer has seen dots of ours, `self`, that `ours` has not. A document counts
 * its own dots: to believe that they were seen before we have written them would be to use them up,
 * and what we write under them next would be taken for removed.
 */
export const claimsUnwritten = (
  { vector, cloud }: CausalContext,
  ours: CausalContext,
  self: ReplicaId,
): boolean => {
  let counter = counterOf(vector, self)
  for (const beyond of cloud.get(self) ?? []) counter = Math.max(counter, beyond)
  return counter > 0 && !causalContext.has(ours, { replica: self, counter })
}

/** The delta or state that the bytes hold; undefined if this release cannot read it. */
export const tryDecode = (
  kind: DocumentKind,
  { id, bytes }: DocumentDelta,
): UnderstoodDelta | undefined => {
  try {
    return { kind, id, delta: kind.schema.decode(bytes), bytes }
  } catch (error) {
    if (error instanceof codec.DecodeError) return undefined
    throw error
  }
}
