/** Which webhooks there are. */

import type Database from 'better-sqlite3'
import { subscriptionsMax } from './limits.ts'

export interface WebhookQueries {
  /** Ids, the oldest first. */
  list(): readonly string[]
}

export const createWebhookQueries = (database: Database.Database): WebhookQueries => {
  // Two regions may each have made the last one that there may be.
  const list = database
    .prepare<[], string>(
      `select id from webhooks order by created_ms, id limit ${2 * subscriptionsMax}`,
    )
    .pluck()
  return { list: () => list.all() }
}
