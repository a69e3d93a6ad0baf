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
import { dotKey, type Dot, type DotKey } from './dot.ts'
import type { Path, Shape } from './dot-store.ts'

/** Reads like any causal state; a reader must not keep what it read across an `absorb`. */
export interface Live<S> extends Causal<S> {
  readonly context: MutableContext
  readonly shape: Shape<S>
  /** Where the entry of each dot in the store is. */
  readonly places: Map<DotKey, Place>
}

interface Place {
  readonly dot: Dot
  readonly path: Path
}

/** A live copy of `state`. */
export const thaw = <S>(shape: Shape<S>, state: Causal<S>): Live<S> => {
  const places = new Map<DotKey, Place>()
  shape.visit(state.store, ({ dot }, path) => places.set(dotKey(dot), { dot, path }))
  return {
    shape,
    store: shape.thaw(state.store),
    context: causalContext.mutable(state.context),
    places,
  }
}

/** Joins `delta` into `live`. */
export const absorb = <S>(live: Live<S>, delta: Causal<S>): void => {
  const { shape, store, context, places } = live
  const carried = new Set<DotKey>()
  shape.visit(delta.store, (entry, path) => {
    const key = dotKey(entry.dot)
    carried.add(key)
    if (causalContext.has(context, entry.dot)) return
    shape.put(store, path, entry)
    places.set(key, { dot: entry.dot, path })
  })
  for (const key of seenPlaces(places, delta.context)) {
    const place = places.get(key)
    if (!place || carried.has(key)) continue
    shape.drop(store, place.path, key)
    places.delete(key)
  }
  causalContext.absorb(context, delta.context)
}

// The dots that may have been removed: those of the delta's context, or those of the state if fewer.
// A vector can name a million dots in a few bytes, so walking the context alone would not be bounded.
const seenPlaces = (
  places: ReadonlyMap<DotKey, Place>,
  context: CausalContext,
): Iterable<DotKey> =>
  causalContext.countDots(context) <= places.size
    ? causalContext.dotsOf(context).map(dotKey)
    : [...places].filter(([, { dot }]) => causalContext.has(context, dot)).map(([key]) => key)
