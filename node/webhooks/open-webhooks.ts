/** A node's webhooks, put together: its own events become deliveries, and a courier makes them. */

import { Counter, Gauge, Histogram } from 'prom-client'
import type { Clock, Timers } from '../../sync/surroundings.ts'
import type { Core } from '../core/core.ts'
import type { CachedDocument } from '../core/document-cache.ts'
import type { Charge, Events } from '../events/open-events.ts'
import { createPump } from '../events/pump.ts'
import type { HealthCheck } from '../http/health.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { createCourier } from './courier.ts'
import { openDeliveries, type Deliveries } from './deliveries.ts'
import { standInMsMax } from './limits.ts'
import { createPost } from './post.ts'
import type { WebhookQueries } from './queries.ts'
import { subscriptionOf, wants, webhook, type SubscriptionView } from './subscription.ts'
import type { TargetRule } from './target.ts'

export interface Webhooks {
  readonly deliveries: Deliveries
  readonly rule: TargetRule
  /** To be called after each durable transaction, with the documents it changed. */
  committed(changed: readonly CachedDocument[]): void
  /** Has deliveries tried at once that wait or are to be made again. */
  wake(): void
  check(): HealthCheck
  close(): Promise<void>
}

export interface WebhooksDeps {
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
  readonly timers: Timers
  readonly random: (bytes: number) => Uint8Array
}

export interface WebhooksParts {
  readonly core: Pick<Core, 'read'>
  readonly events: Events
  readonly queries: WebhookQueries
  readonly rule: TargetRule
}

type Subscription = SubscriptionView & { readonly secret: string }

export const openWebhooks = (deps: WebhooksDeps, parts: WebhooksParts): Webhooks => {
  const { log, clock } = deps
  const { core, events, queries, rule } = parts
  const { file } = events
  const deliveries = openDeliveries(file)
  let known: readonly Subscription[] | undefined
  const subscriptions = (): readonly Subscription[] =>
    (known ??= queries.list().flatMap((id) => subscriptionOf(core, id) ?? []))

  const courier = createCourier({
    ...deps,
    deliveries,
    subscriptions,
    post: createPost(rule),
    rule,
    observe: createFigures(deps.metrics, deliveries),
    failed: (error) => log.warn({ err: error }, 'webhooks could not be delivered'),
  })

  const open = ({ consumer, scope, isStandIn }: Charge) => {
    const pump = createPump(events.pumps, {
      consumer,
      scope,
      // A receiver is told of what happens from now on; of a node that is gone, what it may have left.
      begin: isStandIn ? 'first' : 'end',
      isIdle: () => subscriptions().length === 0,
      deliver: ({ events: happened, advance }) => {
        const nowMs = clock.now()
        const sinceMs = isStandIn ? nowMs - standInMsMax : 0
        file.transact(() => {
          for (const event of happened) {
            const atMs = Date.parse(event.time)
            if (atMs < sinceMs) continue
            for (const one of subscriptions()) {
              if (wants(one, event.type) && atMs >= one.createdMs) {
                deliveries.add(one.id, event, nowMs)
              }
            }
          }
          advance()
        })
        courier.wake()
        return undefined
      },
    })
    return { pump, close: pump.close }
  }
  events.take({ name: 'webhooks', open })

  return {
    deliveries,
    rule,
    committed: (changed) => {
      const own = changed.filter(({ kind }) => kind.schema.kind === webhook.kind)
      if (own.length === 0) return
      known = undefined
      for (const { id } of own) if (!subscriptionOf(core, id)) deliveries.drop(id)
      courier.wake()
    },
    wake: courier.wake,
    check: () => {
      const { waiting, dead } = deliveries.counts()
      const figures = { waiting, dead }
      return dead > 0
        ? { status: 'degraded', detail: 'Some webhooks could not be delivered', figures }
        : { status: 'ok', figures }
    },
    close: courier.close,
  }
}

const createFigures = ({ registry }: Metrics, deliveries: Deliveries) => {
  const registers = [registry]
  const attempts = new Counter({
    name: 'atoll_webhook_attempts_total',
    help: 'Webhooks sent, by what came of it.',
    labelNames: ['outcome'],
    registers,
  })
  const durations = new Histogram({
    name: 'atoll_webhook_seconds',
    help: 'Time until a target answered, or did not.',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const gauge: Gauge<'state'> = new Gauge({
    name: 'atoll_webhook_deliveries',
    help: 'Deliveries that are kept, by their state.',
    labelNames: ['state'],
    registers,
    collect: () => {
      for (const [state, count] of Object.entries(deliveries.counts())) gauge.set({ state }, count)
    },
  })
  return (outcome: 'delivered' | 'failed' | 'dead', ms: number): void => {
    attempts.inc({ outcome })
    durations.observe(ms / 1_000)
  }
}
