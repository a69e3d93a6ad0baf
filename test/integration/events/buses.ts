/** The buses under test: each with the real service, under names that nobody else uses. */

import { connect as connectAmqp } from 'amqplib'
import { Redis } from 'ioredis'
import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import type { Follower, Subscription } from '../../../node/events/bus.ts'
import { consumerGroups, streams, type Stream } from '../../../node/events/catalogue.ts'
import { openEventFile, type EventFile } from '../../../node/events/event-file.ts'
import { createFeed } from '../../../node/events/feed.ts'
import { followLog, readDeadLetters } from '../../../node/events/embedded/follow.ts'
import { createPublisher } from '../../../node/events/publisher.ts'
import type { Pump, PumpDeps } from '../../../node/events/pump.ts'
import { connectRedis } from '../../../node/events/redis/connection.ts'
import { deadStreamOf, followRedis } from '../../../node/events/redis/follow.ts'
import { createRedisOutlet } from '../../../node/events/redis/outlet.ts'
import { followRabbit } from '../../../node/events/rabbitmq/follow.ts'
import { createRabbitOutlet, marksPrefix } from '../../../node/events/rabbitmq/outlet.ts'
import { deadExchange, deadQueue } from '../../../node/events/rabbitmq/topology.ts'
import { exchangeOfStream, exchanges, queues } from '../../../node/events/exchanges.ts'
import * as system from '../../../node/system.ts'
import { createRegion, productInput, type Region } from '../../unit/node/catalog/region.ts'

export const redisUrl = process.env['ATOLL_TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379'
export const amqpUrl = process.env['ATOLL_TEST_AMQP_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672'

export interface Follow extends Subscription {
  readonly idleMs: number
  readonly deliveries: number
}

export interface BusUnderTest {
  /** Begins to publish what the region does. */
  publish(region: Region, name?: string): Publishing
  follow(follow: Follow): Follower
  /** How many dead letters there are. */
  deadLetters(group: string): Promise<number>
  /** Puts something into the stream that is no event. */
  litter?(stream: Stream, text: string): Promise<void>
}

export interface Publishing {
  readonly pump?: Pump
  /** To be called when the region has changed. */
  wake(): void
}

export const depsOf = (region: Region, file: EventFile): PumpDeps => ({
  feed: createFeed({ store: region.store, lookup: { accountOfSession: () => undefined } }),
  file,
  timers: system.systemTimers,
  random: system.systemRandom,
  soon: system.soon,
})

const chance = () => 0.5

/** What a follower could not do: the bus is away now and then, on purpose. */
const failed = () => undefined

export const openFile = (): EventFile => {
  const file = openEventFile(':memory:')
  onTestFinished(() => file.close())
  return file
}

/** A name that no other run uses. */
export const newPrefix = (): string => `atoll_test_${randomBytes(6).toString('hex')}:`

/** The log itself: whoever follows reads it. */
export const embedded = (): BusUnderTest => {
  const file = openFile()
  let region: Region | undefined
  const followers: { wake(): void }[] = []
  return {
    publish: (of) => {
      region = of
      return { wake: () => followers.forEach((follower) => follower.wake()) }
    },
    follow: (options) => {
      if (!region) throw new Error('There is a log before anybody follows it')
      const deps = { ...depsOf(region, file), clock: system.systemClock, failed }
      const follower = followLog(deps, { ...options, scope: 'all' })
      followers.push(follower)
      onTestFinished(() => follower.close())
      return follower
    },
    deadLetters: (group) => Promise.resolve(readDeadLetters(file, group).length),
  }
}

export const overRedis = (url = redisUrl): BusUnderTest => {
  const prefix = newPrefix()
  const plain = new Redis(url)
  onTestFinished(async () => {
    const keys = await plain.keys(`${prefix}*`)
    if (keys.length > 0) await plain.del(...keys)
    plain.disconnect()
  })
  let members = 0
  return {
    publish: (region, name = 'eu') => publishOverRedis(region, { url, prefix, name }),
    follow: (options) => {
      const redis = connectRedis({ url, prefix, name: 'follower', chance })
      const deps = { redis, timers: system.systemTimers, failed }
      const follower = followRedis(deps, { ...options, member: `member-${++members}` })
      onTestFinished(() => follower.close())
      return follower
    },
    deadLetters: async () => {
      const counts = await Promise.all(
        streams.map((stream) => plain.xlen(prefix + deadStreamOf(stream))),
      )
      return counts.reduce((sum, one) => sum + one, 0)
    },
    litter: async (stream, text) => {
      await plain.xadd(prefix + stream, '*', 'event', text)
    },
  }
}

export const publishOverRedis = (
  region: Region,
  options: { readonly url: string; readonly prefix: string; readonly name: string },
  file: EventFile = openFile(),
): Publishing & { readonly pump: Pump } => {
  const { url, prefix, name } = options
  let pump: Pump | undefined
  const ready = () => pump?.retry()
  const redis = connectRedis({ url, prefix, name: 'publisher', chance, ready })
  const outlet = createRedisOutlet(redis, { publisher: name })
  pump = createPublisher(depsOf(region, file), {
    name,
    outlet,
    scope: 'all',
    wentBack: () => undefined,
  })
  const made = pump
  onTestFinished(async () => {
    await made.close()
    await outlet.close()
  })
  return { pump: made, wake: made.wake }
}

export const overRabbit = async (url = amqpUrl): Promise<BusUnderTest> => {
  const prefix = newPrefix()
  const connection = await connectAmqp(url)
  const channel = await connection.createChannel()
  onTestFinished(async () => {
    const groups = [...consumerGroups, ...queues.map(({ name }) => name), deadQueue]
    for (const name of [...groups, `${marksPrefix}eu`, `${marksPrefix}us`]) {
      await channel.deleteQueue(prefix + name)
    }
    for (const name of [...exchanges, deadExchange]) await channel.deleteExchange(prefix + name)
    await connection.close()
  })
  const { systemTimers: timers } = system
  return {
    publish: (region, name = 'eu') => {
      const outlet = createRabbitOutlet({ url, publisher: name, prefix, timers })
      const pump = createPublisher(depsOf(region, openFile()), {
        name,
        outlet,
        scope: 'all',
        wentBack: () => undefined,
      })
      onTestFinished(async () => {
        await pump.close()
        await outlet.close()
      })
      return { pump, wake: pump.wake }
    },
    follow: (options) => {
      const follower = followRabbit({ url, prefix, timers, chance, failed }, options)
      onTestFinished(() => follower.close())
      return follower
    },
    deadLetters: async () => (await channel.checkQueue(prefix + deadQueue)).messageCount,
    litter: async (stream, text) => {
      channel.publish(prefix + exchangeOfStream(stream), 'nothing', Buffer.from(text))
      await channel.checkQueue(prefix + deadQueue)
    },
  }
}

let made = 0

/** Products that each make one event. */
export const create = (region: Region, count: number): readonly string[] =>
  Array.from({ length: count }, () => {
    const sku = `SKU-${++made}`
    region.create(productInput({ sku, name: sku }))
    return sku
  })

/** A region whose name the events of this test begin with. */
export const openRegion = (): Region => createRegion()
