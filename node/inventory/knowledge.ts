/** What this node knows of who may sell how much of a stock: right about itself, a guess of others. */

import * as escrowCounter from '../../crdt/escrow-counter.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import type { World } from '../core/capability.ts'
import { nodeOf } from '../replication/replica.ts'
import type { AskedPeer } from './ask-peers.ts'
import { holdsOf } from './holds.ts'
import type { Stock } from './stock.ts'

export type Knowing = Pick<World, 'read' | 'lineage' | 'time'>

/** The units that each of `peers` can sell, by its name. */
export const unitsOfPeers = (
  world: Knowing,
  document: Stock,
  peers: readonly AskedPeer[],
): ReadonlyMap<string, number> => {
  const names = new Map<ReplicaId, string>(peers.map(({ name, replica }) => [replica, name]))
  const nameOf = (replica: ReplicaId) => names.get(replica) ?? nodeOf(world, replica)
  const units = new Map(peers.map(({ name }) => [name, 0]))
  const add = (replica: ReplicaId, more: number) => {
    const name = world.lineage.includes(replica) ? undefined : nameOf(replica)
    const before = name === undefined ? undefined : units.get(name)
    if (name !== undefined && before !== undefined) units.set(name, before + more)
  }
  const rights = escrowCounter.rightsByReplica({ store: document.store.units })
  for (const [replica, held] of rights) add(replica, held)
  for (const { replica, untilMs, units: held } of holdsOf(document)) {
    if (untilMs > world.time.wallMs) add(replica, -held)
  }
  return units
}
