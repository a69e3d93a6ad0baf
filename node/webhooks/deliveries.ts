/**
 * What is to be delivered to whom, what was, and what never could be: rows of the event file, written
 * in the transaction that moves the offset. They are this node's: each node delivers its own events.
 */

import type { EventFile } from '../events/event-file.ts'
import type { DomainEvent } from '../events/event.ts'
import { writeEvent } from '../events/message.ts'
import { deadKeptMs, deliveredKeptMs, reasonLengthMax, waitingMax } from './limits.ts'

export const deliveryStates = ['waiting', 'delivered', 'dead'] as const
export type DeliveryState = (typeof deliveryStates)[number]

export interface Delivery {
  readonly webhook: string
  readonly event: string
  readonly type: string
  readonly body: string
  readonly state: DeliveryState
  readonly attempts: number
  readonly dueMs: number
  /** What came of the last attempt, in words; empty before the first. */
  readonly outcome: string
  readonly updatedMs: number
}

export interface Deliveries {
  /** Adds a delivery, unless there was one of this event before. */
  add(webhook: string, event: DomainEvent, nowMs: number): void
  due(webhook: string, nowMs: number, limit: number): readonly Delivery[]
  /** When the next one is due; undefined if none waits. */
  nextDueMs(): number | undefined
  delivered(delivery: Delivery, outcome: string, nowMs: number): void
  failed(delivery: Delivery, outcome: string, nowMs: number, dueMs: number | undefined): void
  list(webhook: string, state: DeliveryState, after: string, limit: number): readonly Delivery[]
  /** Has dead ones tried again, one or all; answers how many. */
  replay(webhook: string, event: string | undefined, nowMs: number): number
  /** Nothing waits any more for a webhook that is no more. */
  drop(webhook: string): void
  forgetOld(nowMs: number): void
  counts(): Readonly<Record<DeliveryState, number>>
}

const table = `
create table if not exists deliveries (
  webhook    text    not null,
  event      text    not null,
  type       text    not null,
  body       text    not null,
  state      text    not null,
  attempts   integer not null default 0,
  due_ms     integer not null,
  outcome    text    not null default '',
  updated_ms integer not null,
  primary key (webhook, event),
  constraint a_delivery_is_in_a_state check (state in ('waiting', 'delivered', 'dead'))
) strict, without rowid;
create index if not exists deliveries_due on deliveries (webhook, due_ms) where state = 'waiting';
create index if not exists deliveries_by_state on deliveries (state, updated_ms);
`

const columns =
  'webhook, event, type, body, state, attempts, due_ms as dueMs, outcome, updated_ms as updatedMs'

export const openDeliveries = ({ database }: EventFile): Deliveries => {
  database.exec(table)
  const waiting = database
    .prepare<[string], number>(
      `select count(*) from deliveries where webhook = ? and state = 'waiting'`,
    )
    .pluck()
  const insert = database.prepare<[string, string, string, string, string, number, string, number]>(
    `insert into deliveries (webhook, event, type, body, state, due_ms, outcome, updated_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
  )
  const due = database.prepare<[string, number, number], Delivery>(
    `select ${columns} from deliveries
     where webhook = ? and state = 'waiting' and due_ms <= ? order by due_ms limit ?`,
  )
  const next = database
    .prepare<[], number | null>(`select min(due_ms) from deliveries where state = 'waiting'`)
    .pluck()
  const settle = database.prepare<[DeliveryState, number, string, number, string, string]>(
    `update deliveries set state = ?, attempts = attempts + 1, due_ms = ?, outcome = ?, updated_ms = ?
     where webhook = ? and event = ?`,
  )
  const list = database.prepare<[string, string, string, number], Delivery>(
    `select ${columns} from deliveries
     where webhook = ? and state = ? and event > ? order by event limit ?`,
  )
  const replay = database.prepare<[number, number, string, string | null, string | null]>(
    `update deliveries set state = 'waiting', attempts = 0, due_ms = ?, updated_ms = ?
     where webhook = ? and state = 'dead' and (event = ? or ? is null)`,
  )
  const drop = database.prepare<[string]>('delete from deliveries where webhook = ?')
  const forget = database.prepare<[string, number]>(
    'delete from deliveries where state = ? and updated_ms < ?',
  )
  const counts = database.prepare<[], { state: DeliveryState; count: number }>(
    'select state, count(*) as count from deliveries group by state',
  )
  const settled = (
    { webhook, event }: Delivery,
    state: DeliveryState,
    { outcome, nowMs, dueMs }: { outcome: string; nowMs: number; dueMs: number },
  ): void => {
    settle.run(state, dueMs, outcome.slice(0, reasonLengthMax), nowMs, webhook, event)
  }
  return {
    add: (webhook, event, nowMs) => {
      const isTooMany = (waiting.get(webhook) ?? 0) >= waitingMax
      const state = isTooMany ? 'dead' : 'waiting'
      const outcome = isTooMany ? `More than ${waitingMax} deliveries wait for this target` : ''
      const { id, type } = event
      insert.run(webhook, id, type, writeEvent(event), state, nowMs, outcome, nowMs)
    },
    due: (webhook, nowMs, limit) => due.all(webhook, nowMs, limit),
    nextDueMs: () => next.get() ?? undefined,
    delivered: (delivery, outcome, nowMs) =>
      settled(delivery, 'delivered', { outcome, nowMs, dueMs: nowMs }),
    failed: (delivery, outcome, nowMs, dueMs) =>
      settled(delivery, dueMs === undefined ? 'dead' : 'waiting', {
        outcome,
        nowMs,
        dueMs: dueMs ?? nowMs,
      }),
    list: (webhook, state, after, limit) => list.all(webhook, state, after, limit),
    replay: (webhook, event, nowMs) =>
      replay.run(nowMs, nowMs, webhook, event ?? null, event ?? null).changes,
    drop: (webhook) => {
      drop.run(webhook)
    },
    forgetOld: (nowMs) => {
      forget.run('delivered', nowMs - deliveredKeptMs)
      forget.run('dead', nowMs - deadKeptMs)
    },
    counts: () => ({
      waiting: 0,
      delivered: 0,
      dead: 0,
      ...Object.fromEntries(counts.all().map(({ state, count }) => [state, count])),
    }),
  }
}
