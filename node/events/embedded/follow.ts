/**
 * Follows the log itself, without a bus: a durable offset for each group, in the event file. An event
 * that fails is put aside and tried again while the others are handled; after some tries it is a dead
 * letter, and stays to be looked at.
 */

import type { Follower, Subscription } from '../bus.ts'
import { streamsOf } from '../catalogue.ts'
import type { Scope } from '../duty.ts'
import type { DomainEvent } from '../event.ts'
import type { EventFile } from '../event-file.ts'
import { claimIdleMs, deliveriesMax, handleEventsMax } from '../limits.ts'
import { readEvent, writeEvent } from '../message.ts'
import { createPump, type Pump, type PumpDeps } from '../pump.ts'

export interface LogFollower extends Follower, Pick<Pump, 'wake' | 'state'> {}

export interface LogFollowOptions extends Subscription {
  readonly scope: Scope
  readonly idleMs?: number
  readonly deliveries?: number
}

export interface LogFollowDeps extends PumpDeps {
  readonly clock: { now(): number }
  readonly failed: (error: unknown) => void
}

const table = `
create table if not exists retries (
  consumer   text    not null,
  event      text    not null,
  body       text    not null,
  deliveries integer not null,
  due_ms     integer,
  reason     text    not null,
  primary key (consumer, event)
) strict, without rowid;
create index if not exists retries_by_time on retries (consumer, due_ms) where due_ms is not null;
`

export const followLog = (deps: LogFollowDeps, options: LogFollowOptions): LogFollower => {
  const { file, timers, clock, failed } = deps
  const { group, streams, handle, observe, scope } = options
  const idleMs = options.idleMs ?? claimIdleMs
  const deliveries = options.deliveries ?? deliveriesMax
  const retries = openRetries(file, group)
  let isClosed = false
  let retrying = Promise.resolve()
  let cancel = (): void => undefined

  const noteFailures = (
    failures: ReadonlyMap<string, unknown>,
    events: readonly DomainEvent[],
    triedBefore: ReadonlyMap<string, number>,
  ): void => {
    for (const event of events) {
      if (!failures.has(event.id)) {
        if (triedBefore.has(event.id)) retries.drop(event.id)
        continue
      }
      const error = failures.get(event.id)
      const reason = error instanceof Error ? error.message : String(error)
      const times = (triedBefore.get(event.id) ?? 0) + 1
      const isDead = times >= deliveries
      retries.put(event, { times, dueMs: isDead ? null : clock.now() + idleMs, reason })
      if (isDead) observe?.({ deadLettered: 1 })
    }
    observe?.({ handled: events.length - failures.size, failed: failures.size })
  }

  const retry = async (): Promise<void> => {
    for (;;) {
      const due = retries.due(clock.now())
      if (due.length === 0 || isClosed) return
      const events = due.flatMap(({ event, body }) => {
        const read = readEvent(body)
        if ('event' in read) return [read.event]
        // It was written by another release.
        retries.bury(event, read.garbage)
        observe?.({ garbage: 1, deadLettered: 1 })
        return []
      })
      if (events.length === 0) continue
      const failures = new Map((await handle(events)).map(({ id, error }) => [id, error]))
      const before = new Map(due.map(({ event, deliveries: times }) => [event, times]))
      file.transact(() => noteFailures(failures, events, before))
    }
  }

  const retryLater = (): void => {
    if (isClosed) return
    cancel = timers.after(Math.max(idleMs / 2, 20), () => {
      retrying = retry().catch(failed).finally(retryLater)
    })
  }
  retryLater()

  const wanted = new Set<string>(streams)
  const pump = createPump(deps, {
    consumer: group,
    scope,
    begin: 'first',
    deliver: async ({ events: all, advance }) => {
      const events = all.filter(({ type }) => streamsOf(type).some((stream) => wanted.has(stream)))
      const failures = events.length === 0 ? [] : await handle(events)
      file.transact(() => {
        noteFailures(new Map(failures.map(({ id, error }) => [id, error])), events, new Map())
        advance()
      })
      return undefined
    },
  })

  return {
    wake: pump.wake,
    state: pump.state,
    close: async () => {
      isClosed = true
      cancel()
      await pump.close()
      await retrying
    },
  }
}

interface RetryRow {
  readonly event: string
  readonly body: string
  readonly deliveries: number
}

export interface DeadLetter {
  readonly event: string
  readonly body: string
  readonly deliveries: number
  readonly reason: string
}

const openRetries = (file: EventFile, consumer: string) => {
  const { database } = file
  database.exec(table)
  const due = database.prepare<[string, number], RetryRow>(
    `select event, body, deliveries from retries
     where consumer = ? and due_ms <= ? order by due_ms limit ${handleEventsMax}`,
  )
  const put = database.prepare<[string, string, string, number, number | null, string]>(
    `insert into retries (consumer, event, body, deliveries, due_ms, reason) values (?, ?, ?, ?, ?, ?)
     on conflict do update set deliveries = excluded.deliveries, due_ms = excluded.due_ms,
       reason = excluded.reason`,
  )
  const bury = database.prepare<[string, string, string]>(
    'update retries set due_ms = null, reason = ? where consumer = ? and event = ?',
  )
  const drop = database.prepare<[string, string]>(
    'delete from retries where consumer = ? and event = ?',
  )
  return {
    due: (nowMs: number) => due.all(consumer, nowMs),
    put: (
      event: DomainEvent,
      { times, dueMs, reason }: { times: number; dueMs: number | null; reason: string },
    ) => {
      put.run(consumer, event.id, writeEvent(event), times, dueMs, reason)
    },
    bury: (event: string, reason: string) => {
      bury.run(reason, consumer, event)
    },
    drop: (event: string) => {
      drop.run(consumer, event)
    },
  }
}

/** What a group could not handle, to be looked at. */
export const readDeadLetters = (file: EventFile, group: string): readonly DeadLetter[] =>
  file.database
    .prepare<[string], DeadLetter>(
      `select event, body, deliveries, reason from retries
       where consumer = ? and due_ms is null order by event`,
    )
    .all(group)
