/** A version vector says, for each replica, up to which counter every one of its events was seen. */

import type { Dot, ReplicaId } from './dot.ts'

/** Replicas of which nothing was seen are absent; no counter is 0. */
export type VersionVector = ReadonlyMap<ReplicaId, number>

export const bottom: VersionVector = new Map()

export const counterOf = (vector: VersionVector, replica: ReplicaId): number =>
  vector.get(replica) ?? 0

export const has = (vector: VersionVector, dot: Dot): boolean =>
  dot.counter <= counterOf(vector, dot.replica)

/** The least vector that has all that either has. */
export const join = (a: VersionVector, b: VersionVector): VersionVector => {
  const joined = new Map(a)
  for (const [replica, counter] of b) {
    if (counter > counterOf(a, replica)) joined.set(replica, counter)
  }
  return joined
}

/** Whether `a` has seen nothing that `b` has not. */
export const isWithin = (a: VersionVector, b: VersionVector): boolean => {
  for (const [replica, counter] of a) if (counter > counterOf(b, replica)) return false
  return true
}

export const equals = (a: VersionVector, b: VersionVector): boolean =>
  isWithin(a, b) && isWithin(b, a)

/** How many events `a` has seen that `b` has not. */
export const countMissing = (a: VersionVector, b: VersionVector): number => {
  let missing = 0
  for (const [replica, counter] of a) missing += Math.max(0, counter - counterOf(b, replica))
  return missing
}
