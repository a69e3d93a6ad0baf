/**
 * What becomes of shoppers who come where the rights are not: fetching rights before refusing, beside
 * refusing first and asking behind, as AntidoteDB's bounded counters do. Simulated on virtual time, with
 * the same shoppers, the same waves and the same cuts for both.
 */

import { calm, type Policy, type Sea } from '../../test/unit/node/inventory/islands.ts'
import { sellForADay, total, type Sold } from '../../test/unit/node/inventory/selling.ts'
import type { Bench, Row } from '../benchmark.ts'
import { percentile } from '../measure.ts'

const ordinary: Sea = { latencyMs: [10, 40], lossRate: 0.01 }

export const measurePolicies = async ({ isQuick, say }: Bench): Promise<readonly Row[]> => {
  const seeds = Array.from({ length: isQuick ? 2 : 20 }, (_, at) => 100 + at)
  const days = async (policy: Policy, sea: Sea, cutsPerHundred: number): Promise<Sold> => {
    const all: Sold[] = []
    for (const seed of seeds) {
      const day = { seed, policy, sea, units: 200, shoppers: 220, cutsPerHundred }
      all.push(await sellForADay(day))
    }
    return total(all)
  }
  const both = async (sea: Sea, cutsPerHundred: number) => ({
    ours: await days('fetch first', sea, cutsPerHundred),
    theirs: await days('refuse first', sea, cutsPerHundred),
  })
  const connected = await both(ordinary, 0)
  const cutOff = await both(ordinary, 8)
  const near = await both(calm, 0)
  const share = (part: number, whole: number) => (part / whole) * 1_000
  say(`  ${seeds.length} days each: transfers on an ordinary sea take ${told(connected.ours)}`)
  const name = 'refuse first, ask later'
  const inVain = ({ refusedInVain, attempts }: Sold) => share(refusedInVain, attempts)
  const soldOf = ({ sold, units }: Sold) => share(sold, units)
  return [
    {
      what: 'refused in vain, of 1,000 (connected, 10 to 40 ms)',
      unit: '',
      ours: inVain(connected.ours),
      reference: { name, value: inVain(connected.theirs) },
      target: { of: 'ours', is: 'at most', bound: 5 },
    },
    {
      what: 'sold, of 1,000 in stock (connected)',
      unit: '',
      ours: soldOf(connected.ours),
      reference: { name, value: soldOf(connected.theirs) },
      target: { of: 'ratio', is: 'at least', bound: 1 },
    },
    {
      what: 'refused in vain, of 1,000 (links cut and opened)',
      unit: '',
      ours: inVain(cutOff.ours),
      reference: { name, value: inVain(cutOff.theirs) },
      target: { of: 'ratio', is: 'at most', bound: 1 },
    },
    {
      what: 'sold, of 1,000 in stock (links cut and opened)',
      unit: '',
      ours: soldOf(cutOff.ours),
      reference: { name, value: soldOf(cutOff.theirs) },
      target: { of: 'ratio', is: 'at least', bound: 1 },
    },
    {
      what: 'refused in vain, of 1,000 (one machine, 1 to 3 ms)',
      unit: '',
      ours: inVain(near.ours),
      reference: { name, value: inVain(near.theirs) },
      target: { of: 'ours', is: 'at most', bound: 5 },
    },
  ]
}

const told = ({ transferMs }: Sold): string =>
  `${percentile(transferMs, 0.5).toFixed(0)} ms, p99 ${percentile(transferMs, 0.99).toFixed(0)} ms`
