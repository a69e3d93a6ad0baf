/** Create: durable products over HTTP, each with a SKU of its own, from a hundred clients at once. */

import type { Benchmark } from '../benchmark.ts'
import { productBodyOf } from '../products.ts'
import { besideEcho, costRows } from './beside-echo.ts'
import { connections } from './load.ts'

export const createBenchmark: Benchmark = {
  name: 'create',
  about: `POST /products, durable, ${connections} connections; beside an echo of the same bodies`,
  run: async (bench) => {
    const count = bench.isQuick ? 1_000 : 10_000
    const node = await bench.stage.startNode()
    let requested = 0
    const requests = async (round: number | 'warm-up') => {
      const length = round === 'warm-up' ? 2_000 : count
      const first = requested
      requested += length
      return Array.from({ length }, (_, at) => ({
        method: 'POST',
        path: '/api/v1/products',
        headers: { ...node.admin, 'content-type': 'application/json' },
        body: JSON.stringify(productBodyOf(first + at)),
      }))
    }
    const compared = await besideEcho(bench, { name: 'create', node, requests })
    await node.stop()
    const { ours, echo } = compared
    return [
      {
        what: `products created, ${count} a run`,
        unit: '/s',
        ours: ours.perSecond,
        reference: { name: 'bare Hono echo', value: echo.perSecond },
        target: { of: 'ratio', is: 'at least', bound: 0.2 },
      },
      {
        what: 'p99',
        unit: 'ms',
        ours: ours.p99Ms,
        reference: { name: 'bare Hono echo', value: echo.p99Ms },
        target: { of: 'ours', is: 'at most', bound: 30 },
      },
      ...costRows(compared),
    ]
  },
}
