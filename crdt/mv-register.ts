/**
 * A register that keeps every value that no later write has seen: concurrent writes become siblings
 * and stay until somebody who has seen them writes.
 *
 * Source: Shapiro et al., "A comprehensive study of CRDTs", 2011, 3.2.2; as a dot store: Almeida 2016.
 */

import * as causalContext from './causal-context.ts'
import { lattice, type Causal } from './causal.ts'
import { compareDots, dotKey, type ReplicaId } from './dot.ts'
import { dotFun, named, type DotFun, type Shape } from './dot-store.ts'
import { guarded, isValue } from './payload.ts'
import type { Value } from './value.ts'

export type MvRegister<V extends Value = Value> = Causal<DotFun<V>>

/** A register whose values satisfy `isV`; bytes that hold another value are refused. */
export const shape = <V extends Value>(isV: (value: Value) => value is V): Shape<DotFun<V>> =>
  named('mv-register', dotFun(guarded(isV)))

export const { bottom, join, encode, decode } = lattice(shape(isValue))

/** The concurrent values, one a write, in the order of their dots. */
export const values = <V extends Value>({ store }: MvRegister<V>): readonly V[] =>
  [...store.values()].sort((a, b) => compareDots(a.dot, b.dot)).map(({ value }) => value)

/** The delta by which `replica` writes `value` over all that `register` holds. */
export const write = <V extends Value>(
  register: MvRegister<V>,
  replica: ReplicaId,
  value: V,
): MvRegister<V> => {
  const dot = causalContext.next(register.context, replica)
  const seen = [...register.store.values()].map((entry) => entry.dot)
  return {
    store: new Map([[dotKey(dot), { dot, value }]]),
    context: causalContext.of(...seen, dot),
  }
}
