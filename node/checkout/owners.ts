/** Who runs a checkout, seen from here: that decides whether to wait for them or to act. */

import type { ReplicaId } from '../../crdt/dot.ts'
import type { World } from '../core/capability.ts'
import type { Core } from '../core/core.ts'
import { isFenced } from '../replication/membership.ts'
import { nodeOf } from '../replication/replica.ts'

export type Owner =
  /** This node, now or before its last start. */
  | 'us'
  /** Another one, which answers: it will see to it. */
  | 'in_reach'
  /** Another one, of which nobody can tell whether it is cut off or dead. */
  | 'out_of_reach'
  /** Another one, which an admin has declared gone. */
  | 'gone'

export const ownerOf = (
  core: Pick<Core, 'lineage'> & Pick<World, 'read'>,
  replica: ReplicaId,
  /** The names of the nodes that are connected. */
  inReach: ReadonlySet<string>,
): Owner => {
  if (core.lineage().includes(replica)) return 'us'
  const name = nodeOf(core, replica)
  if (name === undefined) return 'out_of_reach'
  if (isFenced(core, name)) return 'gone'
  return inReach.has(name) ? 'in_reach' : 'out_of_reach'
}
