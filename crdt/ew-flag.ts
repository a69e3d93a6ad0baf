/** A flag that two may set at once: of a concurrent enable and disable, the enable stays. */

import * as causalContext from './causal-context.ts'
import { lattice, type Causal } from './causal.ts'
import { dotKey, type Dot, type ReplicaId } from './dot.ts'
import { dotSet, named, type DotSet } from './dot-store.ts'

export type EwFlag = Causal<DotSet>

export const shape = named('ew-flag', dotSet)
export const { bottom, join, encode, decode } = lattice(shape)

export const isEnabled = ({ store }: EwFlag): boolean => store.size > 0

/** The delta by which `replica` enables the flag; it takes the place of the enables it has seen. */
export const enable = (flag: EwFlag, replica: ReplicaId): EwFlag => {
  const dot = causalContext.next(flag.context, replica)
  return { store: new Map([[dotKey(dot), { dot, value: true }]]), context: seenAnd(flag, dot) }
}

/** The delta that undoes every enable that `flag` has seen. */
export const disable = (flag: EwFlag): EwFlag => ({ store: bottom.store, context: seenAnd(flag) })

const seenAnd = ({ store }: EwFlag, ...dots: readonly Dot[]) =>
  causalContext.of(...[...store.values()].map(({ dot }) => dot), ...dots)
