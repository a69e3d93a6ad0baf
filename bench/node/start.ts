/** Start: from spawning the process to answering that it is ready, with a full catalog. */

import type { Benchmark } from '../benchmark.ts'
import { writeProducts } from '../catalog-files.ts'
import { interleaved } from '../measure.ts'
import type { Server } from '../stage.ts'
import { importFile } from './importing.ts'

export const startBenchmark: Benchmark = {
  name: 'start',
  about: 'from spawning a node that has a full catalog to its answer that it is ready',
  run: async ({ stage, runs, isQuick, say }) => {
    const count = isQuick ? 5_000 : 100_000
    const file = stage.path('products.ndjson')
    const data = stage.path('full')
    say(`  preparing ${count} products`)
    writeProducts(file, count)
    const first = await stage.startNode({ data })
    await importFile(stage, first, file)
    await first.stop()

    const measure = async (start: () => Promise<Server>) => {
      const startMs = performance.now()
      const server = await start()
      await server.client.json({ method: 'GET', path: '/ready' })
      const figures = { ms: performance.now() - startMs, rssMB: server.child.peakMB() }
      await server.stop()
      return figures
    }
    const { ours, bare } = await interleaved<'ours' | 'bare', 'ms' | 'rssMB'>(Math.max(runs, 3), {
      ours: () => measure(() => stage.startServing({ data })),
      bare: () => measure(() => stage.startBare()),
    })
    return [
      {
        what: `ready with ${count} products`,
        unit: 's',
        ours: ours.ms / 1_000,
        reference: { name: 'bare Hono', value: bare.ms / 1_000 },
        target: { of: 'ours', is: 'at most', bound: 1.5 },
      },
      {
        what: 'memory when ready',
        unit: 'MB',
        ours: ours.rssMB,
        reference: { name: 'bare Hono', value: bare.rssMB },
      },
    ]
  },
}
