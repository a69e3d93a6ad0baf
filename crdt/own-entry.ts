/**
 * The part of a counter that one replica alone writes: a single entry, replaced as a whole.
 *
 * May a store hold two entries of one replica? Yes, for a while: if the delta that replaced the older
 * one has not arrived, and a later one has. Whoever sums up must count the last entry of each replica
 * only; with both, a unit that was granted once would be there twice.
 */

import { assert } from './assert.ts'
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

/** What each replica wrote last. */
export const lastByReplica = <V>(store: DotFun<V>): ReadonlyMap<ReplicaId, V> => {
  if (store.size === 1) {
    const [only] = store.values()
    return new Map(only ? [[only.dot.replica, only.value]] : [])
  }
  const last = new Map<ReplicaId, Entry<V>>()
  for (const entry of store.values()) {
    const { replica, counter } = entry.dot
    const earlier = last.get(replica)
    if (!earlier || counter > earlier.dot.counter) last.set(replica, entry)
  }
  return new Map(last.entries().map(([replica, { value }]) => [replica, value]))
}

/** The sum over the replicas of `part` of what each wrote last. */
export const sum = <V>(store: DotFun<V>, part: (value: V) => number): number => {
  let total = 0
  for (const value of lastByReplica(store).values()) total += part(value)
  return total
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

/** A count after `more`, which a double must still hold exactly. */
export const counted = (count: number, more: number): number => {
  assert(Number.isSafeInteger(count + more), 'a count stays within the exact integers')
  return count + more
}
