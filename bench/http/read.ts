/** Read: one product over HTTP, beside a bare Hono route that answers the same bytes. */

import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { Benchmark } from '../benchmark.ts'
import { demoCatalog } from '../catalog-files.ts'
import { interleaved } from '../measure.ts'
import { importFile } from '../node/importing.ts'
import type { AtollNode, Server } from '../stage.ts'
import {
  connections,
  createLoad,
  driveServer,
  loadNote,
  type Driven,
  type DrivenFigures,
} from './load.ts'

export const readBenchmark: Benchmark = {
  name: 'read',
  about: `GET /products/:id of the demo catalog, ${connections} connections; beside a bare route`,
  run: async ({ stage, runs, isQuick, say, note }) => {
    const node = await stage.startNode()
    await importFile(stage, node, demoCatalog)
    const products = await productsOf(node)
    const productsFile = stage.path('products.json')
    writeFileSync(productsFile, JSON.stringify(products))
    const bare = await stage.startBare(productsFile)
    const load = createLoad()
    const reports: Driven[] = []
    try {
      const requests = Object.keys(products).map((id) => ({
        method: 'GET',
        path: `/api/v1/products/${id}`,
      }))
      const measure = async (server: Server, seconds: number): Promise<Driven> => {
        const report = await driveServer(load, server, { requests, until: { seconds } })
        if (report.failed > 0) throw new Error(`${report.failed} reads failed`)
        return report
      }
      const kept = async (server: Server): Promise<DrivenFigures> => {
        const report = await measure(server, isQuick ? 1 : 4)
        if (server === bare) reports.push(report)
        say(`  ${server === node ? 'node' : 'bare'}: ${report.perSecond.toFixed(0)}/s`)
        return report
      }
      for (const server of [node, bare]) await measure(server, isQuick ? 1 : 2)
      const { ours, reference } = await interleaved<'ours' | 'reference', keyof DrivenFigures>(
        runs,
        {
          ours: () => kept(node),
          reference: () => kept(bare),
        },
      )
      const told = loadNote('read', reports)
      if (told !== undefined) note(told)
      return [
        {
          what: 'products read',
          unit: '/s',
          ours: ours.perSecond,
          reference: { name: 'bare Hono, the same bytes', value: reference.perSecond },
          target: { of: 'ratio', is: 'at least', bound: 0.6 },
        },
        {
          what: 'p99',
          unit: 'ms',
          ours: ours.p99Ms,
          reference: { name: 'bare Hono, the same bytes', value: reference.p99Ms },
        },
        {
          what: 'processor time a request',
          unit: 'µs',
          ours: ours.processorUs,
          reference: { name: 'bare Hono, the same bytes', value: reference.processorUs },
        },
      ]
    } finally {
      load.close()
      await Promise.all([node.stop(), bare.stop()])
    }
  },
}

const productPage = z.object({ items: z.array(z.object({ id: z.string() })) })

/** Each product's text as the node answers it, by id. */
export const productsOf = async ({
  client,
}: AtollNode): Promise<Readonly<Record<string, string>>> => {
  const page = await client.json({ method: 'GET', path: '/api/v1/products?limit=100' })
  const texts = productPage.parse(page).items.map(async ({ id }) => {
    const { text } = await client.call({ method: 'GET', path: `/api/v1/products/${id}` })
    return [id, text] as const
  })
  return Object.fromEntries(await Promise.all(texts))
}
