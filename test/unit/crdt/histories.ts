/**
 * Random histories of three replicas: each changes its own state and hears of the others' changes in
 * any order, some twice, some never. What they lead to are the reachable states of a type.
 */

import * as fc from 'fast-check'
import * as hlc from '../../../crdt/hybrid-logical-clock.ts'
import type { Timestamp } from '../../../crdt/hybrid-logical-clock.ts'
import type { Subject } from './lattices.ts'
import { replicas } from './replicas.ts'

/** More runs where a nightly build can afford them. */
export const runs = (usual: number): { readonly numRuns: number } => ({
  numRuns: process.env['ATOLL_TEST_SIZE'] === 'full' ? usual * 10 : usual,
})

export type Step<O> =
  | { readonly kind: 'mutate'; readonly at: number; readonly operation: O }
  /** Delivers one delta of all made so far, known already or not. */
  | { readonly kind: 'deliver'; readonly to: number; readonly pick: number }
  /** Brings `to` all that `from` knows, delta by delta, in an order of its own. */
  | { readonly kind: 'sync'; readonly from: number; readonly to: number; readonly pick: number }

/** One mutation that happened. */
export interface Event<S = unknown, O = unknown> {
  readonly number: number
  readonly operation: O
  readonly author: Timestamp
  /** The numbers of the events that its author knew of. */
  readonly past: ReadonlySet<number>
  readonly before: S
  readonly delta: S
}

export interface Replica<S> {
  state: S
  clock: hlc.Clock
  /** The numbers of the events whose deltas it has joined. */
  readonly known: Set<number>
}

export interface History<S = unknown, O = unknown> {
  readonly replicas: readonly Replica<S>[]
  readonly events: readonly Event<S, O>[]
}

const at = fc.nat({ max: replicas.length - 1 })
const pick = fc.nat({ max: 999 })

const mutations = <O>({ operations }: Subject<unknown, O>): fc.Arbitrary<Step<O>> =>
  fc.record({ kind: fc.constant('mutate' as const), at, operation: operations })

const syncs = fc
  .record({ kind: fc.constant('sync' as const), from: at, to: at, pick })
  .filter(({ from, to }) => from !== to)

/** Histories with loss, repetition and reordering of single deltas. */
export const lossyScripts = <S, O>(
  subject: Subject<S, O>,
  { maxLength }: { readonly maxLength: number } = { maxLength: 24 },
): fc.Arbitrary<readonly Step<O>[]> =>
  fc.array(
    fc.oneof(
      mutations(subject as Subject<unknown, O>),
      fc.record({ kind: fc.constant('deliver' as const), to: at, pick }),
    ),
    { size: 'max', maxLength },
  )

/** Histories in which whoever learns of a change has learned of all before it: partitions that heal. */
export const causalScripts = <S, O>(subject: Subject<S, O>): fc.Arbitrary<readonly Step<O>[]> =>
  fc.array(
    fc.oneof(
      { weight: 3, arbitrary: mutations(subject as Subject<unknown, O>) },
      { weight: 2, arbitrary: syncs },
    ),
    { maxLength: 24 },
  )

// Clocks that disagree, so that timestamps and true time do too.
const clockSkewsMs = [0, 40, -25]

/** Plays a script from bottom; `watch` sees the replicas after every step. */
export const play = <S, O>(
  { lattice, mutate }: Subject<S, O>,
  script: readonly Step<O>[],
  watch: (history: History<S, O>) => void = () => {},
): History<S, O> => {
  const events: Event<S, O>[] = []
  const history = {
    events,
    replicas: replicas.map((): Replica<S> => ({
      state: lattice.bottom,
      clock: hlc.bottom,
      known: new Set(),
    })),
  }
  script.forEach((step, index) => {
    const nowMs = (at: number) => 1_000_000 + 10 * index + clockSkewsMs[at]!
    const deliver = (to: number, event: Event<S, O>) => {
      const replica = history.replicas[to]!
      replica.state = lattice.join(replica.state, event.delta)
      replica.clock = hlc.receive(replica.clock, event.author, nowMs(to))
      replica.known.add(event.number)
    }
    if (step.kind === 'mutate') {
      const replica = history.replicas[step.at]!
      const clock = hlc.tick(replica.clock, nowMs(step.at))
      const author = { ...clock, replica: replicas[step.at]! }
      const before = replica.state
      const delta = mutate(before, author, step.operation)
      const event = {
        number: events.length,
        operation: step.operation,
        author,
        past: new Set(replica.known),
        before,
        delta,
      }
      events.push(event)
      replica.clock = clock
      deliver(step.at, event)
    } else if (step.kind === 'deliver') {
      const event = events[step.pick % Math.max(1, events.length)]
      if (event) deliver(step.to, event)
    } else {
      const heard = [...history.replicas[step.from]!.known].map((number) => events[number]!)
      for (const event of shuffled(heard, step.pick)) deliver(step.to, event)
    }
    watch(history)
  })
  return history
}

/** The items in an order that `seed` decides. */
export const shuffled = <T>(items: readonly T[], seed: number): T[] => {
  const shuffled = [...items]
  let state = seed + 1
  for (let last = shuffled.length - 1; last > 0; last--) {
    state = (state * 48_271) % 2_147_483_647
    const other = state % (last + 1)
    ;[shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!]
  }
  return shuffled
}
