/** The node's log as replication sees it. */

import type { ReplicaId } from '../../crdt/dot.ts'
import { chainStart, type ChainHeads } from '../../sync/change.ts'
import type { ChangeLog, Links, LogEntry } from '../../sync/change-log.ts'
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
  read: (position, bytesMax) => {
    const { entries, next } = store.readChanges(position, bytesMax)
    return { entries, next, continued: linksBefore(store, core.floor(), entries) }
  },
  end: () => store.endPosition(),
  digest: () => digest.toHex(core.state().digest),
})

/** What the first change of each replica among these continues. */
const linksBefore = (store: Store, floor: ChainHeads, entries: readonly LogEntry[]): Links => {
  const links = new Map<ReplicaId, Uint8Array>()
  const seen = new Set<ReplicaId>()
  for (const { dot } of entries) {
    const { replica, counter } = dot
    if (seen.has(replica)) continue
    seen.add(replica)
    const link = counter > 1 ? linkAt(store, floor, { replica, counter: counter - 1 }) : chainStart
    if (link) links.set(replica, link)
  }
  return links
}

/** Which changes the core's log holds. */
export const vectorOf = (core: Pick<Core, 'state'>): VersionVector =>
  new Map([...core.state().heads].map(([replica, { counter }]) => [replica, counter]))
