/**
 * A causal state that takes deltas in place, at a cost that depends on the delta and not on the state.
 *
 * The pure join must look at every entry of both sides. A live state knows where the entry of each dot
 * is, so it looks only at the dots that the delta carries or has seen. `lattice(shape).join` is its
 * oracle: the law suite holds that both arrive at the same bytes.
 */

import * as causalContext from './causal-context.ts'
import type { CausalContext, MutableContext } from './causal-context.ts'
import type { Causal } from './causal.ts'
import type { Dot, DotKey, ReplicaId } from './dot.ts'
import type { Place, Shape } from './dot-store.ts'

/** Reads like any causal state; a reader must not keep what it read across an `absorb`. */
export interface Live<S> extends Causal<S> {
  readonly context: MutableContext
  readonly shape: Shape<S>
  readonly places: Places
}

/** Where the entry of each dot in the store is, by replica and counter. */
type Places = Map<ReplicaId, Map<number, Place>>

/** A live copy of `state`. */
export const thaw = <S>(shape: Shape<S>, state: Causal<S>): Live<S> => {
  const places: Places = new Map()
  shape.visit(state.store, ({ dot }, path, key) => note(places, dot, { path, key }))
  const context = causalContext.mutable(state.context)
  return { shape, store: shape.thaw(state.store), context, places }
}

/** Joins `delta` into `live`. */
export const absorb = <S>(live: Live<S>, delta: Causal<S>): void => {
  const { shape, store, context, places } = live
  const kept = new Set<DotKey>()
  shape.visit(delta.store, (entry, path, key) => {
    if (causalContext.has(context, entry.dot)) {
      kept.add(key)
      return
    }
    const place = { path, key }
    shape.put(store, place, entry)
    note(places, entry.dot, place)
  })
  removeSeen(live, delta.context, kept)
  causalContext.absorb(context, delta.context)
}

const note = (places: Places, { replica, counter }: Dot, place: Place): void => {
  const own = places.get(replica)
  if (own) own.set(counter, place)
  else places.set(replica, new Map([[counter, place]]))
}

// Removes what `seen` has seen and its state did not keep. What has just been put in is not yet in
// the context of `live`, and stays.
const removeSeen = <S>(
  { shape, store, context, places }: Live<S>,
  seen: CausalContext,
  kept: ReadonlySet<DotKey>,
): void => {
  const remove = (replica: ReplicaId, counter: number) => {
    const own = places.get(replica)
    const place = own?.get(counter)
    if (!place || kept.has(place.key) || !causalContext.has(context, { replica, counter })) return
    shape.drop(store, place)
    own?.delete(counter)
  }
  for (const [replica, last] of seen.vector) {
    const own = places.get(replica)
    if (!own) continue
    // A vector names a million dots in a few bytes: if there are fewer entries, we walk those.
    if (last < own.size) for (let counter = 1; counter <= last; counter++) remove(replica, counter)
    else for (const counter of own.keys()) if (counter <= last) remove(replica, counter)
  }
  for (const [replica, counters] of seen.cloud) {
    for (const counter of counters) remove(replica, counter)
  }
}
