/** Real nodes that publish what happened: each event once, whoever knows of it, whoever is gone. */

import { Redis } from 'ioredis'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { readEvent } from '../../../node/events/message.ts'
import { isMissing } from '../services.ts'
import {
  allConnected,
  cleanUp,
  createProduct,
  startNode,
  type NodeUnderTest,
} from '../node-under-test.ts'
import { openOwnRedis, whyNoOwnRedis, type OwnRedis } from './own-redis.ts'

const skipped = isMissing('a Redis to kill', whyNoOwnRedis())
afterAll(cleanUp)

const openBus = async () => {
  const bus = await openOwnRedis()
  const redis = new Redis(bus.url)
  redis.on('error', () => undefined)
  onTestFinished(async () => {
    redis.disconnect()
    await bus.end()
  })
  return { bus, redis }
}

const eventsIn = async (redis: Redis, stream: string) => {
  const entries = await redis.xrange(stream, '-', '+')
  return entries.map(([, fields]) => {
    const read = readEvent(fields[fields.indexOf('event') + 1] ?? '')
    if ('garbage' in read) throw new Error(read.garbage)
    return read.event
  })
}

const createdSkus = async (redis: Redis): Promise<readonly string[]> =>
  (await eventsIn(redis, 'product_events'))
    .filter(({ type }) => type === 'product.created')
    .map(({ data }) => ('sku' in data ? data.sku : ''))
    .toSorted()

const soon = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 20_000, interval: 50 })

const health = async (node: NodeUnderTest) => {
  const response = await fetch(`${node.url}/health`)
  return (await response.json()) as {
    status: string
    checks: { events: { status: string; detail?: string; figures: { redisBacklog: number } } }
  }
}

const startOn = (
  bus: OwnRedis,
  name: string,
  peers: readonly NodeUnderTest[] = [],
  dataDir?: string,
) => startNode({ name, peers, redisUrl: bus.url, ...(dataDir === undefined ? {} : { dataDir }) })

test.skipIf(skipped)(
  'two nodes tell of each product once, before and after a restart',
  async () => {
    const { bus, redis } = await openBus()
    const eu = await startOn(bus, 'eu')
    const us = await startOn(bus, 'us', [eu])
    await allConnected([eu, us])
    await createProduct(eu, { sku: 'A' })
    await createProduct(us, { sku: 'B' })
    await soon(async () => expect(await createdSkus(redis)).toEqual(['A', 'B']))
    await us.close()
    const again = await startOn(bus, 'us', [eu], us.dataDir)
    await allConnected([eu, again])
    await createProduct(again, { sku: 'C' })
    await soon(async () => expect(await createdSkus(redis)).toEqual(['A', 'B', 'C']))
  },
)

test.skipIf(skipped)(
  'the shop goes on while the bus is away, and says how much waits',
  async () => {
    const { bus, redis } = await openBus()
    const eu = await startOn(bus, 'eu')
    await createProduct(eu, { sku: 'A' })
    await soon(async () => expect(await createdSkus(redis)).toEqual(['A']))
    await bus.kill()
    await createProduct(eu, { sku: 'B' })
    await soon(async () => {
      const { status, checks } = await health(eu)
      expect(status).toBe('degraded')
      expect(checks.events.detail).toMatch(/^redis does not take events/)
      expect(checks.events.figures.redisBacklog).toBeGreaterThan(0)
    })
    const metrics = await (await fetch(`${eu.url}/metrics`)).text()
    expect(metrics).toMatch(/atoll_event_backlog_changes\{bus="redis"\} [1-9]/)
    await bus.start()
    await soon(async () => expect(await createdSkus(redis)).toEqual(['A', 'B']))
    await soon(async () => expect((await health(eu)).checks.events.status).toBe('ok'))
  },
)

test.skipIf(skipped)(
  'what a node could not tell any more, another tells when it is declared gone',
  async () => {
    const { bus, redis } = await openBus()
    const eu = await startOn(bus, 'eu')
    // Of this node nobody outside the cluster ever heard.
    const us = await startNode({ name: 'us', peers: [eu] })
    await allConnected([eu, us])
    await createProduct(us, { sku: 'LEFT' })
    await soon(async () => expect((await eu.ask('GET', '/products')).text).toContain('LEFT'))
    await us.close()
    await createProduct(eu, { sku: 'HERE' })
    await soon(async () => expect(await createdSkus(redis)).toEqual(['HERE']))
    const gone = await eu.order('POST', '/admin/nodes/us/gone', { body: { reason: 'burned' } })
    expect(gone.status).toBe(200)
    await soon(async () => expect(await createdSkus(redis)).toEqual(['HERE', 'LEFT']))
  },
)
