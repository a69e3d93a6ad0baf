/** What a product costs to read at the node that has it, beside one GET at a Redis on the same machine. */

import { Redis } from 'ioredis'
import { productIdOf } from '../../node/catalog/ids.ts'
import { createProductCache } from '../../node/catalog/product-cache.ts'
import { createCatalogQueries } from '../../node/catalog/queries.ts'
import { openOwnRedis } from '../../test/integration/events/own-redis.ts'
import type { Bench, Row } from '../benchmark.ts'
import { openLog, productsCount } from './log.ts'

/** As many reads at once as a busy node has requests in flight: the driver sends them together. */
const inFlight = 100

export const readCacheRows = async ({ stage, isQuick }: Bench): Promise<readonly Row[]> => {
  const log = openLog(stage.path('read-cache.db'))
  const queries = createCatalogQueries(log.store.database)
  const server = await openOwnRedis()
  const redis = new Redis(server.url)
  const ids = Array.from({ length: productsCount }, (_, number) => productIdOf(`P${number}`))
  for (const id of ids) await redis.set(`product:${id}`, queries.product(id) ?? '')
  const reads = isQuick ? 2_000 : 50_000
  const idAt = (at: number) => ids[at % ids.length] ?? productIdOf('P0')

  const microseconds = async (work: () => Promise<void> | void): Promise<number> => {
    await work()
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / reads
  }
  const own = await microseconds(() => {
    for (let at = 0; at < reads; at++) queries.product(idAt(at))
  })
  const cache = createProductCache(queries)
  const remembered = await microseconds(() => {
    for (let at = 0; at < reads; at++) cache.product(idAt(at))
  })
  const theirs = await microseconds(async () => {
    for (let at = 0; at < reads; at += inFlight) {
      const keys = Array.from({ length: inFlight }, (_, index) => `product:${idAt(at + index)}`)
      await Promise.all(keys.map((key) => redis.get(key)))
    }
  })
  redis.disconnect()
  await server.end()
  log.close()
  return [
    {
      what: "a product from the node's memory, processor time",
      unit: 'µs',
      ours: remembered,
      reference: { name: 'GET product:{id} from Redis', value: theirs },
    },
    {
      what: "a product from the node's own SQLite, processor time",
      unit: 'µs',
      ours: own,
      reference: { name: 'GET product:{id} from Redis', value: theirs },
    },
  ]
}
