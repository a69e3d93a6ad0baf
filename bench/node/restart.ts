/** Restart: a node with a full catalog is killed while it writes; the time until it is ready again. */

import type { Benchmark } from '../benchmark.ts'
import { writeProducts } from '../catalog-files.ts'
import { interleaved } from '../measure.ts'
import { productBodyOf } from '../products.ts'
import type { AtollNode, Server } from '../stage.ts'
import { importFile } from './importing.ts'

export const restartBenchmark: Benchmark = {
  name: 'restart',
  about: 'kill -9 of a node that has a full catalog and is writing, to its answer that it is ready',
  run: async ({ stage, runs, isQuick, say }) => {
    const count = isQuick ? 2_000 : 100_000
    const file = stage.path('products.ndjson')
    const data = stage.path('full')
    say(`  preparing ${count} products`)
    writeProducts(file, count)
    const first = await stage.startNode({ data })
    await importFile(stage, first, file)
    await first.stop()

    let created = 0
    const afterKill = async () => {
      const node = await stage.startNode({ data })
      // Enough for a write-ahead log that the next start has to read.
      await createProducts(node, count + created, writesBeforeKill)
      created += writesBeforeKill
      const unanswered = createProducts(node, count + created, writesBeforeKill).catch(
        () => undefined,
      )
      created += writesBeforeKill
      process.kill(node.child.pid, 'SIGKILL')
      await node.child.ended()
      await unanswered
      return readyAgain(() => stage.startServing({ data }))
    }
    const afterStop = async () => {
      const node = await stage.startServing({ data })
      await node.stop()
      return readyAgain(() => stage.startServing({ data }))
    }
    const { killed, stopped } = await interleaved<'killed' | 'stopped', 'ms'>(Math.max(runs, 3), {
      killed: afterKill,
      stopped: afterStop,
    })
    return [
      {
        what: `ready again with ${count} products, killed while writing`,
        unit: 's',
        ours: killed.ms / 1_000,
        reference: { name: 'the same, stopped in order', value: stopped.ms / 1_000 },
        target: { of: 'ours', is: 'at most', bound: 1 },
      },
    ]
  },
}

const writesBeforeKill = 500

const createProducts = async (node: AtollNode, first: number, count: number): Promise<void> => {
  await Promise.all(
    Array.from({ length: count }, (_, at) =>
      node.client.json({
        method: 'POST',
        path: '/api/v1/products',
        headers: node.admin,
        body: productBodyOf(first + at),
      }),
    ),
  )
}

const readyAgain = async (start: () => Promise<Server>) => {
  const startMs = performance.now()
  const server = await start()
  await server.client.json({ method: 'GET', path: '/ready' })
  const ms = performance.now() - startMs
  await server.stop()
  return { ms }
}
