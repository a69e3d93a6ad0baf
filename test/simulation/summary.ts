/** What came of many seeds. */

import type { Plan } from './plan.ts'
import type { Violation } from './run.ts'

export interface Summary {
  seeds: number
  events: number
  changes: number
  virtualMs: number
  realMs: number
  readonly failures: Failure[]
  /** How often each thing happened, and in how many seeds. */
  readonly happened: Map<string, { times: number; seeds: number }>
}

export interface Failure {
  readonly seed: number
  readonly plan: Plan
  readonly violation: Violation
}

export const emptySummary = (): Summary => ({
  seeds: 0,
  events: 0,
  changes: 0,
  virtualMs: 0,
  realMs: 0,
  failures: [],
  happened: new Map(),
})

export const add = (sum: Summary, part: Summary): void => {
  sum.seeds += part.seeds
  sum.events += part.events
  sum.changes += part.changes
  sum.virtualMs += part.virtualMs
  sum.realMs += part.realMs
  sum.failures.push(...part.failures)
  for (const [what, { times, seeds }] of part.happened) {
    const known = sum.happened.get(what) ?? { times: 0, seeds: 0 }
    sum.happened.set(what, { times: known.times + times, seeds: known.seeds + seeds })
  }
}
