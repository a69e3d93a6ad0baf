/**
 * A flash sale that is sold out, and everybody who still comes: how many are told so in a second, and
 * what it costs those who come for something else.
 */

import { z } from 'zod'
import type { Bench, Benchmark, Row } from '../benchmark.ts'
import { createLoad, driveServer, loadNote, type Driven, type DrivenFigures } from '../http/load.ts'
import { interleaved, pause, percentile, type Figures } from '../measure.ts'
import { productBodyOf } from '../products.ts'
import type { AtollNode, Server } from '../stage.ts'

/** Of those who still come, so that the node has time for others: what a rush on one product is. */
const rushPerSecond = 1_000
const probesPerSecond = 100

export const flashSaleBenchmark: Benchmark = {
  name: 'flash-sale',
  about: 'attempts on what is sold out; beside an echo, and beside reads of other things',
  run: async (bench) => {
    const node = await bench.stage.startNode()
    try {
      await sellOut(node)
      return [...(await measureTurningAway(bench, node)), ...(await measureOthers(bench, node))]
    } finally {
      await node.stop()
    }
  },
}

const created = z.object({ id: z.string(), variants: z.array(z.object({ id: z.string() })) })

/** A sale of a variant of which there is none. */
const sellOut = async (node: AtollNode): Promise<void> => {
  const order = (method: string, path: string, body: unknown) =>
    node.client.json({ method, path, headers: node.admin, body })
  const product = created.parse(
    await order('POST', '/api/v1/products', { ...productBodyOf(0), initialQuantity: 0 }),
  )
  await order('POST', '/api/v1/flash-sales', {
    variantId: product.variants[0]?.id,
    name: 'Doorbuster',
    price: { amount: 990, currency: 'USD' },
    startsAt: new Date(Date.now() - 60_000).toISOString(),
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
  })
}

const attempt = {
  method: 'POST',
  path: '/api/v1/purchase/attempt',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ quantity: 1 }),
}

const measureTurningAway = async (bench: Bench, node: Server): Promise<readonly Row[]> => {
  const { stage, runs, isQuick, say, note } = bench
  const bare = await stage.startBare()
  const load = createLoad()
  const reports: Driven[] = []
  try {
    const measure = (server: Server, seconds: number) => {
      const request = server === bare ? { ...attempt, path: '/echo' } : attempt
      return driveServer(load, server, { requests: [request], until: { seconds } })
    }
    for (const server of [node, bare]) await measure(server, isQuick ? 1 : 2)
    const { ours, echo } = await interleaved<'ours' | 'echo', keyof DrivenFigures>(runs, {
      ours: async () => {
        const report = await measure(node, isQuick ? 1 : 4)
        say(`  sold out: ${report.perSecond.toFixed(0)}/s, p99 ${report.p99Ms.toFixed(1)} ms`)
        return report
      },
      echo: async () => {
        const report = await measure(bare, isQuick ? 1 : 4)
        reports.push(report)
        return report
      },
    })
    const told = loadNote('flash-sale', reports)
    if (told !== undefined) note(told)
    const name = 'bare Hono echo'
    return [
      {
        what: 'told that it is sold out',
        unit: '/s',
        ours: ours.perSecond,
        reference: { name, value: echo.perSecond },
        target: { of: 'ratio', is: 'at least', bound: 0.5 },
      },
      {
        what: 'processor time a request',
        unit: 'µs',
        ours: ours.processorUs,
        reference: { name, value: echo.processorUs },
      },
    ]
  } finally {
    load.close()
    await bare.stop()
  }
}

type Probed = Figures<'p50Ms' | 'p99Ms'>

/** Reads of a product at a steady pace, with and without a rush on the sale meanwhile. */
const measureOthers = async (bench: Bench, node: Server): Promise<readonly Row[]> => {
  const { runs, isQuick, say } = bench
  const seconds = isQuick ? 2 : 10
  const quietly = () => probe(node, seconds)
  const inARush = async (): Promise<Probed> => {
    const rush = pace(node, { seconds, perSecond: rushPerSecond, call: attempt })
    const probed = await probe(node, seconds)
    const { perSecond } = await rush
    say(`  ${perSecond.toFixed(0)} attempts/s; reads p99 ${probed.p99Ms.toFixed(2)} ms`)
    return probed
  }
  await quietly()
  const { rush, quiet } = await interleaved<'rush' | 'quiet', keyof Probed>(runs, {
    rush: inARush,
    quiet: quietly,
  })
  return [
    {
      what: `other reads, p50, at ${rushPerSecond} attempts/s`,
      unit: 'ms',
      ours: rush.p50Ms,
      reference: { name: 'without them', value: quiet.p50Ms },
    },
    {
      what: `other reads, p99, at ${rushPerSecond} attempts/s`,
      unit: 'ms',
      ours: rush.p99Ms,
      reference: { name: 'without them', value: quiet.p99Ms },
      target: { of: 'ratio', is: 'at most', bound: 1.2 },
    },
  ]
}

const probe = async (node: Server, seconds: number): Promise<Probed> => {
  const call = { method: 'GET', path: '/api/v1/products?limit=1' }
  const { latenciesMs } = await pace(node, { seconds, perSecond: probesPerSecond, call })
  return { p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) }
}

interface Paced {
  readonly latenciesMs: readonly number[]
  readonly perSecond: number
}

/** Sends at a pace, whatever the answers take: who comes does not wait for who came before. */
const pace = async (
  { client }: Server,
  asked: {
    readonly seconds: number
    readonly perSecond: number
    readonly call: { readonly method: string; readonly path: string; readonly body?: unknown }
  },
): Promise<Paced> => {
  const { seconds, perSecond, call } = asked
  const { body, ...rest } = call
  const parsed = typeof body === 'string' ? (JSON.parse(body) as unknown) : body
  const latenciesMs: number[] = []
  const startMs = performance.now()
  const sent: Promise<void>[] = []
  const send = async () => {
    const sentMs = performance.now()
    await client.call(parsed === undefined ? rest : { ...rest, body: parsed })
    latenciesMs.push(performance.now() - sentMs)
  }
  while (performance.now() - startMs < seconds * 1_000) {
    const due = Math.floor(((performance.now() - startMs) / 1_000) * perSecond)
    while (sent.length < due) sent.push(send())
    await pause(1)
  }
  await Promise.all(sent)
  return { latenciesMs, perSecond: latenciesMs.length / seconds }
}
