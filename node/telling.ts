/** What a node tells the world, put together: its events to the buses, and webhooks. */

import type { Config } from './config.ts'
import type { CachedDocument } from './core/document-cache.ts'
import { openEvents, type EventsDeps, type EventsParts } from './events/open-events.ts'
import type { HealthCheck } from './http/health.ts'
import { openWebhooks, type Webhooks } from './webhooks/open-webhooks.ts'
import { createWebhookQueries } from './webhooks/queries.ts'

export interface Telling {
  readonly webhooks: Pick<Webhooks, 'deliveries' | 'rule' | 'wake'>
  readonly checks: Readonly<Record<'events' | 'webhooks', () => HealthCheck>>
  /** To be called after each durable transaction, with the documents it changed. */
  committed(changed: readonly CachedDocument[]): void
  /** The position of the log from which somebody has still to read; undefined if nobody does. */
  unreadFrom(): number | undefined
  close(): Promise<void>
}

export const openTelling = (
  deps: EventsDeps,
  parts: EventsParts & Pick<Config, 'webhookLoopback'>,
): Telling => {
  const events = openEvents(deps, parts)
  const webhooks = openWebhooks(deps, {
    core: parts.core,
    events,
    queries: createWebhookQueries(parts.store.database),
    rule: { allowsLoopback: parts.webhookLoopback },
  })
  return {
    webhooks,
    checks: { events: events.check, webhooks: webhooks.check },
    committed: (changed) => {
      webhooks.committed(changed)
      events.committed(changed)
    },
    unreadFrom: events.unreadFrom,
    close: async () => {
      await webhooks.close()
      await events.close()
    },
  }
}
