/**
 * A day of selling one thing at three nodes, under a policy: how much is sold, and how many are sent away
 * although somebody in reach has units left. The same seed brings the same shoppers and the same cuts.
 */

import { sellAtOnce } from './acts.ts'
import { createIslands, type Island, type Policy, type Sea } from './islands.ts'

export interface Day {
  readonly seed: number
  readonly policy: Policy
  readonly sea: Sea
  readonly units: number
  readonly shoppers: number
  /** How often a link is cut or opened, of a hundred shoppers. */
  readonly cutsPerHundred: number
}

export interface Sold {
  readonly units: number
  readonly sold: number
  readonly attempts: number
  readonly refused: number
  /** Refused while nodes in reach had units to sell. */
  readonly refusedInVain: number
  /** How long each passing of rights took. */
  readonly transferMs: readonly number[]
}

const names = ['eu', 'us', 'ap'] as const
/** Where shoppers come to, of ten. */
const crowd = ['us', 'us', 'us', 'us', 'us', 'us', 'eu', 'eu', 'eu', 'ap']

export const sellForADay = async (day: Day): Promise<Sold> => {
  const { seed, policy, sea: weather, units, shoppers } = day
  const sea = await createIslands(names, { seed, policy, sea: weather })
  const variant = await sea.offer('eu', 'LAMP', units)
  await sea.settle()
  await sea.time.advance(3_000)
  const random = sea.random.split('shoppers')
  let sold = 0
  let refused = 0
  let refusedInVain = 0

  /** What this node and those it can reach could still sell. */
  const inReach = (at: Island): number =>
    sea.all
      .filter(({ name }) => name === at.name || !sea.isCut(name, at.name))
      .reduce((sum, one) => sum + one.free(variant), 0)

  const visit = async (number: number, at: Island) => {
    const input = { checkout: `s${number}`, variant, units: 1, untilMs: 0 }
    const done = await at.covered({ decide: sellAtOnce, input })
    if (done.ok) sold++
    else {
      refused++
      if (inReach(at) > 0) refusedInVain++
    }
  }

  const visits: Promise<void>[] = []
  for (let number = 0; number < shoppers; number++) {
    if (random.chance(day.cutsPerHundred / 100)) {
      const [a, b] = [random.pick(names), random.pick(names)]
      if (a !== b) sea.setLink(a, b, sea.isCut(a, b) ? 'open' : 'cut')
    }
    visits.push(visit(number, sea.island(random.pick(crowd))))
    await sea.time.advance(random.between(5, 60))
  }
  await sea.await(Promise.all(visits))
  sea.healAll()
  await sea.settle()
  const transfers = sea.all.flatMap((one) => one.transfers)
  return {
    units,
    sold,
    attempts: shoppers,
    refused,
    refusedInVain,
    transferMs: transfers.filter(({ outcome }) => outcome === 'granted').map(({ ms }) => ms),
  }
}

export const total = (days: readonly Sold[]): Sold => ({
  units: sum(days, 'units'),
  sold: sum(days, 'sold'),
  attempts: sum(days, 'attempts'),
  refused: sum(days, 'refused'),
  refusedInVain: sum(days, 'refusedInVain'),
  transferMs: days.flatMap(({ transferMs }) => transferMs),
})

const sum = (
  days: readonly Sold[],
  figure: 'units' | 'sold' | 'attempts' | 'refused' | 'refusedInVain',
): number => days.reduce((all, day) => all + day[figure], 0)
