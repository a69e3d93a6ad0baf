/** Stock: selling from the rights that a node has, and fetching them from one that has more. */

import { z } from 'zod'
import type { Bench, Benchmark, Row } from '../benchmark.ts'
import { writeProducts } from '../catalog-files.ts'
import { besideEcho, costRows } from '../http/beside-echo.ts'
import { connections } from '../http/load.ts'
import { interleaved, pause, percentile, type Figures } from '../measure.ts'
import { importFile } from '../node/importing.ts'
import type { AtollNode } from '../stage.ts'
import { measurePolicies } from './policies.ts'

export const stockBenchmark: Benchmark = {
  name: 'stock',
  about: 'taking units of one variant; fetching the last one from a peer; policies on a slow sea',
  run: async (bench) => [
    ...(await measureTaking(bench)),
    ...(await measureFetching(bench)),
    ...(await measurePolicies(bench)),
  ],
}

/** Everybody takes units of the same variant, which is one document. */
const measureTaking = async (bench: Bench): Promise<readonly Row[]> => {
  const count = bench.isQuick ? 500 : 5_000
  const node = await bench.stage.startNode()
  const [variant = ''] = await offer(bench, node, 1)
  await receive(node, variant, 100_000_000)
  const requests = (round: number | 'warm-up') => {
    const body = JSON.stringify({ change: -1, reason: 'bench' })
    const headers = { ...node.admin, 'content-type': 'application/json' }
    const path = `/api/v1/inventory/${variant}/adjust`
    const length = round === 'warm-up' ? 500 : count
    return Promise.resolve(Array.from({ length }, () => ({ method: 'POST', path, headers, body })))
  }
  const compared = await besideEcho(bench, { name: 'stock', node, requests })
  await node.stop()
  return [
    {
      what: `units of one variant taken, ${connections} connections`,
      unit: '/s',
      ours: compared.ours.perSecond,
      reference: { name: 'bare Hono echo', value: compared.echo.perSecond },
    },
    { what: 'p99', unit: 'ms', ours: compared.ours.p99Ms },
    ...costRows(compared),
  ]
}

type Latencies = Figures<'p50Ms' | 'p99Ms'>

/** The only unit of each variant is at one node; the other one has to fetch it before it can take it. */
const measureFetching = async (bench: Bench): Promise<readonly Row[]> => {
  const { stage, runs, isQuick, say } = bench
  const each = isQuick ? 50 : 500
  const alice = await stage.startNode({ name: 'alice' })
  const bob = await stage.startNode({ name: 'bob', peers: [alice.url.replace('http', 'ws')] })
  try {
    const variants = await offer(bench, alice, 2 * each * runs)
    while ((await alice.replication()).digest !== (await bob.replication()).digest) await pause(50)
    let used = 0
    const take = async (node: AtollNode): Promise<Latencies> => {
      const own = variants.slice(used, (used += each))
      const latenciesMs: number[] = []
      for (const variant of own) {
        const startMs = performance.now()
        await node.client.json({
          method: 'POST',
          path: `/api/v1/inventory/${variant}/adjust`,
          headers: node.admin,
          body: { change: -1, reason: 'bench' },
        })
        latenciesMs.push(performance.now() - startMs)
      }
      return { p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) }
    }
    const { fetched, own } = await interleaved<'fetched' | 'own', keyof Latencies>(runs, {
      fetched: async () => {
        const taken = await take(bob)
        say(`  fetched and taken in ${taken.p50Ms.toFixed(1)} ms, p99 ${taken.p99Ms.toFixed(1)} ms`)
        return taken
      },
      own: () => take(alice),
    })
    const name = 'taken where it is'
    return [
      {
        what: 'a unit fetched from the peer and taken, p50',
        unit: 'ms',
        ours: fetched.p50Ms,
        reference: { name, value: own.p50Ms },
      },
      {
        what: 'a unit fetched from the peer and taken, p99',
        unit: 'ms',
        ours: fetched.p99Ms,
        reference: { name, value: own.p99Ms },
        target: { of: 'ours', is: 'at most', bound: 50 },
      },
    ]
  } finally {
    await Promise.all([alice.stop(), bob.stop()])
  }
}

const productPage = z.object({
  items: z.array(z.object({ variants: z.array(z.object({ id: z.string() })) })),
  next: z.string().optional(),
})

/** Variants of which one unit each is in stock. */
const offer = async (
  { stage }: Bench,
  node: AtollNode,
  count: number,
): Promise<readonly string[]> => {
  const file = stage.path('stocked.ndjson')
  writeProducts(file, count)
  await importFile(stage, node, file)
  const variants: string[] = []
  let cursor: string | undefined
  do {
    const path = `/api/v1/products?limit=100${cursor === undefined ? '' : `&cursor=${cursor}`}`
    const page = productPage.parse(await node.client.json({ method: 'GET', path }))
    variants.push(...page.items.flatMap((item) => item.variants[0]?.id ?? []))
    cursor = page.next
  } while (cursor !== undefined)
  await Promise.all(variants.map((variant) => receive(node, variant, 1)))
  return variants
}

const receive = (node: AtollNode, variant: string, quantity: number): Promise<unknown> =>
  node.client.json({
    method: 'POST',
    path: `/api/v1/inventory/${variant}/receive`,
    headers: node.admin,
    body: { quantity },
  })
