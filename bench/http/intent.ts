/** Intent: durable changes of many carts over HTTP, from a hundred clients at once. */

import { z } from 'zod'
import type { Benchmark } from '../benchmark.ts'
import { demoCatalog } from '../catalog-files.ts'
import { importFile } from '../node/importing.ts'
import type { AtollNode } from '../stage.ts'
import { besideEcho, costRows } from './beside-echo.ts'
import type { LoadRequest } from './load-job.ts'
import { connections } from './load.ts'

const intentsPerCart = 20

export const intentBenchmark: Benchmark = {
  name: 'intent',
  about: `POST /carts/:id/intents, durable, ${connections} connections, ${intentsPerCart} a cart; beside an echo`,
  run: async (bench) => {
    const node = await bench.stage.startNode()
    await importFile(bench.stage, node, demoCatalog)
    const variants = await variantsOf(node)
    const carts = bench.isQuick ? 100 : 500
    const requests = async (round: number | 'warm-up') =>
      requestsOf(await openCarts(node, round === 'warm-up' ? 100 : carts), variants)
    const compared = await besideEcho(bench, { name: 'intent', node, requests })
    await node.stop()
    const { ours, echo } = compared
    return [
      {
        what: `intents, ${carts * intentsPerCart} a run on ${carts} carts`,
        unit: '/s',
        ours: ours.perSecond,
        reference: { name: 'bare Hono echo', value: echo.perSecond },
        target: { of: 'ratio', is: 'at least', bound: 0.25 },
      },
      {
        what: 'p99',
        unit: 'ms',
        ours: ours.p99Ms,
        reference: { name: 'bare Hono echo', value: echo.p99Ms },
      },
      ...costRows(compared),
    ]
  },
}

interface OpenCart {
  readonly id: string
  readonly token: string
}

const newCart = z.object({ id: z.string(), token: z.string() })
const productPage = z.object({
  items: z.array(z.object({ variants: z.array(z.object({ id: z.string() })) })),
})

const openCarts = (node: AtollNode, count: number): Promise<readonly OpenCart[]> =>
  Promise.all(
    Array.from({ length: count }, async () =>
      newCart.parse(await node.client.json({ method: 'POST', path: '/api/v1/carts' })),
    ),
  )

const variantsOf = async (node: AtollNode): Promise<readonly string[]> => {
  const page = await node.client.json({ method: 'GET', path: '/api/v1/products?limit=100' })
  return productPage.parse(page).items.flatMap(({ variants }) => variants.map(({ id }) => id))
}

// One intent of each cart, then the next of each: a connection's neighbours are other shoppers.
const requestsOf = (
  carts: readonly OpenCart[],
  variants: readonly string[],
): readonly LoadRequest[] =>
  Array.from({ length: intentsPerCart }, (_, step) =>
    carts.map(({ id, token }, cart) => ({
      method: 'POST',
      path: `/api/v1/carts/${id}/intents`,
      headers: { 'x-cart-token': token, 'content-type': 'application/json' },
      body: JSON.stringify({ intents: [intentOf(step, cart, variants)] }),
    })),
  ).flat()

// What shoppers do: mostly put things in, now and then change their mind.
const intentOf = (step: number, cart: number, variants: readonly string[]) => {
  const id = `step-${step}`
  const variantAt = (at: number) => variants[(cart * 7 + at * 3) % variants.length]!
  if (step % 10 === 7) return { id, type: 'remove', variantId: variantAt(step - 3) }
  if (step % 10 === 4) return { id, type: 'set', variantId: variantAt(step - 1), quantity: 2 }
  return { id, type: 'add', variantId: variantAt(step), quantity: 1 }
}
