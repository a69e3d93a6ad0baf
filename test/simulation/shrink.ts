/**
 * Makes a failing plan small: leaves out what it also fails without. What is left is the shortest story
 * that we could find of how the property is broken.
 *
 * Source: Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", 2002 (ddmin).
 */

import type { Plan } from './plan.ts'
import { run, type Violation } from './run.ts'

export interface Shrunk {
  readonly plan: Plan
  readonly violation: Violation
  /** How many plans were tried. */
  readonly runs: number
}

/** A minute or so: enough for a short story, and nobody waits for the shortest. */
const runsMax = 400

export const shrink = async (plan: Plan, property: string): Promise<Shrunk> => {
  let runs = 0
  let best = plan
  let violation: Violation | undefined

  /** Takes `smaller` for the best plan so far if it breaks the same property. */
  const attempt = async (smaller: Plan): Promise<boolean> => {
    if (runs >= runsMax) return false
    runs++
    const outcome = await run(smaller)
    if (outcome.violation?.property !== property) return false
    best = smaller
    violation = outcome.violation
    return true
  }

  /** Leaves out ever smaller parts of a list. */
  const thin = async (key: 'acts' | 'faults'): Promise<void> => {
    for (let size = Math.ceil(best[key].length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < best[key].length;) {
        const left = [...best[key].slice(0, from), ...best[key].slice(from + size)]
        if (!(await attempt({ ...best, [key]: left }))) from += size
      }
    }
  }

  await attempt(plan)
  await attempt(untilLast(best, violation))
  for (const kind of new Set(best.faults.map((fault) => fault.kind))) {
    await attempt({ ...best, faults: best.faults.filter((fault) => fault.kind !== kind) })
  }
  await thin('faults')
  await thin('acts')
  for (const simpler of simplerSettings(best)) await attempt({ ...best, ...simpler })
  while (best.nodes > 1 && (await attempt(withoutLastNode(best))));
  await thin('faults')
  await thin('acts')
  await attempt(untilLast(best, undefined))
  if (!violation) throw new Error(`The plan does not break "${property}"`)
  return { plan: best, violation, runs }
}

const simplerSettings = (plan: Plan): readonly Partial<Plan>[] => [
  { skewMs: plan.skewMs.map(() => 0) },
  { oldReleases: [] },
  { syncMs: 0 },
  { dials: 'all' },
  { network: { ...plan.network, loss: 0, duplication: 0 } },
  { network: { latencyMsMin: 1, latencyMsMax: 2, loss: 0, duplication: 0, bytesPerMs: 0 } },
]

/** Nothing happens after the last thing that does, or after the violation. */
const untilLast = (plan: Plan, violation: Violation | undefined): Plan => {
  const isBefore = ({ atMs }: { readonly atMs: number }) => atMs <= (violation?.atMs ?? Infinity)
  const acts = plan.acts.filter(isBefore)
  const faults = plan.faults.filter(isBefore)
  const lastMs = [...acts, ...faults].reduce((last, { atMs }) => Math.max(last, atMs), 1_000)
  return { ...plan, acts, faults, healAtMs: Math.min(plan.healAtMs, Math.ceil(lastMs) + 5_000) }
}

const withoutLastNode = (plan: Plan): Plan => {
  const nodes = plan.nodes - 1
  return {
    ...plan,
    nodes,
    skewMs: plan.skewMs.slice(0, nodes),
    oldReleases: plan.oldReleases.filter((node) => node < nodes),
    acts: plan.acts.map((act) => ({ ...act, node: act.node % nodes })),
    faults: plan.faults.filter((fault) =>
      Object.entries(fault).every(
        ([name, value]) =>
          !['node', 'from', 'to', 'a', 'b'].includes(name) || Number(value) < nodes,
      ),
    ),
  }
}
