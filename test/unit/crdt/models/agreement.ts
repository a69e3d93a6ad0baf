/** Holds a type against a specification of a few lines, which knows only who did what and knew of what. */

import * as fc from 'fast-check'
import { causalScripts, play, runs, type Event } from '../histories.ts'
import type { Subject } from '../lattices.ts'

/** The events that one replica knows of, earliest known first. */
export type Visible<O> = readonly Event<unknown, O>[]

/**
 * Plays random histories with partitions, and after each step shows `check` what each replica has and
 * which events it knows of.
 */
export const everyView = <S, O>(
  subject: Subject<S, O>,
  check: (state: S, visible: Visible<O>) => void,
): void => {
  fc.assert(
    fc.property(causalScripts(subject), (script) => {
      play(subject, script, ({ replicas, events }) => {
        for (const { state, known } of replicas) {
          check(
            state,
            events.filter(({ number }) => known.has(number)),
          )
        }
      })
    }),
    runs(200),
  )
}

/** Those that nobody who knew of them has done away with since, by an event that `does`. */
export const standing = <O>(
  visible: Visible<O>,
  candidates: Visible<O>,
  does: (later: O, earlier: O) => boolean = () => true,
): Visible<O> =>
  candidates.filter(
    ({ number, operation }) =>
      !visible.some((later) => later.past.has(number) && does(later.operation, operation)),
  )

/** Earlier by timestamp first. */
export const byTime = <O>(events: Visible<O>): Visible<O> =>
  events.toSorted(
    ({ author: a }, { author: b }) =>
      a.wallMs - b.wallMs || a.logical - b.logical || (a.replica < b.replica ? -1 : 1),
  )
