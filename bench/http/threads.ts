/**
 * Threads: the channel to the core beside postMessage; reads with two workers beside one; durable writes
 * with a worker beside one thread for all.
 *
 * On two cores the load driver takes one of them. Then two workers and the core's thread share the other,
 * and rates say little; what a request costs in processor time is told beside them.
 */

import { loadMemory } from '../../native/load.ts'
import type { ProductId } from '../../node/catalog/ids.ts'
import { createFreshness } from '../../node/workers/freshness.ts'
import { createSharedProducts } from '../../node/workers/shared-products.ts'
import type { Bench, Benchmark, Row } from '../benchmark.ts'
import { demoCatalog } from '../catalog-files.ts'
import { interleaved, median } from '../measure.ts'
import { channelRows } from '../native/channel.ts'
import { importFile } from '../node/importing.ts'
import { productBodyOf } from '../products.ts'
import type { AtollNode } from '../stage.ts'
import { connections, createLoad, driveServer, type DrivenFigures } from './load.ts'
import type { LoadRequest } from './load-job.ts'
import { productsOf } from './read.ts'

export const threadsBenchmark: Benchmark = {
  name: 'threads',
  about: `workers: the channel, reads and durable writes, ${connections} connections`,
  run: async (bench) => [
    ...(await channelRows(bench)),
    ...(await readRows(bench)),
    ...(await writeRows(bench)),
  ],
}

const startWith = (bench: Bench, workers: number): Promise<AtollNode> =>
  bench.stage.startNode({ name: `w${workers}`, env: { ATOLL_WORKERS: String(workers) } })

const readRows = async (bench: Bench): Promise<readonly Row[]> => {
  const { stage, runs, isQuick, say } = bench
  const [none, one, two] = await Promise.all([0, 1, 2].map((count) => startWith(bench, count)))
  if (!none || !one || !two) throw new Error('Three nodes were started')
  const load = createLoad()
  try {
    await importFile(stage, none, demoCatalog)
    await importFile(stage, one, demoCatalog)
    await importFile(stage, two, demoCatalog)
    const products = await productsOf(one)
    const requests = Object.keys(products).map((id) => ({
      method: 'GET',
      path: `/api/v1/products/${id}`,
    }))
    const measure = (node: AtollNode, workers: number) => async () => {
      const until = { seconds: isQuick ? 1 : 3 }
      const report = await driveServer(load, node, { requests, until })
      if (report.failed > 0) throw new Error(`${report.failed} reads failed`)
      say(`  reads, ${workers} workers: ${report.perSecond.toFixed(0)}/s`)
      return report
    }
    const contestants = { none: measure(none, 0), one: measure(one, 1), two: measure(two, 2) }
    for (const warmUp of Object.values(contestants)) await warmUp()
    const figures = await interleaved<keyof typeof contestants, keyof DrivenFigures>(
      runs,
      contestants,
    )
    const mapUs = mapReadUs(Object.values(products)[0] ?? '')
    return [
      {
        what: 'reads, 2 workers',
        unit: '/s',
        ours: figures.two.perSecond,
        reference: { name: '1 worker', value: figures.one.perSecond },
        target: { of: 'ratio', is: 'at least', bound: 1.6 },
      },
      {
        what: 'reads, 1 worker',
        unit: '/s',
        ours: figures.one.perSecond,
        reference: { name: 'one thread', value: figures.none.perSecond },
      },
      {
        what: 'processor time a read, 1 worker',
        unit: 'µs',
        ours: figures.one.processorUs,
        reference: { name: 'one thread', value: figures.none.processorUs },
      },
      {
        what: 'of that, the shared map',
        unit: 'µs',
        ours: mapUs,
        reference: { name: 'a read, 1 worker', value: figures.one.processorUs },
      },
    ]
  } finally {
    load.close()
    await Promise.all([none, one, two].map((node) => node.stop()))
  }
}

/** What finding a product in the shared map takes, until it is a text that can be answered. */
const mapReadUs = (json: string): number => {
  const { memory } = loadMemory()
  const map = memory.maps.create({ expected: 1_024 })
  const products = createSharedProducts(map, { product: () => json }, createFreshness())
  const ids = Array.from({ length: 100 }, (_, at) => String(at).padStart(20, '0') as ProductId)
  const rounds = Array.from({ length: 21 }, () => {
    const startMs = performance.now()
    for (let round = 0; round < 100; round++) for (const id of ids) products.product(id)
    return ((performance.now() - startMs) * 1_000) / (100 * ids.length)
  })
  map.close()
  return median(rounds)
}

const writeRows = async (bench: Bench): Promise<readonly Row[]> => {
  const { runs, isQuick, say } = bench
  const [none, one] = await Promise.all([0, 1].map((count) => startWith(bench, count)))
  if (!none || !one) throw new Error('Two nodes were started')
  const load = createLoad()
  let requested = 0
  let failed = 0
  try {
    const measure = (node: AtollNode, workers: number) => async () => {
      const requests = creations(node, requested, isQuick ? 500 : 5_000)
      requested += requests.length
      const report = await driveServer(load, node, { requests, until: 'once' })
      failed += report.failed
      say(`  writes, ${workers} workers: ${report.perSecond.toFixed(0)}/s`)
      return report
    }
    const contestants = { none: measure(none, 0), one: measure(one, 1) }
    for (const warmUp of Object.values(contestants)) await warmUp()
    const figures = await interleaved<keyof typeof contestants, keyof DrivenFigures>(
      runs,
      contestants,
    )
    const reference = (value: number) => ({ name: 'one thread', value })
    return [
      {
        what: 'durable writes, 1 worker',
        unit: '/s',
        ours: figures.one.perSecond,
        reference: reference(figures.none.perSecond),
        target: { of: 'ratio', is: 'at least', bound: 1.3 },
      },
      {
        what: 'durable writes, 1 worker, p99',
        unit: 'ms',
        ours: figures.one.p99Ms,
        reference: reference(figures.none.p99Ms),
        target: { of: 'ratio', is: 'at most', bound: 1 },
      },
      {
        what: 'processor time a write, 1 worker',
        unit: 'µs',
        ours: figures.one.processorUs,
        reference: reference(figures.none.processorUs),
      },
      {
        what: 'peak memory, 1 worker',
        unit: 'MB',
        ours: one.child.peakMB(),
        reference: reference(none.child.peakMB()),
      },
      { what: 'failed', unit: '', ours: failed, target: { of: 'ours', is: 'at most', bound: 0 } },
    ]
  } finally {
    load.close()
    await Promise.all([none, one].map((node) => node.stop()))
  }
}

const creations = (node: AtollNode, first: number, count: number): readonly LoadRequest[] =>
  Array.from({ length: count }, (_, at) => ({
    method: 'POST',
    path: '/api/v1/products',
    headers: { ...node.admin, 'content-type': 'application/json' },
    body: JSON.stringify(productBodyOf(first + at)),
  }))
