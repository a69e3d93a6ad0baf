/**
 * The set of dots that a state has seen, whether what they named is still there or not.
 *
 * It is kept as a version vector plus a cloud: the dots beyond the first gap of their replica. Two
 * contexts with the same dots are the same value, because a dot that closes a gap leaves the cloud.
 *
 * Why is a version vector alone not enough? A delta that carries dot 5 and nothing else would have to
 * claim dots 1 to 4 as seen. Whoever joins it first would then hold that what 1 to 4 added has been
 * removed, and would delete it when it arrives. A delta's context is therefore exact.
 *
 * Source: Almeida, Shoker, Baquero, "Delta State Replicated Data Types", 2016 (arXiv:1603.01529), 7.2.
 */

import type { Dot, ReplicaId } from './dot.ts'
import { counterOf, type VersionVector } from './version-vector.ts'

export interface CausalContext {
  readonly vector: VersionVector
  /** Counters beyond the vector, with a gap before them; no replica maps to an empty set. */
  readonly cloud: ReadonlyMap<ReplicaId, ReadonlySet<number>>
}

export const bottom: CausalContext = { vector: new Map(), cloud: new Map() }

/** The context that has seen just these dots. */
export const of = (...dots: readonly Dot[]): CausalContext => {
  const context: MutableContext = { vector: new Map(), cloud: new Map() }
  for (const { replica, counter } of dots) insert(context, replica, counter)
  return context
}

export const has = ({ vector, cloud }: CausalContext, { replica, counter }: Dot): boolean =>
  counter <= counterOf(vector, replica) || (cloud.get(replica)?.has(counter) ?? false)

/**
 * The dot of the next event of `replica`. Only `replica` itself may ask, of a context that has seen
 * all of its own events; then the cloud holds none of them and the vector is exact.
 */
export const next = ({ vector }: CausalContext, replica: ReplicaId): Dot => ({
  replica,
  counter: counterOf(vector, replica) + 1,
})

export const join = (a: CausalContext, b: CausalContext): CausalContext => {
  const joined = mutable(a)
  absorb(joined, b)
  return joined
}

export const isEmpty = ({ vector, cloud }: CausalContext): boolean =>
  vector.size === 0 && cloud.size === 0

/** Whether `a` has seen nothing that `b` has not. */
export const isWithin = (a: CausalContext, b: CausalContext): boolean => {
  for (const [replica, counter] of a.vector) {
    // What b lacks of a run 1..n can only be beyond b's own gapless run, so that settles it.
    if (counter > counterOf(b.vector, replica)) return false
  }
  for (const dot of cloudDots(a)) if (!has(b, dot)) return false
  return true
}

export const equals = (a: CausalContext, b: CausalContext): boolean =>
  isWithin(a, b) && isWithin(b, a)

/** How many dots it has seen. */
export const countDots = ({ vector, cloud }: CausalContext): number => {
  let count = 0
  for (const counter of vector.values()) count += counter
  for (const counters of cloud.values()) count += counters.size
  return count
}

/** Every dot seen, one by one. A vector names many dots in few bytes: ask `countDots` first. */
export function* dotsOf(context: CausalContext): Generator<Dot> {
  for (const [replica, last] of context.vector) {
    for (let counter = 1; counter <= last; counter++) yield { replica, counter }
  }
  yield* cloudDots(context)
}

function* cloudDots({ cloud }: CausalContext): Generator<Dot> {
  for (const [replica, counters] of cloud) {
    for (const counter of counters) yield { replica, counter }
  }
}

/** The form that `absorb` changes in place; the owner alone may hold it. */
export interface MutableContext {
  readonly vector: Map<ReplicaId, number>
  readonly cloud: Map<ReplicaId, Set<number>>
}

export const mutable = ({ vector, cloud }: CausalContext): MutableContext => {
  const copy: MutableContext = { vector: new Map(vector), cloud: new Map() }
  for (const [replica, counters] of cloud) copy.cloud.set(replica, new Set(counters))
  return copy
}

/** Joins `delta` into `context`, at a cost that depends on the delta and on the gaps it closes. */
export const absorb = (context: MutableContext, delta: CausalContext): void => {
  for (const [replica, counter] of delta.vector) {
    if (counter > counterOf(context.vector, replica)) {
      context.vector.set(replica, counter)
      dropOvertaken(context, replica)
      closeGap(context, replica)
    }
  }
  for (const [replica, counters] of delta.cloud) {
    for (const counter of counters) insert(context, replica, counter)
  }
}

const insert = (context: MutableContext, replica: ReplicaId, counter: number): void => {
  const seen = counterOf(context.vector, replica)
  if (counter <= seen) return
  if (counter === seen + 1) {
    context.vector.set(replica, counter)
    closeGap(context, replica)
    return
  }
  const beyond = context.cloud.get(replica)
  if (beyond) beyond.add(counter)
  else context.cloud.set(replica, new Set([counter]))
}

// Moves the dots that now continue the vector out of the cloud.
const closeGap = ({ vector, cloud }: MutableContext, replica: ReplicaId): void => {
  const beyond = cloud.get(replica)
  if (!beyond) return
  let last = counterOf(vector, replica)
  while (beyond.delete(last + 1)) last++
  vector.set(replica, last)
  if (beyond.size === 0) cloud.delete(replica)
}

// A vector that jumped may have passed dots of the cloud; each is dropped once.
const dropOvertaken = ({ vector, cloud }: MutableContext, replica: ReplicaId): void => {
  const beyond = cloud.get(replica)
  if (!beyond) return
  const last = counterOf(vector, replica)
  for (const counter of beyond) if (counter <= last) beyond.delete(counter)
  if (beyond.size === 0) cloud.delete(replica)
}
