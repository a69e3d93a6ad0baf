/** The simulator itself: it runs in a process of its own, from which time and chance were taken. */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { blindSpots } from '../../simulation/coverage.ts'
import { drawPlan } from '../../simulation/draw.ts'
import { faultKinds } from '../../simulation/faults/all.ts'
import { planted } from '../../simulation/planted/all.ts'
import { patched } from '../../simulation/planted/plant.ts'
import { smallLimits } from '../../simulation/small-limits.ts'
import { emptySummary } from '../../simulation/summary.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'
const program = fileURLToPath(new URL('../../simulation/main.ts', import.meta.url))
const root = new URL('../../../', import.meta.url)

const simulate = async (...args: readonly string[]) => {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args])
    return { code: 0, stdout }
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string }
    return { code, stdout }
  }
}

const minutes = 60_000

describe('seeds', () => {
  test(
    'break no property, and come to the same when they are run twice',
    async () => {
      // One seed of 25 is run twice.
      const { code, stdout } = await simulate('--seeds', isFull ? '1000' : '26')
      expect(stdout).toContain(' 0 violations')
      expect(code).toBe(0)
    },
    isFull ? 20 * minutes : 2 * minutes,
  )

  test(
    'replay as they ran',
    async () => {
      const [one, other] = await Promise.all([
        simulate('--seed', '7', '--trace'),
        simulate('--seed', '7', '--trace'),
      ])
      expect(one.stdout).toBe(other.stdout)
      expect(one.stdout).toContain('Every property holds')
    },
    2 * minutes,
  )

  test('draw the same plan each time, with every kind of fault in some of them', () => {
    expect(drawPlan(5)).toEqual(drawPlan(5))
    const kinds = new Set<string>()
    for (let seed = 1; seed <= 60; seed++) {
      for (const { kind } of drawPlan(seed).faults) kinds.add(kind)
    }
    expect([...kinds].sort()).toEqual([...faultKinds].sort())
  })
})

test(
  'every plan that once broke a property holds',
  async () => {
    const { code, stdout } = await simulate('--regressions')
    expect(stdout).toContain(' 0 of them broken')
    expect(code).toBe(0)
  },
  2 * minutes,
)

describe('planted bugs', () => {
  test('apply to the product as it is', () => {
    for (const patches of [...planted.map((bug) => bug.patches), smallLimits]) {
      for (const [file, own] of Map.groupBy(patches, (patch) => patch.file)) {
        const source = readFileSync(new URL(file, root), 'utf8')
        expect(patched(source, own)).not.toBe(source)
      }
    }
    expect(planted.length).toBeGreaterThanOrEqual(24)
  })

  test('must be there to be changed, once', () => {
    const patch = { file: 'a.ts', find: 'one', replace: 'two' }
    expect(patched('one', [patch])).toBe('two')
    expect(() => patched('', [patch])).toThrow('0 times')
    expect(() => patched('one one', [patch])).toThrow('2 times')
  })

  test(
    'are found',
    async () => {
      // All of them in the full run; here those that show within a few seeds.
      const names = isFull
        ? []
        : ['rights-granted-twice', 'digest-not-updated', 'removal-comes-back']
      const { code, stdout } = await simulate('--planted', ...names)
      expect(stdout).toContain('planted bugs were found')
      expect(code).toBe(0)
    },
    isFull ? 60 * minutes : 3 * minutes,
  )
})

test('a run in which a fault never struck is blind', () => {
  const seen = emptySummary()
  seen.seeds = 1_000
  expect(blindSpots(seen)).toContain('fault: losePower')
  seen.happened.set('fault: losePower', { times: 1, seeds: 1 })
  expect(blindSpots(seen)).not.toContain('fault: losePower')
  seen.seeds = 1
  expect(blindSpots(seen)).toEqual([])
})
