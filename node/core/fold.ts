/**
 * Folding: old changes are joined into the base and leave the log, and the floor rises over them.
 *
 * It goes by vector and not by the log's order, which joins do not need: of each replica a run of its
 * changes from the floor on. One step is one transaction, and after each the log holds exactly the
 * changes above the floor, and base and log together say what they said before.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import type { VersionVector } from '../../crdt/version-vector.ts'
import * as change from '../../sync/change.ts'
import type { ChainHead, ChainHeads } from '../../sync/change.ts'
import { openBase } from './base.ts'
import type { Store } from './store.ts'
import { understand, type KindsByName } from './understand.ts'

export interface FoldStep {
  /** Nothing beyond is folded. */
  readonly upTo: VersionVector
  /** How many changes the step may take at most. */
  readonly changesMax: number
  /**
   * Whether a change may go although this release does not read all of it: what it says has come in
   * documents. Otherwise it stays, and all later ones of its replica, until a release reads it.
   */
  readonly isKnownOtherwise?: boolean
}

export interface Folded {
  readonly changes: number
  /** Whether another step would find more. */
  readonly isMore: boolean
  /** Of all replicas, as it is now. */
  readonly floor: ChainHeads
}

/** Folds some changes; inside a transaction. */
export const foldStep = (
  store: Store,
  kinds: KindsByName,
  { upTo, changesMax, isKnownOtherwise = false }: FoldStep,
): Folded => {
  const base = openBase(store)
  const floor = new Map(store.readFloor())
  const risen = new Map<ReplicaId, ChainHead>()
  const positions: number[] = []
  let horizon = store.readHorizon()
  let isMore = false

  const fold = (replica: ReplicaId, counter: number): boolean => {
    const stored = store.readChange({ replica, counter })
    if (!stored) return false
    const made = change.decode(stored.bytes)
    const understood = understand(kinds, made)
    if (understood.length < made.deltas.length && !isKnownOtherwise) return false
    for (const delta of understood) base.join(delta)
    positions.push(stored.position)
    risen.set(replica, { counter, hash: stored.hash })
    horizon = hlc.later(horizon, made.time)
    return true
  }

  for (const [replica, last] of upTo) {
    let counter = (floor.get(replica)?.counter ?? 0) + 1
    while (counter <= last && positions.length < changesMax && fold(replica, counter)) counter++
    isMore ||= counter <= last && positions.length >= changesMax
    if (isMore) break
  }
  if (positions.length === 0) return { changes: 0, isMore: false, floor }
  base.write()
  store.dropChanges(positions)
  store.writeFloor(risen)
  store.writeHorizon(horizon)
  return { changes: positions.length, isMore, floor: new Map([...floor, ...risen]) }
}
