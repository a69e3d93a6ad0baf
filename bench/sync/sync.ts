/** Sync: two nodes on one machine; how soon a change is seen at the other, how fast one catches up. */

import type { Benchmark } from '../benchmark.ts'
import { measureCatchUp } from './catch-up.ts'
import { measureVisibility } from './visibility.ts'

export const syncBenchmark: Benchmark = {
  name: 'sync',
  about: 'two nodes: how soon a change is seen at the peer, and how fast a new peer catches up',
  run: async (bench) => [...(await measureVisibility(bench)), ...(await measureCatchUp(bench))],
}
