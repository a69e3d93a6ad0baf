/** Runs a seed, and now and then twice. */

import { drawPlan, type DrawOptions } from './draw.ts'
import { run, type Outcome, type Violation } from './run.ts'
import type { Summary } from './summary.ts'
import { realWorld } from './world/frozen.ts'

/** One seed of so many is run twice: both runs must come to the same. */
const twiceEvery = 25

export const runSeed = async (seed: number, options: DrawOptions): Promise<Summary> => {
  const startMs = realWorld.now()
  const plan = drawPlan(seed, options)
  const outcome = await run(plan)
  const isTwice = seed % twiceEvery === 0
  const again = isTwice ? await run(plan) : outcome
  const violation = outcome.violation ?? differenceOf(outcome, again)
  return {
    seeds: 1,
    events: outcome.events + (isTwice ? again.events : 0),
    changes: outcome.changes,
    virtualMs: outcome.virtualMs + (isTwice ? again.virtualMs : 0),
    realMs: realWorld.now() - startMs,
    failures: violation ? [{ seed, plan, violation }] : [],
    happened: new Map(
      [...outcome.happened].map(([what, times]) => [what, { times, seeds: 1 }] as const),
    ),
  }
}

const differenceOf = (one: Outcome, other: Outcome): Violation | undefined =>
  one.hash === other.hash
    ? undefined
    : {
        property: 'one seed, one run',
        sentence: `two runs of one plan differ: ${one.hash} and ${other.hash}`,
        atMs: one.virtualMs,
      }
