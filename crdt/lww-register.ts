/**
 * A register of which the last write is shown, and no concurrent write is lost.
 *
 * Every write replaces the values it has seen. Values written concurrently stay side by side: reading
 * takes the one with the highest timestamp (the replica breaks ties), and the others are its
 * siblings, kept for a person to look at until a later write has seen them.
 *
 * Why not throw the losers away, as last-writer-wins systems do? Because which of two people wrote
 * last says little about who was right, and what was thrown away cannot be asked.
 */

import * as causalContext from './causal-context.ts'
import { lattice, type Causal } from './causal.ts'
import { dotKey } from './dot.ts'
import { dotFun, named, type DotFun, type Entry, type Shape } from './dot-store.ts'
import * as hlc from './hybrid-logical-clock.ts'
import { isValue, stamped, type Stamped } from './payload.ts'
import type { Value } from './value.ts'

export type LwwRegister<V extends Value = Value> = Causal<DotFun<Stamped<V>>>

/** A register whose values satisfy `isV`; bytes that hold another value are refused. */
export const shape = <V extends Value>(
  isV: (value: Value) => value is V,
): Shape<DotFun<Stamped<V>>> => named('lww-register', dotFun(stamped(isV)))

export const { bottom, join, encode, decode } = lattice(shape(isValue))

/** The value shown, or undefined if nothing was written. */
export const read = <V extends Value>(register: Pick<LwwRegister<V>, 'store'>): V | undefined =>
  winner(register)?.value.value

/** The winner first, then its siblings, latest first. */
export const siblings = <V extends Value>({
  store,
}: Pick<LwwRegister<V>, 'store'>): readonly Entry<Stamped<V>>[] =>
  [...store.values()].sort((a, b) => compareEntries(b, a))

const winner = <V extends Value>({ store }: Pick<LwwRegister<V>, 'store'>) => {
  let highest: Entry<Stamped<V>> | undefined
  for (const entry of store.values()) {
    if (!highest || compareEntries(entry, highest) > 0) highest = entry
  }
  return highest
}

/** By timestamp; entries of one replica at one reading, which no clock gives twice, by counter. */
export const compareEntries = <V>(a: Entry<Stamped<V>>, b: Entry<Stamped<V>>): number =>
  hlc.compare(timestampOf(a), timestampOf(b)) || a.dot.counter - b.dot.counter

/** When and where an entry was written. */
export const timestampOf = <V>({ dot, value }: Entry<Stamped<V>>): hlc.Timestamp => ({
  wallMs: value.wallMs,
  logical: value.logical,
  replica: dot.replica,
})

/** The delta that writes `value` at `time` over all that `register` holds. */
export const write = <V extends Value>(
  register: LwwRegister<V>,
  { wallMs, logical, replica }: hlc.Timestamp,
  value: V,
): LwwRegister<V> => {
  const dot = causalContext.next(register.context, replica)
  const seen = [...register.store.values()].map((entry) => entry.dot)
  return {
    store: new Map([[dotKey(dot), { dot, value: { wallMs, logical, value } }]]),
    context: causalContext.of(...seen, dot),
  }
}
