/** Three nodes under load, killed at random moments and started again: nothing acknowledged is lost. */

import { afterAll, describe, expect, test } from 'vitest'
import { parseDot } from '../../crdt/dot.ts'
import { databaseFileOf } from '../../node/core/data-directory.ts'
import { createSqliteStore } from '../../node/core/sqlite-store.ts'
import * as shop from '../../node/shop.ts'
import { seededRandom } from '../crash-points/random.ts'
import {
  cleanUpProcesses,
  freePort,
  newDataDir,
  pause,
  request,
  runCommand,
  signIn,
  startProcess,
  type NodeProcess,
} from './node-process.ts'
import { eventually } from './node-under-test.ts'
import { seedFor } from './seed.ts'
import { startLoad, type Load } from './shoppers.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'
const kills = isFull ? 200 : 20
const shoppers = 6
/** Between two kills, so that some come while another node is still away, and some do not. */
const killEveryMs = { min: 100, max: isFull ? 1_500 : 900 }

afterAll(cleanUpProcesses)

interface Place {
  readonly name: string
  readonly port: number
  readonly dataDir: string
  readonly peers: readonly number[]
}

const names = ['eu', 'us', 'ap'] as const

const makePlaces = async (): Promise<readonly Place[]> => {
  const ports = await Promise.all(names.map(freePort))
  return names.map((name, at) => ({
    name,
    port: ports[at]!,
    dataDir: newDataDir(),
    peers: ports.filter((_, other) => other !== at),
  }))
}

/** What `atoll verify` has to say against a directory. */
const complaintsAbout = async (dataDir: string): Promise<readonly string[]> => {
  const { status, output } = await runCommand(['verify', dataDir])
  return status === 0 ? [] : [`${status}: ${output}`]
}

const replicationOf = async (url: string, headers: Readonly<Record<string, string>>) =>
  (await request(url, 'GET', '/api/v1/admin/replication', { headers })).body

/** Which of these changes are not in the log of a node that was stopped. */
const missingIn = (dataDir: string, dots: ReadonlySet<string>): readonly string[] => {
  const store = createSqliteStore({
    file: databaseFileOf(dataDir),
    readModelSql: shop.readModelSql,
    readModelTables: shop.readModelTables,
  })
  try {
    return [...dots].filter((text) => {
      const dot = parseDot(text)
      return !dot || !store.readChange(dot)
    })
  } finally {
    store.close()
  }
}

/** What a node shows that is not what was acknowledged. */
const wrongAt = async (url: string, { carts, productIds }: Load): Promise<readonly string[]> => {
  const wrong: string[] = []
  for (const [id, { token, quantities }] of carts) {
    const headers = { 'x-cart-token': token }
    const { body } = await request(url, 'GET', `/api/v1/carts/${id}`, { headers })
    const found = new Map(body.lines.map(({ variantId, quantity }) => [variantId, quantity]))
    for (const variantId of new Set([...quantities.keys(), ...found.keys()])) {
      const [is, should] = [found.get(variantId), quantities.get(variantId)]
      if (is !== should) wrong.push(`${url}: cart ${id}: ${variantId} is ${is}, not ${should}`)
    }
  }
  for (const id of productIds) {
    const { status } = await request(url, 'GET', `/api/v1/products/${id}`)
    if (status !== 200) wrong.push(`${url}: product ${id} answers ${status}`)
  }
  return wrong
}

describe('nodes that are killed under load', () => {
  test(
    `keep every acknowledged change through ${kills} kills, and agree in the end`,
    { timeout: isFull ? 30 * 60_000 : 180_000 },
    async () => {
      const random = seededRandom(seedFor('killed nodes'))
      const places = await makePlaces()
      const running = new Map<string, NodeProcess>()
      await Promise.all(
        places.map(async (place) => running.set(place.name, await startProcess(place))),
      )
      const urls = [...running.values()].map(({ url }) => url)
      const load = await startLoad({ urls, shoppers, random, pauseMsMax: 40 })

      const readyMs: number[] = []
      const unproven: string[] = []
      const revive = async (place: Place): Promise<void> => {
        unproven.push(...(await complaintsAbout(place.dataDir)))
        const node = await startProcess(place)
        readyMs.push(node.readyMs)
        running.set(place.name, node)
      }
      const revivals: Promise<void>[] = []
      for (let killed = 0; killed < kills;) {
        await pause(killEveryMs.min + random.below(killEveryMs.max - killEveryMs.min))
        const place = random.pick(places)
        const node = running.get(place.name)
        if (!node) continue
        running.delete(place.name)
        await node.kill()
        revivals.push(revive(place))
        killed++
      }
      await Promise.all(revivals)
      await load.stop()

      const headers = await signIn(urls[0]!)
      await eventually(async () => {
        const all = await Promise.all(urls.map((url) => replicationOf(url, headers)))
        expect(new Set(all.map(({ digest }) => digest)).size).toBe(1)
        expect(new Set(all.map(({ vector }) => JSON.stringify(sorted(vector)))).size).toBe(1)
      })
      const wrong = (await Promise.all(urls.map((url) => wrongAt(url, load)))).flat()
      for (const node of running.values()) expect(await node.stop()).toBe(0)
      for (const { dataDir } of places) unproven.push(...(await complaintsAbout(dataDir)))
      const lost = places.flatMap(({ dataDir }) => missingIn(dataDir, load.receipts))

      process.stdout.write(
        `${kills} kills, ${load.receipts.size} acknowledged changes, each at ${places.length} nodes; ` +
          `${lost.length} lost; ${load.repeated()} requests sent again; ` +
          `ready again after ${figures(readyMs)}\n`,
      )
      expect({ unproven, lost, wrong }).toEqual({ unproven: [], lost: [], wrong: [] })
      expect(load.receipts.size).toBeGreaterThan(kills * 5)
    },
  )
})

describe('a node with a full catalog that is killed', () => {
  const products = isFull ? 100_000 : 2_000
  /** On a machine that does other things too the figure is printed, and little is asked of it. */
  const readyMsMax = isFull ? 1_000 : 10_000

  test(
    `is ready again soon, with ${products} products`,
    { timeout: isFull ? 10 * 60_000 : 60_000 },
    async () => {
      const place = { name: 'eu', port: await freePort(), dataDir: newDataDir() }
      let node = await startProcess(place)
      const headers = await signIn(node.url)
      for (let first = 0; first < products; first += linesPerBatch) {
        await sendBatch(node.url, headers, first)
      }
      const readyMs: number[] = []
      for (let restarts = 0; restarts < 5; restarts++) {
        // It is writing when it is killed, so that there is something to recover.
        const first = products + restarts * linesPerBatch
        const unanswered = sendBatch(node.url, headers, first).catch(() => undefined)
        await pause(200)
        await node.kill()
        await unanswered
        node = await startProcess(place)
        readyMs.push(node.readyMs)
      }
      const { documents } = await replicationOf(node.url, headers)
      process.stdout.write(
        `killed with ${documents} documents: ready again after ${figures(readyMs)}\n`,
      )
      expect(documents).toBeGreaterThan(products)
      expect(readyMs.toSorted((a, b) => a - b)[2]).toBeLessThanOrEqual(readyMsMax)
      expect(await node.stop()).toBe(0)
      expect(await complaintsAbout(place.dataDir)).toEqual([])
    },
  )
})

const linesPerBatch = 1_000

const sendBatch = async (
  url: string,
  headers: Readonly<Record<string, string>>,
  first: number,
): Promise<void> => {
  const lines = Array.from({ length: linesPerBatch }, (_, at) =>
    JSON.stringify({ sku: `FULL-${first + at}`, name: `Lamp ${first + at}`, price: 10 }),
  )
  const answer = await fetch(`${url}/api/v1/products:batch`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  })
  await answer.text()
  expect(answer.status).toBe(200)
}

const sorted = (vector: Readonly<Record<string, number>>) =>
  Object.entries(vector).toSorted(([a], [b]) => (a < b ? -1 : 1))

const figures = (values: readonly number[]): string => {
  const rising = values.toSorted((a, b) => a - b)
  const at = (share: number) => rising[Math.ceil(share * rising.length) - 1] ?? Number.NaN
  return `median ${at(0.5).toFixed(0)} ms, worst ${at(1).toFixed(0)} ms`
}
