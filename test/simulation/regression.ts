/** A plan that once broke a property: kept, and run for ever. */

import { readdirSync, readFileSync } from 'node:fs'
import type { Plan } from './plan.ts'
import { endThreads, startThreads } from './threads.ts'

export interface Regression {
  /** What went wrong, and what was done about it. */
  readonly note: string
  /** The property that was broken. */
  readonly property: string
  readonly plan: Plan
}

export const readRegression = (file: string | URL): Regression =>
  JSON.parse(readFileSync(file, 'utf8')) as Regression

const folder = new URL('../regressions/', import.meta.url)

/** Runs every plan that was kept, and says which of them break a property again; answers the exit code. */
export const runRegressions = async (): Promise<number> => {
  const threads = startThreads()
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
  let broken = 0
  for (const name of names) {
    const { plan } = readRegression(new URL(name, folder))
    const answer = await threads[plan.limits].obey({ kind: 'repeat', plan })
    const isWell = answer.kind === 'repeated' && !answer.violation
    if (!isWell) broken++
    const what = isWell ? 'holds' : JSON.stringify(answer)
    process.stdout.write(`${name}: ${what}\n`)
  }
  await endThreads(threads)
  process.stdout.write(`${names.length} regressions, ${broken} of them broken\n`)
  return broken === 0 ? 0 : 1
}
