/** A node's events, put together: who publishes what to which bus, and how far that has come. */

import { Counter, Gauge } from 'prom-client'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import type { Clock, Timers } from '../../sync/surroundings.ts'
import type { Core } from '../core/core.ts'
import type { CachedDocument } from '../core/document-cache.ts'
import type { SqliteStore } from '../core/sqlite-store.ts'
import type { HealthCheck } from '../http/health.ts'
import { session } from '../identity/session.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { node as nodeSchema } from '../replication/membership.ts'
import type { NodeQueries } from '../replication/queries.ts'
import { replica as replicaSchema } from '../replication/replica.ts'
import { chanceOf } from './back-off.ts'
import type { Outlet } from './bus.ts'
import { spokenFor } from './duty.ts'
import { openEventFile, type EventFile } from './event-file.ts'
import { createFeed, type Feed } from './feed.ts'
import { createPublisher } from './publisher.ts'
import type { Pump, PumpDeps } from './pump.ts'
import { createRabbitOutlet } from './rabbitmq/outlet.ts'
import { connectRedis } from './redis/connection.ts'
import { createRedisOutlet } from './redis/outlet.ts'

export interface Events {
  readonly feed: Feed
  readonly file: EventFile
  /** Whether the change of this replica is this node's to tell of; `since` leaves out a stand-in's past. */
  readonly ours: { readonly has: (replica: ReplicaId) => boolean }
  readonly pumps: PumpDeps
  /** To be called after each durable transaction, with the documents it changed. */
  committed(changed: readonly CachedDocument[]): void
  /** Has the log kept for a reader of its own, who names where it reads on. */
  keepFor(reader: () => number): void
  /** The position from which somebody has still to read; undefined if nobody does. */
  unreadFrom(): number | undefined
  check(): HealthCheck
  close(): Promise<void>
}

export interface EventsDeps {
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
  readonly timers: Timers
  readonly random: (bytes: number) => Uint8Array
  readonly soon: (work: () => void) => void
}

export interface EventsParts {
  readonly node: string
  readonly dataDir: string
  readonly core: Pick<Core, 'read' | 'replica' | 'lineage'>
  readonly store: SqliteStore
  readonly nodes: Pick<NodeQueries, 'list' | 'everyReplicaOf'>
  readonly redisUrl?: string | undefined
  readonly amqpUrl?: string | undefined
}

/** A bus that is configured, and how to publish to it under a name. */
interface BusKind {
  readonly name: 'redis' | 'rabbitmq'
  readonly open: (publisher: string, ready: () => void) => Outlet
}

interface Publisher {
  readonly bus: BusKind['name']
  readonly pump: Pump
  readonly outlet: Outlet
}

export const openEvents = (deps: EventsDeps, parts: EventsParts): Events => {
  const { log, timers, random, soon } = deps
  const { node, core, store, nodes } = parts
  const file = openEventFile(parts.dataDir, (error) =>
    log.warn({ err: error }, 'events.db is damaged and was put aside: events are published again'),
  )
  const feed = createFeed({
    store,
    lookup: {
      accountOfSession: (id) =>
        lwwRegister.read<string>({ store: core.read(session, id).store.account }),
    },
  })
  const pumps: PumpDeps = { feed, file, timers, random, soon }
  const readers: (() => number)[] = []
  const publishers = new Map<string, Publisher>()
  const buses = busesOf(deps, parts)
  const replicas = createReplicaNames(parts)
  const counted = createFigures(deps.metrics, () => publishers.values())

  const start = (bus: BusKind, name: string): void => {
    const key = name === node ? `${bus.name}/${node}` : `${bus.name}/${name} by ${node}`
    if (publishers.has(key)) return
    if (name !== node) log.warn({ for: name, bus: bus.name }, 'publishing for a node that is gone')
    let pump: Pump | undefined
    const outlet = bus.open(name === node ? node : `${name} by ${node}`, () => pump?.retry())
    pump = createPublisher(pumps, {
      name: key,
      outlet,
      scope: { has: (replica) => replicas.of(name).has(replica) },
      wentBack: (position) => {
        counted.wentBack(bus.name)
        log.info(
          { bus: bus.name, position },
          'the bus lacks what was published: once more from here',
        )
      },
    })
    publishers.set(key, { bus: bus.name, pump, outlet })
  }

  const stop = async (key: string): Promise<void> => {
    const publisher = publishers.get(key)
    publishers.delete(key)
    await publisher?.pump.close()
    await publisher?.outlet.close()
  }

  let names: readonly string[] = [node]
  // Duties change when somebody is declared gone or readmitted, and seldom else.
  const assign = (): void => {
    names = spokenFor(node, nodes.list())
    for (const bus of buses) for (const name of names) start(bus, name)
    for (const key of publishers.keys()) {
      const [, who = ''] = key.split('/')
      if (names.includes(who.split(' by ')[0] ?? '')) continue
      void stop(key).catch((error: unknown) => log.warn({ err: error }, 'a publisher did not end'))
      file.forgetConsumer(key)
    }
  }
  assign()

  return {
    feed,
    file,
    ours: { has: (replica) => names.some((name) => replicas.of(name).has(replica)) },
    pumps,
    committed: (changed) => {
      if (changed.some(isMembership)) {
        replicas.forget()
        assign()
      }
      for (const { pump } of publishers.values()) pump.wake()
    },
    keepFor: (reader) => {
      readers.push(reader)
    },
    unreadFrom: () => {
      const positions = [...publishers.values()].map(({ pump }) => pump.state().position)
      const all = [...positions, ...readers.map((reader) => reader())]
      return all.length === 0 ? undefined : Math.min(...all)
    },
    check: () => checkPublishers([...publishers.values()]),
    close: async () => {
      await Promise.all([...publishers.keys()].map(stop))
      file.close()
    },
  }
}

const isMembership = ({ kind }: CachedDocument): boolean =>
  kind.schema.kind === nodeSchema.kind || kind.schema.kind === replicaSchema.kind

const busesOf = (deps: EventsDeps, { redisUrl, amqpUrl }: EventsParts): readonly BusKind[] => {
  const { timers, random } = deps
  const redis = (url: string): BusKind => ({
    name: 'redis',
    open: (publisher, ready) => {
      const connection = connectRedis({
        url,
        name: `atoll-events-${publisher.replaceAll(' ', '-')}`,
        chance: () => chanceOf(random),
        ready,
      })
      return createRedisOutlet(connection, { publisher })
    },
  })
  const rabbit = (url: string): BusKind => ({
    name: 'rabbitmq',
    open: (publisher) => createRabbitOutlet({ url, publisher, timers }),
  })
  return [
    ...(redisUrl === undefined ? [] : [redis(redisUrl)]),
    ...(amqpUrl === undefined ? [] : [rabbit(amqpUrl)]),
  ]
}

/** The replicas of each node, asked again when membership changed. */
const createReplicaNames = ({ node, core, nodes }: EventsParts) => {
  let known = new Map<string, { readonly has: (replica: ReplicaId) => boolean }>()
  const ask = (name: string) => {
    const all = new Set(nodes.everyReplicaOf(name))
    // A replica that has just been minted has told nobody yet.
    const isOwn = (replica: ReplicaId) =>
      name === node && (replica === core.replica() || core.lineage().includes(replica))
    const asked = { has: (replica: ReplicaId) => all.has(replica) || isOwn(replica) }
    known.set(name, asked)
    return asked
  }
  return {
    of: (name: string) => known.get(name) ?? ask(name),
    forget: () => {
      known = new Map()
    },
  }
}

const checkPublishers = (publishers: readonly Publisher[]): HealthCheck => {
  const states = publishers.map(({ bus, pump }) => ({ bus, ...pump.state() }))
  const missed = states.reduce((sum, state) => sum + state.missed, 0)
  const figures = {
    ...Object.fromEntries(states.map(({ bus, backlog }) => [`${bus}Backlog`, backlog])),
    ...(missed > 0 ? { missed } : {}),
  }
  const failing = states.find(({ failures }) => failures > 0)
  if (failing) {
    const detail = `${failing.bus} does not take events (${failing.problem ?? 'no answer'}); they wait in the log`
    return { status: 'degraded', detail, figures }
  }
  return missed > 0
    ? { status: 'degraded', detail: 'Changes were folded before they were published', figures }
    : { status: 'ok', figures }
}

/** What an operator sees of publishing. */
const createFigures = ({ registry }: Metrics, publishers: () => Iterable<Publisher>) => {
  const registers = [registry]
  const backs = new Counter({
    name: 'atoll_event_bus_refilled_total',
    help: 'Times a bus lacked what was published, and was filled again from the log.',
    labelNames: ['bus'],
    registers,
  })
  const gauge = (name: string, help: string, figure: (pump: Pump) => number): void => {
    const made: Gauge<'bus'> = new Gauge({
      name,
      help,
      labelNames: ['bus'],
      registers,
      collect: () => {
        made.reset()
        for (const { bus, pump } of publishers()) made.inc({ bus }, figure(pump))
      },
    })
  }
  gauge(
    'atoll_event_backlog_changes',
    'Changes whose events wait for the bus.',
    (pump) => pump.state().backlog,
  )
  gauge(
    'atoll_events_published',
    'Events published since the start.',
    (pump) => pump.state().delivered,
  )
  gauge(
    'atoll_event_failures',
    'Tries in a row at which the bus failed.',
    (pump) => pump.state().failures,
  )
  gauge(
    'atoll_event_changes_missed',
    'Changes that were folded before they were published.',
    (pump) => pump.state().missed,
  )
  return { wentBack: (bus: string) => backs.inc({ bus }) }
}
