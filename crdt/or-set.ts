/**
 * A set of texts that two may change at once: of a concurrent add and remove, the add stays. Removed
 * elements leave no tombstones.
 *
 * How can it do without them? An element is present while the dot of an add of it is. A side that has
 * seen the dot and does not hold it has removed it; a side that has not seen it takes it.
 *
 * Source: Bieniusa et al., "An optimized conflict-free replicated set", 2012 (arXiv:1210.3368).
 */

import * as causalContext from './causal-context.ts'
import { lattice, type Causal } from './causal.ts'
import { dotKey, type ReplicaId } from './dot.ts'
import { dotMap, dotSet, named, type DotMap, type DotSet } from './dot-store.ts'

export type OrSet = Causal<DotMap<DotSet>>

export const shape = named('or-set', dotMap(dotSet))
export const { bottom, join, encode, decode } = lattice(shape)

export const has = ({ store }: Pick<OrSet, 'store'>, element: string): boolean => store.has(element)

/** The elements present, each once, in the order of their text. */
export const elements = ({ store }: Pick<OrSet, 'store'>): readonly string[] =>
  [...store.keys()].sort()

/** The delta by which `replica` adds `element`; it takes the place of the adds of it seen so far. */
export const add = (set: OrSet, replica: ReplicaId, element: string): OrSet => {
  const dot = causalContext.next(set.context, replica)
  return {
    store: new Map([[element, new Map([[dotKey(dot), { dot, value: true as const }]])]]),
    context: causalContext.of(...dotsOf(set, element), dot),
  }
}

/** The delta that removes every add of `element` that `set` has seen. */
export const remove = (set: OrSet, element: string): OrSet => ({
  store: bottom.store,
  context: causalContext.of(...dotsOf(set, element)),
})

const dotsOf = ({ store }: OrSet, element: string) =>
  [...(store.get(element)?.values() ?? [])].map(({ dot }) => dot)
