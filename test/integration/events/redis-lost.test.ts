/** Redis that is killed, wiped or loses its last second: no event is lost, and no effect is doubled. */

import Database from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createConsumer } from '../../../node/events/consumer.ts'
import { connectRedis } from '../../../node/events/redis/connection.ts'
import { followRedis } from '../../../node/events/redis/follow.ts'
import { marksKey } from '../../../node/events/redis/outlet.ts'
import { createSqliteLedger } from '../../../node/events/sqlite-ledger.ts'
import * as system from '../../../node/system.ts'
import { isMissing } from '../services.ts'
import { create, openFile, openRegion, publishOverRedis } from './buses.ts'
import { openOwnRedis, whyNoOwnRedis, type OwnRedis } from './own-redis.ts'
import { Redis } from 'ioredis'

const skipped = isMissing('a Redis to kill', whyNoOwnRedis())

const open = async (options: { keeps?: boolean } = {}) => {
  const redis = await openOwnRedis(options)
  onTestFinished(() => redis.end())
  const region = openRegion()
  const file = openFile()
  const publishing = publishOverRedis(region, { url: redis.url, prefix: '', name: 'eu' }, file)
  return { redis, region, ...publishing, ...openShelf(redis) }
}

/** A consumer that counts each product's effects. */
const openShelf = (redis: OwnRedis) => {
  const database = new Database(':memory:')
  onTestFinished(() => {
    database.close()
  })
  database.exec('create table effects (sku text not null)')
  const insert = database.prepare('insert into effects (sku) values (?)')
  const handle = createConsumer({
    consumer: 'shelf',
    ledger: createSqliteLedger(database, system.systemClock),
    effect: (_, { data }) => {
      insert.run('sku' in data ? data.sku : '')
    },
  })
  const begin = () => {
    const connection = connectRedis({ url: redis.url, name: 'shelf', chance: () => 0.5 })
    const follower = followRedis(
      { redis: connection, timers: system.systemTimers, failed: () => undefined },
      { group: 'shelf', streams: ['product_events'], member: 'one', handle, idleMs: 200 },
    )
    onTestFinished(() => follower.close())
    return follower
  }
  return {
    begin,
    effects: () => database.prepare<[], string>('select sku from effects').pluck().all().toSorted(),
  }
}

const soon = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 25_000, interval: 50 })

test.skipIf(skipped)('killed and come back empty, it is filled again from the log', async () => {
  const { redis, region, wake, begin, effects } = await open()
  begin()
  const skus = [...create(region, 300)]
  wake()
  await soon(() => expect(effects().length).toBeGreaterThan(100))
  await redis.kill()
  skus.push(...create(region, 300))
  wake()
  await redis.start()
  skus.push(...create(region, 300))
  wake()
  await soon(() => expect(effects()).toEqual(skus.toSorted()))
})

test.skipIf(skipped)(
  'wiped before anybody read, it is filled again without a new event',
  async () => {
    const { redis, region, pump, wake, begin, effects } = await open()
    const skus = create(region, 400)
    wake()
    await soon(() => expect(pump.state()).toMatchObject({ backlog: 0, delivered: 400 }))
    await redis.wipe()
    begin()
    await soon(() => expect(effects()).toEqual(skus.toSorted()))
  },
)

test.skipIf(skipped)('that lost its last moments goes on from where it stands', async () => {
  const { redis, region, pump, wake, begin, effects } = await open()
  const skus = [...create(region, 200)]
  wake()
  await soon(() => expect(pump.state()).toMatchObject({ backlog: 0, delivered: 200 }))
  // As a failover to a replica that is behind leaves it: the last entries gone, the mark with them.
  const plain = new Redis(redis.url)
  onTestFinished(() => plain.disconnect())
  const mark = Number(await plain.hget(marksKey, 'eu'))
  const last = await plain.xrevrange('product_events', '+', '-', 'COUNT', 50)
  await plain.xdel('product_events', ...last.map(([id]) => id))
  await plain.hset(marksKey, 'eu', String(mark - 50))
  begin()
  skus.push(...create(region, 10))
  wake()
  await soon(() => expect(effects()).toEqual(skus.toSorted()))
  // Only what was lost was published again.
  expect(await plain.xlen('product_events')).toBe(210)
})

test.skipIf(skipped)('that keeps its data is not filled twice when it was only away', async () => {
  const { redis, region, pump, wake } = await open({ keeps: true })
  create(region, 100)
  wake()
  await soon(() => expect(pump.state().delivered).toBe(100))
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  await redis.kill()
  create(region, 100)
  wake()
  await soon(() => expect(pump.state().failures).toBeGreaterThan(0))
  expect(pump.state().backlog).toBe(100)
  await redis.start()
  await soon(() => expect(pump.state()).toMatchObject({ backlog: 0, failures: 0 }))
  const plain = new Redis(redis.url)
  onTestFinished(() => plain.disconnect())
  expect(await plain.xlen('product_events')).toBe(200)
})
