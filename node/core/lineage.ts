/**
 * The replicas that this node was, one after the other. No two of them ever lived at the same time, so
 * what one had a right to, the next may spend.
 */

import type { ReplicaId } from '../../crdt/dot.ts'

export interface Lineage {
  /** The current replica first, then the former ones whose rights are its own. */
  replicas(): readonly ReplicaId[]
  /** The node goes on as `replica`. Returns when that is noted where the next start will look. */
  succeed(replica: ReplicaId, why: Succession): void
}

export type Succession =
  /** The process began. */
  | 'start'
  /** A write was undone, and its dots must not be used again. */
  | 'disk_full'
  /** Somebody else writes under our name: what we were, they are, too, and its rights may be spent. */
  | 'forked'

/** A lineage that begins with the process and is forgotten with it. */
export const createBriefLineage = (): Lineage => {
  let replicas: readonly ReplicaId[] = []
  return {
    replicas: () => replicas,
    succeed: (replica, why) => {
      replicas = why === 'forked' ? [replica] : [replica, ...replicas]
    },
  }
}
