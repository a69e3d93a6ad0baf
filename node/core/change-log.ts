/** The node's log as replication sees it. */

import type { ChangeLog } from '../../sync/change-log.ts'
import type { VersionVector } from '../../crdt/version-vector.ts'
import { counterOf } from '../../crdt/version-vector.ts'
import { linkAt } from './adopt.ts'
import type { Core } from './core.ts'
import * as digest from './digest.ts'
import type { Store } from './store.ts'

export const createChangeLog = (core: Pick<Core, 'state' | 'floor'>, store: Store): ChangeLog => ({
  vector: () => vectorOf(core),
  heads: () => core.state().heads,
  floor: () => core.floor(),
  hashAt: (dot) => linkAt(store, core.floor(), dot),
  positionFor: (vector: VersionVector) => {
    let position = store.endPosition()
    for (const [replica, { counter }] of core.state().heads) {
      const theirs = counterOf(vector, replica)
      if (theirs >= counter) continue
      position = Math.min(position, store.positionAfter(replica, theirs) ?? position)
    }
    return position
  },
  read: (position, bytesMax) => store.readChanges(position, bytesMax),
  end: () => store.endPosition(),
  digest: () => digest.toHex(core.state().digest),
})

/** Which changes the core's log holds. */
export const vectorOf = (core: Pick<Core, 'state'>): VersionVector =>
  new Map([...core.state().heads].map(([replica, { counter }]) => [replica, counter]))
