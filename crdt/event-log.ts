/** A log that only grows: events from all replicas, read in the order of their timestamps. */

import * as causalContext from './causal-context.ts'
import { lattice, type Causal } from './causal.ts'
import { dotKey } from './dot.ts'
import { dotFun, named, type DotFun, type Entry, type Shape } from './dot-store.ts'
import type { Timestamp } from './hybrid-logical-clock.ts'
import { compareEntries } from './lww-register.ts'
import { isValue, stamped, type Stamped } from './payload.ts'
import type { Value } from './value.ts'

export type EventLog<E extends Value = Value> = Causal<DotFun<Stamped<E>>>

/** A log whose events satisfy `isE`; bytes that hold another event are refused. */
export const shape = <E extends Value>(
  isE: (value: Value) => value is E,
): Shape<DotFun<Stamped<E>>> => named('event-log', dotFun(stamped(isE)))

export const { bottom, join, encode, decode } = lattice(shape(isValue))

/** All events, earliest first; an event never stands before one that its writer had seen. */
export const entries = <E extends Value>({
  store,
}: Pick<EventLog<E>, 'store'>): readonly Entry<Stamped<E>>[] =>
  [...store.values()].sort(compareEntries)

/** The delta that appends `event` at `time`. */
export const append = <E extends Value>(
  log: EventLog<E>,
  { wallMs, logical, replica }: Timestamp,
  event: E,
): EventLog<E> => {
  const dot = causalContext.next(log.context, replica)
  return {
    store: new Map([[dotKey(dot), { dot, value: { wallMs, logical, value: event } }]]),
    context: causalContext.of(dot),
  }
}
