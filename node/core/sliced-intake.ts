/**
 * Takes what a peer sends in slices of a few milliseconds.
 *
 * A node that catches up with a long history goes on answering its shoppers: each slice is a transaction,
 * and others get their turn between two of them.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import type { Account, IntakeProblem, IntakeReport } from '../../sync/change-log.ts'
import { dotOf } from '../../sync/change-head.ts'
import { createAdaptiveSize } from './adaptive-size.ts'
import type { Core } from './core.ts'
import { sliceChangesMax, sliceChangesMin, sliceMsMax } from './limits.ts'

/** Resolves when all that was taken is durable; rejects as soon as a slice could not be written. */
export type SlicedIntake = (
  changes: readonly Uint8Array[],
  account?: Account,
) => Promise<IntakeReport>

export interface SlicedIntakeDeps {
  readonly core: Pick<Core, 'receive'>
  readonly soon: (work: () => void) => void
  readonly monotonic: () => number
  /** Throws when nothing more may be taken. */
  readonly assertOpen: () => void
}

export const createSlicedIntake = (deps: SlicedIntakeDeps): SlicedIntake => {
  const { core, soon, monotonic, assertOpen } = deps
  const size = createAdaptiveSize(
    { least: sliceChangesMin, most: sliceChangesMax, msMax: sliceMsMax },
    sliceChangesMin,
  )

  const takeSlice = (slice: readonly Uint8Array[], account: Account): IntakeReport => {
    const startMs = monotonic()
    const report = core.receive(slice, account)
    size.note({ size: slice.length, ms: monotonic() - startMs })
    return report
  }

  return (changes, account = {}) =>
    new Promise((resolve, reject) => {
      let sum: IntakeReport = { taken: 0, alreadyKnown: 0, problems: [] }
      let rest = changes
      let { heldFrom } = account
      const go = () => {
        try {
          assertOpen()
          const slice = rest.slice(0, size.max())
          const report = takeSlice(slice, { ...account, heldFrom })
          sum = add(sum, report)
          heldFrom = earliest(heldFrom, report.problems)
          rest = following(rest.slice(slice.length), report.problems)
        } catch (error) {
          return reject(error)
        }
        if (rest.length > 0) soon(go)
        else resolve(sum)
      }
      // Not at once: what else has arrived by now joins the session's next batch, and shares its sync.
      soon(go)
    })
}

/** The earliest time of what was held by now: time goes on from slice to slice, and effects must not overtake. */
const earliest = (
  heldFrom: hlc.Clock | undefined,
  problems: readonly IntakeProblem[],
): hlc.Clock | undefined =>
  problems.reduce<hlc.Clock | undefined>((from, problem) => {
    if (problem.kind !== 'too_far_ahead') return from
    return from ? hlc.earlier(from, problem.time) : problem.time
  }, heldFrom)

const add = (a: IntakeReport, b: IntakeReport): IntakeReport => ({
  taken: a.taken + b.taken,
  alreadyKnown: a.alreadyKnown + b.alreadyKnown,
  problems: [...a.problems, ...b.problems],
})

/** What is left to be taken: nothing after a corrupt change, as within a slice. */
const following = (
  changes: readonly Uint8Array[],
  problems: readonly IntakeProblem[],
): readonly Uint8Array[] =>
  problems.some(({ kind }) => kind === 'corrupt') ? [] : without(changes, stoppedBy(problems))

/** Replicas of which a change was not taken: what follows of theirs cannot be either. */
const stoppedBy = (problems: readonly IntakeProblem[]): ReadonlySet<ReplicaId> =>
  new Set(
    problems.flatMap((found) => {
      if ('dot' in found) return [found.dot.replica]
      return found.kind === 'quarantined' ? [found.replica] : []
    }),
  )

const without = (
  changes: readonly Uint8Array[],
  stopped: ReadonlySet<ReplicaId>,
): readonly Uint8Array[] => {
  if (stopped.size === 0) return changes
  return changes.filter((bytes) => {
    const dot = dotOf(bytes)
    return !dot || !stopped.has(dot.replica)
  })
}
