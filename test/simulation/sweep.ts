/** Runs many seeds, says how it goes, and makes a short story of what fails. */

import { writeFileSync } from 'node:fs'
import { blindSpots } from './coverage.ts'
import type { DrawOptions } from './draw.ts'
import type { Regression } from './regression.ts'
import { add, emptySummary, type Failure, type Summary } from './summary.ts'
import { endThreads, runSeeds, startThreads, type Thread } from './threads.ts'
import { realWorld } from './world/frozen.ts'

export interface SweepOptions {
  readonly first: number
  readonly seeds: number
  readonly options: DrawOptions
}

/** So many failures say enough; the rest is likely the same again. */
const failuresMax = 5

/** Answers the exit code. */
export const sweep = async ({ first, seeds, options }: SweepOptions): Promise<number> => {
  const startMs = realWorld.now()
  const sum = emptySummary()
  const errors: string[] = []
  const say = createProgress(seeds, startMs)
  const threads = startThreads()
  await runSeeds(threads, {
    first,
    count: seeds,
    orderOf: (seed) => ({ kind: 'run', seed, options }),
    take: (_seed, answer) => {
      if (answer.kind === 'ran') add(sum, answer.summary)
      if (answer.kind === 'failed') errors.push(answer.error)
      say(sum)
      return sum.failures.length >= failuresMax || errors.length > 0 ? 'enough' : 'more'
    },
  })
  say(sum, true)

  for (const failure of sum.failures) process.stdout.write(describe(failure))
  const [shortest] = sum.failures
  if (shortest) await tellStory(threads[shortest.plan.limits], shortest)
  await endThreads(threads)

  for (const error of errors) process.stdout.write(`\nThe simulator itself failed: ${error}\n`)
  const blind = sum.failures.length === 0 ? blindSpots(sum) : []
  process.stdout.write(report(sum, (realWorld.now() - startMs) / 1_000))
  for (const what of blind) process.stdout.write(`Blind: in ${sum.seeds} seeds never "${what}"\n`)
  return sum.failures.length + errors.length + blind.length > 0 ? 1 : 0
}

const describe = ({ seed, violation }: Failure): string =>
  `\nSeed ${seed} breaks "${violation.property}" at ${(violation.atMs / 1_000).toFixed(3)} s:\n` +
  `  ${violation.sentence.split('\n').slice(0, 6).join('\n  ')}\n` +
  `  npm run simulate -- --seed ${seed} --trace\n`

const tellStory = async (thread: Thread, { seed, plan, violation }: Failure): Promise<void> => {
  process.stdout.write(`\nLooking for a shorter story of seed ${seed} ...\n`)
  const answer = await thread.obey({ kind: 'shrink', plan, property: violation.property })
  if (answer.kind !== 'shrunk') {
    process.stdout.write(`There is none: ${JSON.stringify(answer)}\n`)
    return
  }
  const { shrunk } = answer
  const name = violation.property.replaceAll(/[^a-z]+/g, '-')
  const file = `test/regressions/${name}-${seed}.json`
  const regression: Regression = {
    note: `Found by seed ${seed}: ${shrunk.violation.sentence.split('\n')[0]}`,
    property: violation.property,
    plan: shrunk.plan,
  }
  writeFileSync(
    new URL(`../../${file}`, import.meta.url),
    `${JSON.stringify(regression, null, 2)}\n`,
  )
  const { acts, faults, nodes } = shrunk.plan
  process.stdout.write(
    `${nodes} nodes, ${acts.length} acts, ${faults.length} faults (${shrunk.runs} plans tried):\n` +
      [...acts, ...faults]
        .sort((a, b) => a.atMs - b.atMs)
        .map(
          ({ atMs, ...what }) =>
            `  ${(atMs / 1_000).toFixed(3).padStart(8)} ${JSON.stringify(what)}\n`,
        )
        .join('') +
      `Kept as ${file}; npm run simulate -- --replay ${file}\n`,
  )
}

const report = (sum: Summary, realSeconds: number): string => {
  const counts = [...sum.happened]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([what, { times, seeds }]) =>
        `  ${String(times).padStart(8)} in ${String(seeds).padStart(6)} seeds  ${what}\n`,
    )
  const virtual = sum.virtualMs / 1_000
  return (
    `\n${counts.join('')}\n` +
    `${sum.seeds} seeds, ${sum.failures.length} violations, ${sum.changes} changes, ${sum.events} events\n` +
    `${duration(virtual)} of cluster time in ${duration(realSeconds)}: ` +
    `${Math.round(virtual / realSeconds)} times real time, ` +
    `${(sum.seeds / realSeconds).toFixed(1)} seeds a second\n`
  )
}

const duration = (seconds: number): string =>
  seconds < 120
    ? `${seconds.toFixed(1)} s`
    : seconds < 7_200
      ? `${(seconds / 60).toFixed(1)} min`
      : `${(seconds / 3_600).toFixed(1)} h`

/** On a terminal one line that changes; elsewhere a line now and then. */
const createProgress = (seeds: number, startMs: number) => {
  const isTerminal = process.stdout.isTTY
  const everyMs = isTerminal ? 200 : 10_000
  let lastMs = isTerminal ? 0 : startMs
  return (sum: Summary, isLast = false): void => {
    const nowMs = realWorld.now()
    if (nowMs - lastMs < everyMs && !(isLast && isTerminal)) return
    lastMs = nowMs
    const rate = sum.seeds / ((nowMs - startMs) / 1_000)
    const left = (seeds - sum.seeds) / Math.max(rate, 0.001)
    const line =
      `${sum.seeds} of ${seeds} seeds, ${rate.toFixed(1)} a second, ` +
      `${duration(left)} left, ${sum.failures.length} violations`
    process.stdout.write(isTerminal ? `\r${line.padEnd(78)}${isLast ? '\n' : ''}` : `${line}\n`)
  }
}
