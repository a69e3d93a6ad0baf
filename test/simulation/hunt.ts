/** Plants each known bug and looks for it: a simulator that finds none of them is not one. */

import { planted } from './planted/all.ts'
import { endThreads, runSeeds, startThreads } from './threads.ts'

/** In so many seeds a bug must be found. */
const seedsMax = 500

/** Looks for the bugs of these names, for all if there are none; answers the exit code. */
export const hunt = async (names: readonly string[]): Promise<number> => {
  const bugs = planted.filter(({ name }) => names.length === 0 || names.includes(name))
  let missed = 0
  for (const { name } of bugs) {
    const { isFound, line } = await look(name)
    if (!isFound) missed++
    process.stdout.write(`${line}\n`)
  }
  process.stdout.write(
    missed === 0
      ? `All ${bugs.length} planted bugs were found\n`
      : `${missed} of ${bugs.length} planted bugs were not found\n`,
  )
  return missed === 0 ? 0 : 1
}

interface Look {
  readonly isFound: boolean
  readonly line: string
}

const look = async (name: string): Promise<Look> => {
  const threads = startThreads(name)
  let result: Look = { isFound: false, line: `NOT FOUND in ${seedsMax} seeds: ${name}` }
  await runSeeds(threads, {
    first: 1,
    count: seedsMax,
    orderOf: (seed) => ({ kind: 'run', seed, options: {} }),
    take: (seed, answer) => {
      const failure = answer.kind === 'ran' ? answer.summary.failures[0] : undefined
      if (answer.kind === 'failed') {
        result = { isFound: false, line: `${name}: the simulator failed: ${answer.error}` }
      } else if (failure) {
        const { property, sentence } = failure.violation
        const what = `"${property}": ${sentence.split('\n')[0]}`
        result = { isFound: true, line: `${name}: found in seed ${seed}, by ${what}` }
      }
      return answer.kind === 'failed' || failure ? 'enough' : 'more'
    },
  })
  await endThreads(threads)
  return result
}
