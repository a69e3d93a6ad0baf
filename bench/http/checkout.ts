/** Checkout: carts become paid orders over HTTP, from a hundred clients at once, with a gateway that takes its time. */

import { z } from 'zod'
import type { Benchmark } from '../benchmark.ts'
import { demoCatalog } from '../catalog-files.ts'
import { importFile } from '../node/importing.ts'
import type { AtollNode } from '../stage.ts'
import { besideEcho, costRows } from './beside-echo.ts'
import type { LoadRequest } from './load-job.ts'
import { connections } from './load.ts'

const gatewayMs = 5
/** Make the payment, confirm it, take the money. */
const gatewayCalls = 3
/** Begun, placed, paid. */
const changesOfOrder = 3
const warmUpOrders = 300
const gatewaySecret = 'what-the-bench-signs-with'

export const checkoutBenchmark: Benchmark = {
  name: 'checkout',
  about: `POST /orders of carts with two lines, paid, ${connections} connections, gateway at ${gatewayMs} ms; beside an echo`,
  run: async (bench) => {
    const gateway = bench.stage.run([
      'bench/http/gateway-server.ts',
      String(gatewayMs),
      gatewaySecret,
    ])
    const url = await gateway.line((json) =>
      'url' in json && typeof json.url === 'string' ? json.url : undefined,
    )
    const node = await bench.stage.startNode({
      env: { ATOLL_PAYMENTS: `sandbox=${url}`, ATOLL_GATEWAY_SECRET: gatewaySecret },
    })
    await importFile(bench.stage, node, demoCatalog)
    const variants = await stockUp(node)
    const unitsBefore = await unitsLeft(node, variants)
    const shop = { node, variants, orders: bench.isQuick ? 200 : 2_000 }
    let placed = 0
    // Of the disk, while orders were placed and not while their carts were filled.
    let syncs = 0
    let syncsBefore: number | undefined
    const countSyncs = async () => {
      if (syncsBefore !== undefined) syncs += (await syncsOf(node)) - syncsBefore
      syncsBefore = undefined
    }
    const compared = await besideEcho(bench, {
      name: 'checkout',
      node,
      requests: async (round) => {
        await countSyncs()
        const orders = round === 'warm-up' ? warmUpOrders : shop.orders
        const requests = await ordersOf(shop, orders, String(round))
        if (round === 'warm-up') return requests
        placed += orders
        syncsBefore = await syncsOf(node)
        return requests
      },
    })
    await countSyncs()
    const sold = unitsBefore - (await unitsLeft(node, variants))
    const isTwoEach = sold === (placed + warmUpOrders) * 2
    bench.note(
      `checkout: ${placed} orders sold two units each: ${isTwoEach ? 'yes' : `no, ${sold}`}`,
    )
    await node.stop()
    await gateway.stop()
    const { ours, echo } = compared
    return [
      {
        what: `orders, paid, ${shop.orders} a run`,
        unit: '/s',
        ours: ours.perSecond,
        reference: { name: 'bare Hono echo', value: echo.perSecond },
        target: { of: 'ours', is: 'at least', bound: 1_000 },
      },
      {
        what: `p99 beyond the gateway's ${gatewayCalls * gatewayMs} ms`,
        unit: 'ms',
        ours: ours.p99Ms - gatewayCalls * gatewayMs,
        target: { of: 'ours', is: 'at most', bound: 60 },
      },
      // A group of commands is one transaction, which SQLite syncs once.
      { what: 'orders a group of commands (one sync each)', unit: '', ours: placed / syncs },
      { what: 'changes a group of commands', unit: '', ours: (placed * changesOfOrder) / syncs },
      ...costRows(compared),
    ]
  },
}

interface Shop {
  readonly node: AtollNode
  readonly variants: readonly string[]
  readonly orders: number
}

const productPage = z.object({
  items: z.array(z.object({ variants: z.array(z.object({ id: z.string() })) })),
})
const newCart = z.object({ id: z.string(), token: z.string() })
const unitsOfEach = 1_000_000

/** Gives every product of the first page units to sell, so that each of them is counted. */
const stockUp = async (node: AtollNode): Promise<readonly string[]> => {
  const page = await node.client.json({ method: 'GET', path: '/api/v1/products?limit=100' })
  const variants = productPage
    .parse(page)
    .items.flatMap((item) => item.variants.map(({ id }) => id))
  for (const id of variants) {
    await node.client.json({
      method: 'POST',
      path: `/api/v1/inventory/${id}/receive`,
      headers: node.admin,
      body: { location: 'main', quantity: unitsOfEach, reason: 'bench' },
    })
  }
  return variants
}

const ordersOf = async (
  { node, variants }: Shop,
  orders: number,
  round: string,
): Promise<readonly LoadRequest[]> => {
  const requests: LoadRequest[] = []
  for (let from = 0; from < orders; from += 100) {
    const some = Math.min(100, orders - from)
    const made = Array.from({ length: some }, (_, at) => orderOf(node, variants, from + at, round))
    requests.push(...(await Promise.all(made)))
  }
  return requests
}

// A cart with two lines, and the request that orders it.
const orderOf = async (
  node: AtollNode,
  variants: readonly string[],
  number: number,
  round: string,
): Promise<LoadRequest> => {
  const { id, token } = newCart.parse(
    await node.client.json({ method: 'POST', path: '/api/v1/carts' }),
  )
  const variantAt = (at: number) => variants[(number * 7 + at * 31) % variants.length]!
  await node.client.json({
    method: 'POST',
    path: `/api/v1/carts/${id}/intents`,
    headers: { 'x-cart-token': token },
    body: {
      intents: [0, 1].map((at) => ({ id: `i-${at}`, type: 'add', variantId: variantAt(at) })),
    },
  })
  return {
    method: 'POST',
    path: '/api/v1/orders',
    headers: {
      'x-cart-token': token,
      'content-type': 'application/json',
      'idempotency-key': `order-${round}-${number}-0123456789`,
    },
    body: JSON.stringify({
      cartId: id,
      shippingAddress: { line1: '1 Quay', city: 'Port', postalCode: '12345', country: 'US' },
      payment: { provider: 'sandbox', token: 'tok_ok' },
    }),
  }
}

const syncsOf = async ({ url }: AtollNode): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^atoll_commit_changes_count (\d+)/m.exec(text)?.[1] ?? NaN)
}

const inventory = z.object({ available: z.number() })

/** What no order has sold. No unit is sold twice if two are gone for each order. */
const unitsLeft = async (node: AtollNode, variants: readonly string[]): Promise<number> => {
  let left = 0
  for (const id of variants) {
    const answer = await node.client.json({ method: 'GET', path: `/api/v1/inventory/${id}` })
    left += inventory.parse(answer).available
  }
  return left
}
