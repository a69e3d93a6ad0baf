/**
 * The simulator's command line: `npm run simulate -- --seeds 1000`.
 *
 *     --seeds N      how many seeds to run (200)
 *     --seed S       the first of them (1); alone, this one seed
 *     --faults LIST  no other faults than these, by their names, with commas between them
 *     --nodes N      so many nodes in every seed
 *     --trace        with --seed: says everything that happens
 *     --replay FILE  runs the plan of a regression, and says everything that happens
 *     --regressions  runs every plan that was kept
 *     --planted      plants each known bug and looks for it; or the ones whose names follow
 *     --sell-out     rushes on the last units, at real checkouts: --units N (1000), --attempts N (20000)
 */

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { drawPlan } from './draw.ts'
import { hunt } from './hunt.ts'
import type { FaultKind } from './plan.ts'
import { plant } from './planted/plant.ts'
import { readRegression, runRegressions } from './regression.ts'
import { smallLimits } from './small-limits.ts'
import { sweep } from './sweep.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string' },
    faults: { type: 'string' },
    nodes: { type: 'string' },
    trace: { type: 'boolean', default: false },
    replay: { type: 'string' },
    regressions: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
    'sell-out': { type: 'boolean', default: false },
    units: { type: 'string' },
    attempts: { type: 'string' },
  },
})

const whole = (name: string, text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 0) return number
  process.stderr.write(`--${name} takes a whole number, not ${text}\n`)
  return process.exit(2)
}

const firstText = values.seed ?? values.from
const first = whole('seed', firstText, 1)
const seeds = whole('seeds', values.seeds, firstText === undefined || values.from ? 200 : 1)
const options = {
  ...(values.nodes === undefined ? {} : { nodes: whole('nodes', values.nodes, 5) }),
  ...(values.faults === undefined ? {} : { faults: values.faults.split(',') as FaultKind[] }),
}

if (values['sell-out']) {
  const { huntInSelling, sellOut } = await import('./selling/sell-out.ts')
  const { plantedInSelling } = await import('./selling/planted.ts')
  const rushes = { first, seeds, processes: availableParallelism() }
  process.exitCode = values.planted
    ? await huntInSelling(
        plantedInSelling.flatMap(({ name }) =>
          positionals.length === 0 || positionals.includes(name) ? name : [],
        ),
        rushes,
      )
    : await sellOut({
        ...rushes,
        units: whole('units', values.units, 1_000),
        attempts: whole('attempts', values.attempts, 20_000),
      })
} else if (values.planted) {
  process.exitCode = await hunt(positionals)
} else if (values.regressions) {
  process.exitCode = await runRegressions()
} else if (values.replay !== undefined || values.trace) {
  const plan =
    values.replay === undefined ? drawPlan(first, options) : readRegression(values.replay).plan
  // The product is loaded under the limits of the plan, and no sooner.
  if (plan.limits === 'small') plant(smallLimits)
  const { replay } = await import('./replay.ts')
  process.exitCode = await replay(plan)
} else {
  process.exitCode = await sweep({ first, seeds, options })
}
