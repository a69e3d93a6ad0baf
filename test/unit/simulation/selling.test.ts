/** Rushes on the last units: nothing is wrong in them, one seed is one run, and planted bugs still apply. */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { patched } from '../../simulation/planted/plant.ts'
import { plantedInSelling } from '../../simulation/selling/planted.ts'
import { runRush } from '../../simulation/selling/rush.ts'

const root = new URL('../../../', import.meta.url)
const size = { units: 20, attempts: 120 }

describe('a rush', () => {
  test.each([1, 2, 3])(
    'sells all there is, once, and nothing is wrong (seed %i)',
    { timeout: 60_000 },
    async (seed) => {
      const result = await runRush(seed, size)
      expect(result).toMatchObject({ violations: [], sold: size.units })
      expect(result.soldMost).toBeLessThanOrEqual(size.units)
    },
  )

  test('of one seed goes the same way each time', { timeout: 60_000 }, async () => {
    expect(await runRush(4, size)).toEqual(await runRush(4, size))
  })
})

describe('a planted bug', () => {
  test.each(plantedInSelling)('$name applies to the source as it is', ({ patches }) => {
    for (const { file, find, replace } of patches) {
      const source = readFileSync(new URL(file, root), 'utf8')
      expect(patched(source, [{ file, find, replace }])).not.toBe(source)
    }
  })
})
