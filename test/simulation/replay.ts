/** Runs one plan and says everything that happens. */

import type { Plan } from './plan.ts'
import { run } from './run.ts'
import { freeze } from './world/frozen.ts'

/** Answers the exit code. */
export const replay = async (plan: Plan): Promise<number> => {
  freeze()
  const { violation, hash } = await run(plan, {
    keep: 0,
    write: (line) => process.stdout.write(`${line}\n`),
  })
  process.stdout.write(
    violation
      ? `"${violation.property}" does not hold: ${violation.sentence}\n`
      : `Every property holds; ${hash}\n`,
  )
  return violation ? 1 : 0
}
