/** What may be asked of the read model of carts. */

import type Database from 'better-sqlite3'
import type { ReplicaId } from '../../crdt/dot.ts'
import type { CartId } from './cart-id.ts'
import { hourMs } from './projection.ts'

export interface CartQueries {
  /**
   * Carts that hold something and were touched last by one of `replicas` before `beforeMs`, or by
   * anybody before `anybodyBeforeMs`; to the hour, oldest first.
   */
  waiting(left: LeftBehind, limit: number): readonly CartId[]
  /** Carts that were left behind, latest first, after a row of an earlier page. */
  abandoned(after: AbandonedPlace | undefined, limit: number): readonly AbandonedCart[]
}

export interface LeftBehind {
  readonly replicas: readonly ReplicaId[]
  readonly beforeMs: number
  readonly anybodyBeforeMs: number
}

export interface AbandonedPlace {
  readonly abandonedMs: number
  readonly cart: string
}

export interface AbandonedCart extends AbandonedPlace {
  readonly account: string | null
  readonly items: number
  readonly amount: number
  readonly currency: string
}

export const createCartQueries = (database: Database.Database): CartQueries => {
  const waiting = database
    .prepare<[number, number, string, number], CartId>(
      `select cart from waiting_carts
       where touched_hour < ?
         and (touched_hour < ? or replica in (select value from json_each(?)))
       order by touched_hour limit ?`,
    )
    .pluck()
  const columns =
    'cart, account, items, total_amount as amount, currency, abandoned_ms as abandonedMs'
  const abandoned = database.prepare<[number, string, number], AbandonedCart>(
    `select ${columns} from abandoned_carts where (abandoned_ms, cart) < (?, ?)
     order by abandoned_ms desc, cart desc limit ?`,
  )
  return {
    waiting: ({ replicas, beforeMs, anybodyBeforeMs }, limit) =>
      waiting.all(hourOf(beforeMs), hourOf(anybodyBeforeMs), JSON.stringify(replicas), limit),
    abandoned: (after, limit) =>
      abandoned.all(after?.abandonedMs ?? Number.MAX_SAFE_INTEGER, after?.cart ?? '', limit),
  }
}

const hourOf = (ms: number): number => Math.floor(ms / hourMs)
