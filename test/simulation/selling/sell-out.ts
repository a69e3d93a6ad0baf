/**
 * Runs rushes, one after the other, and says what came of them: whether ever more was sold than there is,
 * and whether all of it is sold once everything is healed.
 */

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RushResult, RushSize } from './rush.ts'

export interface SellOutOptions extends RushSize {
  readonly first: number
  readonly seeds: number
  /** Runs at once. */
  readonly processes: number
}

const program = fileURLToPath(new URL('rush-worker.ts', import.meta.url))

/** Answers the exit code: 0 if nothing is wrong in any run. */
export const sellOut = async (options: SellOutOptions): Promise<number> => {
  const { units, attempts, seeds } = options
  const sums = { attempts: 0, refused: 0, givenBack: 0, couponsUsed: 0, kills: 0, cuts: 0 }
  let [runs, wrong, soldMost, soldOut, apart] = [0, 0, 0, 0, 0]
  const startMs = performance.now()
  await runRushes({ ...options, bug: undefined }, (result) => {
    runs++
    soldMost = Math.max(soldMost, result.soldMost)
    apart += result.soldBeforeHeal
    if (result.sold === units) soldOut++
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += result[name]
    if (result.violations.length > 0) {
      wrong++
      process.stdout.write(`seed ${result.seed}:\n  ${result.violations.join('\n  ')}\n`)
    }
    return 'more'
  })
  const seconds = (performance.now() - startMs) / 1_000
  process.stdout.write(
    `${runs} runs of 3 nodes, 1 variant, ${units} in stock, ${attempts} attempts: ` +
      `never more than ${soldMost} accepted; ${soldOut} runs sold all ${units} once healed\n` +
      `  ${sums.attempts} attempts, ${sums.refused} refused, ${sums.givenBack} given back, ` +
      `${sums.couponsUsed} coupons used, ${sums.kills} kills, ${sums.cuts} cuts; ` +
      `${Math.round(apart / Math.max(runs, 1))} sold before the heal, mean; ${seconds.toFixed(0)} s\n` +
      `${wrong === 0 ? 'nothing is wrong' : `${wrong} runs are wrong`}\n`,
  )
  return wrong === 0 && runs === seeds ? 0 : 1
}

/** Looks for each bug in so many small rushes; answers the exit code: 0 if all were found. */
export const huntInSelling = async (
  bugs: readonly string[],
  options: Omit<SellOutOptions, 'units' | 'attempts'>,
): Promise<number> => {
  let missed = 0
  for (const bug of bugs) {
    let found = ''
    await runRushes({ ...options, units: 30, attempts: 200, bug }, ({ seed, violations }) => {
      const [violation] = violations
      if (violation === undefined) return 'more'
      found = `${bug}: found in seed ${seed}, by ${violation}`
      return 'enough'
    })
    if (found === '') missed++
    process.stdout.write(
      `${found === '' ? `NOT FOUND in ${options.seeds} seeds: ${bug}` : found}\n`,
    )
  }
  return missed === 0 ? 0 : 1
}

interface Rushes extends SellOutOptions {
  readonly bug: string | undefined
}

/** Deals the seeds out to processes, each of which loads the product with the bug in it. */
const runRushes = async (
  { first, seeds, processes, units, attempts, bug }: Rushes,
  take: (result: RushResult) => 'more' | 'enough',
): Promise<void> => {
  let next = first
  let isEnough = false
  const work = async (): Promise<void> => {
    const child = spawn(process.execPath, [program, ...(bug === undefined ? [] : [bug])], {
      stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
    })
    const ended = new Promise<never>((_, reject) => {
      child.once('close', (code) => reject(new Error(`A rush has ended with ${code}`)))
    })
    ended.catch(() => undefined)
    while (!isEnough && next < first + seeds) {
      const answer = new Promise<RushResult>((resolve) => {
        child.once('message', (result) => resolve(result as RushResult))
      })
      child.send({ seed: next++, units, attempts })
      if (take(await Promise.race([answer, ended])) === 'enough') isEnough = true
    }
    child.disconnect()
  }
  await Promise.all(Array.from({ length: Math.min(processes, seeds) }, work))
}
