/**
 * Events from the log through Redis to their effects.
 *
 * Each effect is in one transaction with its event's id; then once more while a tenth is handed over again, and Redis is wiped and killed.
 */

import Database from 'better-sqlite3'
import { createConsumer } from '../../node/events/consumer.ts'
import type { Handle } from '../../node/events/consumer.ts'
import { openEventFile } from '../../node/events/event-file.ts'
import { createFeed } from '../../node/events/feed.ts'
import { createPublisher } from '../../node/events/publisher.ts'
import { connectRedis } from '../../node/events/redis/connection.ts'
import { followRedis } from '../../node/events/redis/follow.ts'
import { createRedisOutlet } from '../../node/events/redis/outlet.ts'
import { createSqliteLedger } from '../../node/events/sqlite-ledger.ts'
import * as system from '../../node/system.ts'
import {
  openOwnRedis,
  whyNoOwnRedis,
  type OwnRedis,
} from '../../test/integration/events/own-redis.ts'
import type { Bench, Benchmark } from '../benchmark.ts'
import { median, pause } from '../measure.ts'
import { bareLoop } from './bare-loop.ts'
import { eventsPerChange, openLog } from './log.ts'
import { readCacheRows } from './read-cache.ts'

export const eventsBenchmark: Benchmark = {
  name: 'events',
  about: 'events from the log through Redis to their effects, while Redis is wiped and killed',
  run: async (bench) => {
    const why = whyNoOwnRedis()
    if (why !== undefined) throw new Error(`The benchmark needs Redis: ${why}`)
    const { isQuick, runs, say } = bench
    const calmCount = isQuick ? 4_000 : 100_000
    const rates: number[] = []
    const bares: number[] = []
    for (let run = 0; run < runs; run++) {
      const calm = await measure(bench, { count: calmCount, name: `calm-${run}`, disturb: [] })
      rates.push(calm.rate)
      bares.push(await bareLoop(calmCount))
      say(`  ${Math.round(rates.at(-1) ?? 0)}/s, the bare loop ${Math.round(bares.at(-1) ?? 0)}/s`)
    }
    const count = isQuick ? 20_000 : 1_000_000
    const rough = await measure(bench, {
      count,
      name: 'rough',
      againOneIn: 10,
      disturb: [
        { at: 0.4, what: 'wipe' },
        { at: 0.7, what: 'kill' },
      ],
    })
    bench.note(
      `events: of ${count} effects, each event handed over ${rough.handed} times in all, Redis wiped and killed once each`,
    )
    return [
      {
        what: 'events from the log to their effects',
        unit: '/s',
        ours: median(rates),
        reference: { name: 'bare XADD and XREADGROUP', value: median(bares) },
      },
      { what: `${count} events, Redis wiped and killed`, unit: '/s', ours: rough.rate },
      { what: 'of them lost', unit: '', ours: rough.lost, target: none },
      { what: 'effects doubled', unit: '', ours: rough.doubled, target: none },
      { what: 'handed over again and known', unit: '', ours: rough.repeated },
      ...(await readCacheRows(bench)),
    ]
  },
}

const none = { of: 'ours', is: 'at most', bound: 0 } as const

interface Course {
  readonly count: number
  readonly name: string
  /** One in so many events has its effect, and is handed over again as if it had not. */
  readonly againOneIn?: number
  readonly disturb: readonly { readonly at: number; readonly what: 'wipe' | 'kill' }[]
}

const measure = async ({ stage, say }: Bench, course: Course) => {
  const { count, disturb, name, againOneIn } = course
  const log = openLog(stage.path(`${name}.db`))
  say(`  making ${count} events`)
  log.change(count / eventsPerChange)
  const redis = await openOwnRedis()
  const file = openEventFile(':memory:')
  file.advance('bench', log.begin, 0)
  const shelf = openShelf(stage.path(`${name}-effects.db`))
  let pump: ReturnType<typeof createPublisher> | undefined
  const chance = () => 0.5
  const connection = connectRedis({
    url: redis.url,
    name: 'publisher',
    chance,
    ready: () => pump?.retry(),
  })
  const outlet = createRedisOutlet(connection, { publisher: 'bench' })
  const start = performance.now()
  pump = createPublisher(
    {
      // What was there before is not counted: after a wipe it begins where the count does.
      feed: { ...feedOf(log.store), first: () => log.begin },
      file,
      timers: system.systemTimers,
      random: system.systemRandom,
      soon: system.soon,
    },
    { name: 'bench', outlet, scope: 'all', wentBack: (to) => say(`  published again from ${to}`) },
  )
  let handed = 0
  const handle: Handle = async (events) => {
    handed += events.length
    const failures = await shelf.handle(events)
    if (againOneIn === undefined) return failures
    return [...failures, ...events.filter(({ id }) => shelf.again(id, againOneIn)).map(forced)]
  }
  const follower = followRedis(
    {
      redis: connectRedis({ url: redis.url, name: 'follower', chance }),
      timers: system.systemTimers,
      failed: () => undefined,
    },
    {
      group: 'analytics_consumer',
      streams: ['product_events'],
      member: 'one',
      handle,
      idleMs: 500,
    },
  )
  for (const { at, what } of disturb) {
    while (shelf.count() < at * count) await pause(20)
    say(`  ${what} at ${shelf.count()}`)
    await disturbing(redis, what)
  }
  const isOver = await reaches(() => shelf.count() >= count)
  const seconds = (performance.now() - start) / 1_000
  // What else would still have come has time to.
  await pause(1_500)
  await follower.close()
  await pump.close()
  await outlet.close()
  await redis.end()
  const { effects, distinct } = shelf.audit()
  const { repeated } = shelf
  shelf.close()
  file.close()
  log.close()
  if (!isOver) say('  it stopped before all was there')
  return {
    rate: distinct / seconds,
    lost: count - distinct,
    doubled: effects - distinct,
    repeated: repeated(),
    handed,
  }
}

const forced = ({ id }: { readonly id: string }) => ({ id, error: new Error('Handed over again') })

const feedOf = (store: ReturnType<typeof openLog>['store']) =>
  createFeed({ store, lookup: { accountOfSession: () => undefined } })

const disturbing = async (redis: OwnRedis, what: 'wipe' | 'kill'): Promise<void> => {
  if (what === 'wipe') return redis.wipe()
  await redis.kill()
  await pause(500)
  await redis.start()
}

/** Waits while there is progress, however long that takes. */
const reaches = async (isThere: () => boolean): Promise<boolean> => {
  for (let waits = 0; waits < 60_000; waits++) {
    if (isThere()) return true
    await pause(20)
  }
  return false
}

const openShelf = (path: string) => {
  const database = new Database(path)
  database.pragma('journal_mode = WAL')
  database.exec('create table effects (event text not null) strict')
  const insert = database.prepare('insert into effects (event) values (?)')
  let count = 0
  let repeated = 0
  const seen = new Set<string>()
  const handle = createConsumer({
    consumer: 'shelf',
    ledger: createSqliteLedger(database, system.systemClock),
    effect: (_, { id }) => {
      insert.run(id)
    },
    handled: (counts) => {
      count += counts.fresh
      repeated += counts.repeated
    },
  })
  return {
    handle,
    count: () => count,
    repeated: () => repeated,
    /** Whether this event is one that is to be handed over again, once. */
    again: (id: string, oneIn: number): boolean => {
      const counter = Number(id.slice(17).split('/')[0])
      if (counter % oneIn !== 0 || seen.has(id)) return false
      seen.add(id)
      return true
    },
    audit: () => {
      const [effects, distinct] = database
        .prepare<[], [number, number]>('select count(*), count(distinct event) from effects')
        .raw()
        .get() ?? [0, 0]
      return { effects, distinct }
    },
    close: () => {
      database.close()
    },
  }
}
