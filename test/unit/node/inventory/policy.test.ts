import { describe, expect, test } from 'vitest'
import { calm, type Policy, type Sea } from './islands.ts'
import { sellForADay, total, type Sold } from './selling.ts'

/** Regions of a continent: tens of milliseconds, and now and then something is lost. */
const ordinary: Sea = { latencyMs: [10, 40], lossRate: 0.01 }

const days = async (
  policy: Policy,
  { seeds, ...rest }: { seeds: readonly number[]; sea: Sea; cutsPerHundred: number },
): Promise<Sold> => {
  const all: Sold[] = []
  for (const seed of seeds) {
    all.push(await sellForADay({ seed, policy, units: 120, shoppers: 130, ...rest }))
  }
  return total(all)
}

const seeds = [31, 32, 33, 34, 35, 36]

describe('fetching rights before refusing, beside refusing first and asking later', () => {
  test('regions that are connected refuse next to nobody while there is stock elsewhere', async () => {
    const ours = await days('fetch first', { seeds, sea: ordinary, cutsPerHundred: 0 })
    expect(ours.refusedInVain / ours.attempts).toBeLessThanOrEqual(0.005)
    expect(ours.sold).toBe(ours.units)
  }, 60_000)

  test('sells more, and refuses fewer in vain, whatever the sea is like', async () => {
    for (const sea of [calm, ordinary]) {
      for (const cutsPerHundred of [0, 8]) {
        const weather = { seeds, sea, cutsPerHundred }
        const ours = await days('fetch first', weather)
        const theirs = await days('refuse first', weather)
        expect(ours.sold).toBeGreaterThanOrEqual(theirs.sold)
        expect(ours.refusedInVain).toBeLessThan(theirs.refusedInVain)
        expect(ours.sold).toBeLessThanOrEqual(ours.units)
        expect(theirs.sold).toBeLessThanOrEqual(theirs.units)
      }
    }
  }, 120_000)

  test('the same seed brings the same day', async () => {
    const day = { seed: 7, sea: ordinary, units: 40, shoppers: 50, cutsPerHundred: 5 }
    const policy = 'fetch first'
    expect(await sellForADay({ ...day, policy })).toEqual(await sellForADay({ ...day, policy }))
  })
})
