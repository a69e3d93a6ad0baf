/** What every bus must do, over the log itself, Redis and RabbitMQ, with the real services. */

import Database from 'better-sqlite3'
import { Redis } from 'ioredis'
import { connect as connectAmqp } from 'amqplib'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { FollowCounts } from '../../../node/events/bus.ts'
import { createConsumer } from '../../../node/events/consumer.ts'
import type { DomainEvent } from '../../../node/events/event.ts'
import { createSqliteLedger } from '../../../node/events/sqlite-ledger.ts'
import * as system from '../../../node/system.ts'
import { isMissing } from '../services.ts'
import {
  amqpUrl,
  create,
  embedded,
  openRegion,
  overRabbit,
  overRedis,
  redisUrl,
  type BusUnderTest,
} from './buses.ts'

const redisWhy = await (async () => {
  const redis = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 0 })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return undefined
  } catch {
    return `there is no Redis at ${redisUrl}`
  } finally {
    redis.disconnect()
  }
})()

const rabbitWhy = await (async () => {
  try {
    await (await connectAmqp(amqpUrl)).close()
    return undefined
  } catch {
    return `there is no RabbitMQ at ${amqpUrl}`
  }
})()

const buses: readonly [string, () => BusUnderTest | Promise<BusUnderTest>, string | undefined][] = [
  ['the log', embedded, undefined],
  ['Redis', () => overRedis(), redisWhy],
  ['RabbitMQ', () => overRabbit(), rabbitWhy],
]

const group = 'audit_consumer'

/** A consumer whose effects are rows, with the events that it was told not to bear. */
const openConsumer = (bear: (sku: string) => void = () => undefined) => {
  const database = new Database(':memory:')
  onTestFinished(() => {
    database.close()
  })
  database.exec('create table effects (sku text not null)')
  const insert = database.prepare('insert into effects (sku) values (?)')
  const counts = { repeated: 0 }
  const handle = createConsumer({
    consumer: group,
    ledger: createSqliteLedger(database, system.systemClock),
    effect: (_, event) => {
      insert.run(skuOf(event))
      bear(skuOf(event))
    },
    handled: ({ repeated }) => {
      counts.repeated += repeated
    },
  })
  const effects = () =>
    database.prepare<[], string>('select sku from effects order by rowid').pluck().all()
  return { handle, effects, counts }
}

const skuOf = ({ data }: DomainEvent): string => ('sku' in data ? data.sku : '')

const follow = { group, streams: ['product_events'], idleMs: 100, deliveries: 3 } as const
const soon = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 15_000, interval: 20 })

describe.for(buses)('%s', ([name, open, why]) => {
  test.skipIf(isMissing(name, why))('brings each event to a group, in order', async () => {
    const bus = await open()
    const region = openRegion()
    const skus = create(region, 50)
    const { wake } = bus.publish(region)
    const { handle, effects } = openConsumer()
    bus.follow({ ...follow, handle })
    await soon(() => expect(effects()).toEqual(skus))
    const more = create(region, 700)
    wake()
    await soon(() => expect(effects()).toEqual([...skus, ...more]))
  })

  test.skipIf(isMissing(name, why))(
    'brings what a consumer cannot bear again, and then puts it aside; the others go on within a second',
    async () => {
      const bus = await open()
      const region = openRegion()
      const skus = create(region, 100)
      const tries: string[] = []
      const { handle, effects } = openConsumer((sku) => {
        if (sku !== skus[40]) return
        tries.push(sku)
        throw new Error('I cannot bear this one')
      })
      const { wake } = bus.publish(region)
      const counts: Required<FollowCounts> = zero()
      bus.follow({ ...follow, handle, observe: (more) => addUp(counts, more) })
      await soon(() => expect(effects()).toEqual(skus.filter((sku) => sku !== skus[40])))
      const later = create(region, 1)
      wake()
      await vi.waitFor(() => expect(effects()).toContain(later[0]), {
        timeout: 1_000,
        interval: 10,
      })
      await soon(async () => expect(await bus.deadLetters(group)).toBe(1))
      expect(counts.deadLettered).toBe(1)
      // Each handing over tries it in its batch, and once more alone.
      expect(tries.length).toBeGreaterThanOrEqual(3)
      expect(effects()).toHaveLength(100)
    },
  )

  test.skipIf(isMissing(name, why))(
    'has the effect once of what a consumer failed at for a while',
    async () => {
      const bus = await open()
      const region = openRegion()
      const skus = create(region, 30)
      let left = 2
      const { handle, effects } = openConsumer((sku) => {
        if (sku === skus[7] && left-- > 0) throw new Error('Not now')
      })
      bus.publish(region)
      bus.follow({ ...follow, handle })
      await soon(() => expect(effects().toSorted()).toEqual(skus.toSorted()))
      expect(await bus.deadLetters(group)).toBe(0)
    },
  )

  test.skipIf(isMissing(name, why))(
    'goes on where a follower ended in the middle, and no effect is doubled',
    async () => {
      const bus = await open()
      const region = openRegion()
      const skus = create(region, 300)
      const { handle, effects } = openConsumer()
      const { wake } = bus.publish(region)
      const first = bus.follow({ ...follow, handle })
      await soon(() => expect(effects().length).toBeGreaterThan(0))
      await first.close()
      const more = create(region, 50)
      wake()
      bus.follow({ ...follow, handle })
      await soon(() => expect(effects().toSorted()).toEqual([...skus, ...more].toSorted()))
    },
  )
})

// Nobody but the core writes into the log.
describe.for(buses.filter(([name]) => name !== 'the log'))('%s', ([name, open, why]) => {
  test.skipIf(isMissing(name, why))(
    'stops at no garbage: it is counted and put aside',
    async () => {
      const bus = await open()
      const region = openRegion()
      const skus = create(region, 10)
      const { wake } = bus.publish(region)
      const { handle, effects } = openConsumer()
      const counts: Required<FollowCounts> = zero()
      bus.follow({ ...follow, handle, observe: (more) => addUp(counts, more) })
      await soon(() => expect(effects()).toEqual(skus))
      const rubbish = ['', 'no JSON', '{}', 'null', '[1]', '\u0000\ufffd', '{"id":"x","type":"y"}']
      const wrong = JSON.stringify({ id: `${'a'.repeat(16)}:1`, type: 'order.created', data: 1 })
      for (const text of [...rubbish, wrong]) await bus.litter?.('product_events', text)
      const later = create(region, 5)
      wake()
      await soon(() => expect(effects()).toEqual([...skus, ...later]))
      await soon(() => expect(counts.garbage).toBe(rubbish.length + 1))
      await soon(async () => expect(await bus.deadLetters(group)).toBe(rubbish.length + 1))
    },
  )
})

const zero = (): Required<FollowCounts> => ({
  handled: 0,
  failed: 0,
  deadLettered: 0,
  garbage: 0,
  trimmed: 0,
})

const addUp = (counts: Record<keyof FollowCounts, number>, more: FollowCounts): void => {
  for (const [name, count] of Object.entries(more)) counts[name as keyof FollowCounts] += count
}
