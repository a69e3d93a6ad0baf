/**
 * Stocks of which a node sold more than it had rights to. It cannot happen by rule; it happens when a
 * backup was put back or a node was given up that went on selling. Then it is charged: the node's rights
 * are below none, and whatever it is given fills that hole first.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import * as escrowCounter from '../../crdt/escrow-counter.ts'
import type { World } from '../core/capability.ts'
import { nodeOf } from '../replication/replica.ts'
import type { StockId } from './location-id.ts'
import { stock } from './stock.ts'

export interface Debt {
  readonly stock: StockId
  /** Who sold them. */
  readonly node: string
  readonly units: number
}

/** Who owes how many units of a stock, as far as is known here. */
export const debtsOf = (world: Pick<World, 'read'>, id: StockId): readonly Debt[] => {
  const units = new Map<string, number>()
  const counter = { store: world.read(stock, id).store.units }
  for (const [replica, held] of escrowCounter.rightsByReplica(counter)) {
    const name = nameOf(world, replica)
    units.set(name, (units.get(name) ?? 0) + held)
  }
  return [...units]
    .filter(([, held]) => held < 0)
    .map(([node, held]) => ({ stock: id, node, units: -held }))
}

// One that has not told its name stands for itself.
const nameOf = (world: Pick<World, 'read'>, replica: ReplicaId): string =>
  nodeOf(world, replica) ?? replica
