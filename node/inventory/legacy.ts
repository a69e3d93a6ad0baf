/** What an heir may take: a kind of documents with rights in them, and how the unspent ones pass to it. */

import { edit } from '../../crdt/document.ts'
import { assert } from '../../crdt/assert.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as escrowCounter from '../../crdt/escrow-counter.ts'
import type { EscrowCounter } from '../../crdt/escrow-counter.ts'
import { draftDelta, type DraftDelta, type World } from '../core/capability.ts'
import { stock } from './stock.ts'

export interface Legacy {
  /** The kind of the documents. */
  readonly kind: string
  counter(world: Pick<World, 'read'>, id: string): Pick<EscrowCounter, 'store'>
  /** The delta that a change of the counter makes in its document. */
  changed(
    world: Pick<World, 'read'>,
    id: string,
    change: (counter: EscrowCounter) => EscrowCounter,
  ): DraftDelta
}

/** A legacy, and how all its documents are gone through. */
export interface Inherited {
  readonly legacy: Legacy
  /** The documents after a document's number, in the order of these numbers; 0 begins. */
  after(
    document: number,
    limit: number,
  ): readonly { readonly document: number; readonly id: string }[]
}

export const stockLegacy: Legacy = {
  kind: stock.kind,
  counter: ({ read }, id) => ({ store: read(stock, id).store.units }),
  changed: ({ read }, id, change) =>
    draftDelta(stock, id, edit(stock, read(stock, id), { units: change })),
}

/** The rights in a document that these replicas have left, as far as it is known. */
export const unspent = (
  world: Pick<World, 'read'>,
  legacy: Legacy,
  { id, replicas }: { readonly id: string; readonly replicas: readonly ReplicaId[] },
): number => escrowCounter.rights(legacy.counter(world, id), replicas)

/** The delta by which this node takes what these replicas have left, of which there is something. */
export const taking = (
  world: Pick<World, 'read' | 'lineage'>,
  legacy: Legacy,
  { id, replicas }: { readonly id: string; readonly replicas: readonly ReplicaId[] },
): DraftDelta =>
  legacy.changed(world, id, (counter) => {
    const taken = escrowCounter.reclaim(counter, { by: world.lineage, from: replicas })
    assert(escrowCounter.isDelta(taken), 'there are rights left to be taken')
    return taken
  })
