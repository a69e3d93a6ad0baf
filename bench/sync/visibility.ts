/**
 * Visibility: at a steady rate of changes at one node, the time from a change's acknowledgement there
 * to a read at the peer that shows it.
 *
 * Every so many changes one is probed: the peer is read again and again until it shows the change,
 * so that a figure includes one read over HTTP. The reference is the same probe at the node that
 * acknowledged, which has nothing to wait for.
 */

import { z } from 'zod'
import type { Bench, Row } from '../benchmark.ts'
import { writeProducts } from '../catalog-files.ts'
import { createClient, type Client } from '../client.ts'
import { interleaved, pause, percentile, type Figures } from '../measure.ts'
import { importFile } from '../node/importing.ts'
import type { AtollNode, Server } from '../stage.ts'

const products = 1_000
const changesPerSecond = 1_000
/** Below this share of the pace, the latencies are those of an overloaded node. */
const paceKept = 0.95
/** One change of this many is probed. */
const probedEvery = 10

export const measureVisibility = async (bench: Bench): Promise<readonly Row[]> => {
  const { stage, runs, isQuick, say } = bench
  const seconds = isQuick ? 2 : 10
  const file = stage.path('products.ndjson')
  writeProducts(file, products)
  const alice = await stage.startNode({ name: 'alice' })
  const bob = await stage.startNode({ name: 'bob', peers: [alice.url.replace('http', 'ws')] })
  try {
    await importFile(stage, alice, file)
    const ids = await productIds(alice)
    while ((await alice.replication()).digest !== (await bob.replication()).digest) await pause(50)
    // Prices only rise, so that a probe whose change was overtaken still sees that it arrived.
    let drives = 0
    const paced = (prober: Server) =>
      drive({ alice, prober, ids, seconds, firstPrice: ++drives * 2 * seconds * changesPerSecond })
    await paced(bob)
    const { peer, self } = await interleaved<'peer' | 'self', keyof Visibility>(runs, {
      peer: async () => {
        const seen = await paced(bob)
        say(`  seen at the peer after ${seen.p50Ms.toFixed(1)} ms, p99 ${seen.p99Ms.toFixed(1)} ms`)
        return seen
      },
      self: () => paced(alice),
    })
    const name = 'read at the same node'
    return [
      {
        what: `changes acknowledged, of ${changesPerSecond}/s asked`,
        unit: '/s',
        ours: peer.perSecond,
        target: { of: 'ours', is: 'at least', bound: changesPerSecond * paceKept },
      },
      {
        what: 'seen at the peer, p50',
        unit: 'ms',
        ours: peer.p50Ms,
        reference: { name, value: self.p50Ms },
      },
      {
        what: 'seen at the peer, p99',
        unit: 'ms',
        ours: peer.p99Ms,
        reference: { name, value: self.p99Ms },
        target: { of: 'ours', is: 'at most', bound: 20 },
      },
    ]
  } finally {
    await Promise.all([alice.stop(), bob.stop()])
  }
}

type Visibility = Figures<'p50Ms' | 'p99Ms' | 'perSecond'>

interface Drive {
  readonly alice: AtollNode
  /** Where it is looked for. */
  readonly prober: Server
  readonly ids: readonly string[]
  readonly seconds: number
  readonly firstPrice: number
}

/** Changes prices at the pace, whatever the answers take, and probes some of them. */
const drive = async ({ alice, prober, ids, seconds, firstPrice }: Drive): Promise<Visibility> => {
  // Connections of their own, or a probe would wait for changes to be answered.
  const probes = createClient(prober.url)
  const latenciesMs: number[] = []

  const change = async (number: number): Promise<void> => {
    const id = ids[number % ids.length]!
    const amount = firstPrice + number
    await alice.client.json({
      method: 'PUT',
      path: `/api/v1/products/${id}/price`,
      headers: alice.admin,
      body: { price: { amount, currency: 'USD' } },
    })
    if (number % probedEvery === 0) latenciesMs.push(await msUntilShown(probes, { id, amount }))
  }

  const count = seconds * changesPerSecond
  const pending: Promise<void>[] = []
  const startMs = performance.now()
  for (let number = 0; number < count; number++) {
    const aheadMs = startMs + (number / changesPerSecond) * 1_000 - performance.now()
    if (aheadMs > 0) await pause(aheadMs)
    pending.push(change(number))
  }
  await Promise.all(pending)
  probes.close()
  return {
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    perSecond: (count / (performance.now() - startMs)) * 1_000,
  }
}

const shownPrice = z.object({ price: z.object({ amount: z.number() }) })

const msUntilShown = async (
  probes: Client,
  { id, amount }: { readonly id: string; readonly amount: number },
): Promise<number> => {
  const startMs = performance.now()
  for (;;) {
    const product = await probes.json({ method: 'GET', path: `/api/v1/products/${id}` })
    const ms = performance.now() - startMs
    if (shownPrice.parse(product).price.amount >= amount || ms > patienceMs) return ms
    // Asking without a pause would slow down what is waited for.
    await pause(1)
  }
}

/** A change that is not there after so long counts as if it had come then. */
const patienceMs = 10_000

const productPage = z.object({
  items: z.array(z.object({ id: z.string() })),
  next: z.string().optional(),
})

export const productIds = async ({ client }: AtollNode): Promise<readonly string[]> => {
  const ids: string[] = []
  let next: string | undefined
  do {
    const cursor = next === undefined ? '' : `&cursor=${next}`
    const path = `/api/v1/products?limit=100${cursor}`
    const page = productPage.parse(await client.json({ method: 'GET', path }))
    ids.push(...page.items.map(({ id }) => id))
    next = page.next
  } while (next !== undefined)
  return ids
}
