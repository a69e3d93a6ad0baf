/** The part of a counter that one replica alone writes: always a single entry, replaced as a whole. */

import * as causalContext from './causal-context.ts'
import type { Causal } from './causal.ts'
import { dotKey, type ReplicaId } from './dot.ts'
import type { DotFun, Entry } from './dot-store.ts'

/** The entry that `replica` wrote last, of those in `store`. */
export const find = <V>(store: DotFun<V>, replica: ReplicaId): Entry<V> | undefined => {
  let last: Entry<V> | undefined
  for (const entry of store.values()) {
    const isOwn = entry.dot.replica === replica
    if (isOwn && (!last || entry.dot.counter > last.dot.counter)) last = entry
  }
  return last
}

/** The delta by which `replica` replaces its own entry. */
export const replace = <V>(
  { store, context }: Causal<DotFun<V>>,
  replica: ReplicaId,
  value: V,
): Causal<DotFun<V>> => {
  const dot = causalContext.next(context, replica)
  const previous = find(store, replica)
  return {
    store: new Map([[dotKey(dot), { dot, value }]]),
    context: previous ? causalContext.of(previous.dot, dot) : causalContext.of(dot),
  }
}
