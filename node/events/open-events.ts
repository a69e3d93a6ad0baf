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
import { spokenFor, type Scope } from './duty.ts'
import { openEventFile, type EventFile } from './event-file.ts'
import { createFeed, type Feed } from './feed.ts'
import { createPublisher } from './publisher.ts'
import type { Pump, PumpDeps, PumpState } from './pump.ts'
import { createRabbitOutlet } from './rabbitmq/outlet.ts'
import { connectRedis } from './redis/connection.ts'
import { createRedisOutlet } from './redis/outlet.ts'

export interface Events {
  readonly feed: Feed
  readonly file: EventFile
  readonly pumps: PumpDeps
  /** Has something done with the events that are this node's to tell of. */
  take(duty: Duty): void
  /** To be called after each durable transaction, with the documents it changed. */
  committed(changed: readonly CachedDocument[]): void
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

/** Something that is done with the events of each node that this one speaks for, itself included. */
export interface Duty {
  readonly name: string
  open(charge: Charge): Running
}

export interface Charge {
  /** Whose events they are. */
  readonly of: string
  /** Whether that is another node, which is gone. */
  readonly isStandIn: boolean
  /** Names the offset. */
  readonly consumer: string
  readonly scope: Scope
}

export interface Running {
  readonly pump: Pump
  close(): Promise<void>
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
  const duties: Duty[] = [...busDuties(deps, parts, pumps)]
  const running = new Map<string, Running & { readonly duty: string; readonly of: string }>()
  const replicas = createReplicaNames(parts)
  watchPumps(deps.metrics, () => running.values())

  const start = (duty: Duty, of: string): void => {
    const isStandIn = of !== node
    const consumer = isStandIn ? `${duty.name}/${of} by ${node}` : `${duty.name}/${node}`
    if (running.has(consumer)) return
    if (isStandIn) log.warn({ for: of, duty: duty.name }, 'standing in for a node that is gone')
    const scope = { has: (replica: ReplicaId) => replicas.of(of).has(replica) }
    const begun = duty.open({ of, isStandIn, consumer, scope })
    running.set(consumer, { ...begun, duty: duty.name, of })
  }

  const stop = async (consumer: string): Promise<void> => {
    const ending = running.get(consumer)
    running.delete(consumer)
    await ending?.close()
  }

  // Who speaks for whom changes when somebody is declared gone or readmitted, and seldom else.
  const assign = (): void => {
    const names = spokenFor(node, nodes.list())
    for (const duty of duties) for (const name of names) start(duty, name)
    for (const [consumer, { of }] of running) {
      if (names.includes(of)) continue
      file.forgetConsumer(consumer)
      void stop(consumer).catch((error: unknown) => log.warn({ err: error }, 'a duty did not end'))
    }
  }
  assign()

  return {
    feed,
    file,
    pumps,
    take: (duty) => {
      duties.push(duty)
      assign()
    },
    committed: (changed) => {
      if (changed.some(isMembership)) {
        replicas.forget()
        assign()
      }
      for (const { pump } of running.values()) pump.wake()
    },
    unreadFrom: () => {
      const positions = [...running.values()].map(({ pump }) => pump.state().position)
      return positions.length === 0 ? undefined : Math.min(...positions)
    },
    check: () => checkDuties([...running.values()]),
    close: async () => {
      await Promise.all([...running.keys()].map(stop))
      file.close()
    },
  }
}

const isMembership = ({ kind }: CachedDocument): boolean =>
  kind.schema.kind === nodeSchema.kind || kind.schema.kind === replicaSchema.kind

/** Publishing to each bus that is configured. */
const busDuties = (
  { timers, random, log, metrics }: EventsDeps,
  { redisUrl, amqpUrl }: EventsParts,
  pumps: PumpDeps,
): readonly Duty[] => {
  const refilled = new Counter({
    name: 'atoll_event_bus_refilled_total',
    help: 'Times a bus lacked what was published, and was filled again from the log.',
    labelNames: ['bus'],
    registers: [metrics.registry],
  })
  const publishing = (bus: string, open: (name: string, ready: () => void) => Outlet): Duty => ({
    name: bus,
    open: ({ consumer, scope }) => {
      let pump: Pump | undefined
      // The bus knows the publisher by the name that comes after its own.
      const outlet = open(consumer.slice(bus.length + 1), () => pump?.retry())
      const made = createPublisher(pumps, {
        name: consumer,
        outlet,
        scope,
        wentBack: (position) => {
          refilled.inc({ bus })
          log.info({ bus, position }, 'the bus lacks what was published: once more from here')
        },
      })
      pump = made
      return {
        pump: made,
        close: async () => {
          await made.close()
          await outlet.close()
        },
      }
    },
  })
  const redis = (url: string): Duty =>
    publishing('redis', (publisher, ready) => {
      const name = `atoll-events-${publisher.replaceAll(' ', '-')}`
      const connection = connectRedis({ url, name, chance: () => chanceOf(random), ready })
      return createRedisOutlet(connection, { publisher })
    })
  const rabbit = (url: string): Duty =>
    publishing('rabbitmq', (publisher) => createRabbitOutlet({ url, publisher, timers }))
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

interface OnDuty extends Running {
  readonly duty: string
}

const checkDuties = (all: readonly OnDuty[]): HealthCheck => {
  const states = all.map(({ duty, pump }) => ({ duty, ...pump.state() }))
  const missed = states.reduce((sum, state) => sum + state.missed, 0)
  const figures = {
    ...Object.fromEntries(states.map(({ duty, backlog }) => [`${duty}Backlog`, backlog])),
    ...(missed > 0 ? { missed } : {}),
  }
  const failing = states.find(({ failures }) => failures > 0)
  if (failing) {
    const detail = `${failing.duty} does not take events (${failing.problem ?? 'no answer'}); they wait in the log`
    return { status: 'degraded', detail, figures }
  }
  return missed > 0
    ? { status: 'degraded', detail: 'Changes were folded before they were told of', figures }
    : { status: 'ok', figures }
}

/** What an operator sees of how far events have come. */
const watchPumps = ({ registry }: Metrics, all: () => Iterable<OnDuty>): void => {
  const gauge = (name: string, help: string, figure: (state: PumpState) => number): void => {
    const made: Gauge<'bus'> = new Gauge({
      name,
      help,
      labelNames: ['bus'],
      registers: [registry],
      collect: () => {
        made.reset()
        for (const { duty, pump } of all()) made.inc({ bus: duty }, figure(pump.state()))
      },
    })
  }
  gauge('atoll_event_backlog_changes', 'Changes whose events wait.', ({ backlog }) => backlog)
  gauge('atoll_events_told', 'Events told since the start.', ({ delivered }) => delivered)
  gauge('atoll_event_failures', 'Tries in a row that failed.', ({ failures }) => failures)
  gauge(
    'atoll_event_changes_missed',
    'Changes folded before they were told of.',
    ({ missed }) => missed,
  )
}
