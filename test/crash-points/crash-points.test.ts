/** What was acknowledged is there after any crash: at any operation, whatever the disk had not synced. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seedFor } from '../integration/seed.ts'
import { isMissing } from '../integration/services.ts'
import { explore, type Exploration, type Violation } from './exploration.ts'
import { openWorkshop, whyNoShim, type Workshop } from './preloaded.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'
const size = isFull
  ? { points: 12_000, runs: 8, momentsPerRun: 6, timeoutMs: 60 * 60_000 }
  : { points: 200, runs: 4, momentsPerRun: 2, timeoutMs: 120_000 }

const skip = isMissing('crash points', whyNoShim())

describe.skipIf(skip)('a process that crashes, or whose disk fails', () => {
  let workshop: Workshop
  beforeAll(() => {
    workshop = openWorkshop()
  })
  afterAll(() => workshop.close())

  test(
    'has lost nothing that it acknowledged, left nothing half done, and used no dot twice',
    { timeout: size.timeoutMs },
    async () => {
      const firstSeed = seedFor('crash points')
      const startMs = performance.now()
      const found: Exploration[] = []
      const violations: Violation[] = []
      let points = 0
      for (let seed = firstSeed; points < size.points && violations.length === 0; seed++) {
        const exploration = await explore(workshop, { seed, ...size })
        found.push(exploration)
        points += exploration.points
        violations.push(...exploration.violations)
      }
      process.stdout.write(`${told(found)}, ${perSecond(points, startMs)}\n`)
      expect(violations).toEqual([])
    },
  )

  test('is found out if it acknowledges before the disk has it', { timeout: 120_000 }, async () => {
    const firstSeed = seedFor('crash points, synchronous=NORMAL')
    const violations: Violation[] = []
    let points = 0
    for (let seed = firstSeed; seed < firstSeed + 20 && violations.length === 0; seed++) {
      const plan = { seed, runs: 2, momentsPerRun: 6, synchronous: 'NORMAL' }
      const exploration = await explore(workshop, plan)
      points += exploration.points
      violations.push(...exploration.violations)
    }
    process.stdout.write(
      `synchronous=NORMAL: ${violations.length} of ${points} crash points lost what was acknowledged\n`,
    )
    const sentences = violations.flatMap(({ what }) => what)
    expect(sentences).toContainEqual(expect.stringMatching(/was acknowledged and lost/))
  })
})

const told = (found: readonly Exploration[]): string => {
  const sum = (figure: (one: Exploration) => number) =>
    found.reduce((all, one) => all + figure(one), 0)
  const ends = new Map<string, number>()
  for (const one of found) {
    for (const [end, count] of one.ends) ends.set(end, (ends.get(end) ?? 0) + count)
  }
  const endings = [...ends.keys()].toSorted().map((end) => `${end} × ${ends.get(end)}`)
  return (
    `${sum(({ points }) => points)} crash points, ` +
    `${sum(({ acknowledgedGroups }) => acknowledgedGroups)} acknowledged transactions, ` +
    `${sum(({ violations }) => violations.length)} lost or broken; ` +
    `runs ended with ${endings.join(', ')}`
  )
}

const perSecond = (points: number, startMs: number): string => {
  const seconds = (performance.now() - startMs) / 1_000
  return `${seconds.toFixed(1)} s, ${(points / seconds).toFixed(0)} a second`
}
