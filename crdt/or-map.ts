/**
 * A map from texts to states of one type, whose keys come and go like the elements of an `OrSet`: a
 * key is there while anything under it is, and a remove takes away only what it has seen.
 */

import * as causalContext from './causal-context.ts'
import { lattice, type Causal } from './causal.ts'
import type { Dot } from './dot.ts'
import { dotMap, named, type DotMap, type Shape } from './dot-store.ts'
import * as lwwRegister from './lww-register.ts'
import { isValue } from './payload.ts'

export type OrMap<S> = Causal<DotMap<S>>

/** A map to states whose stores have the shape `of`. */
export const shape = <S>(of: Shape<S>): Shape<DotMap<S>> => named('or-map', dotMap(of))

/** The lattice of maps to registers; of maps to another shape, ask `lattice(shape(of))`. */
export const { bottom, join, encode, decode } = lattice(shape(lwwRegister.shape(isValue)))

/** The state under `key`; one that holds nothing is like one that is absent. */
export const get = <S>(map: OrMap<S>, of: Shape<S>, key: string): Causal<S> => ({
  store: map.store.get(key) ?? of.bottom,
  context: map.context,
})

/** The delta that changes the state under `key` by the delta that `edit` makes of it. */
export const update = <S>(
  map: OrMap<S>,
  of: Shape<S>,
  { key, edit }: { readonly key: string; readonly edit: (state: Causal<S>) => Causal<S> },
): OrMap<S> => {
  const delta = edit(get(map, of, key))
  return {
    store: of.isEmpty(delta.store) ? new Map() : new Map([[key, delta.store]]),
    context: delta.context,
  }
}

/** The delta that removes all that `map` has seen under `key`. */
export const remove = <S>(map: OrMap<S>, of: Shape<S>, key: string): OrMap<S> => {
  const dots: Dot[] = []
  of.visit(get(map, of, key).store, ({ dot }) => dots.push(dot))
  return { store: new Map(), context: causalContext.of(...dots) }
}
