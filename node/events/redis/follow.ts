/**
 * Follows Redis Streams as a member of a consumer group.
 *
 *     new ──▶ handed to the consumer ──▶ acknowledged
 *                    │ failed, or the process ended
 *                    ▼
 *             pending ──idle──▶ claimed and handed over again ──k times──▶ dead letter
 *
 * A message that fails stays pending while those after it are handled: nobody waits for it. What is no
 * event at all is put aside at once. Dead letters of `order_events` are in `order_events_dead`, with
 * what went wrong.
 */

import type { Redis } from 'ioredis'
import type { Follower, Subscription } from '../bus.ts'
import type { Stream } from '../catalogue.ts'
import type { DomainEvent } from '../event.ts'
import { claimIdleMs, deadLettersMax, deliveriesMax, handleEventsMax } from '../limits.ts'
import { readEvent } from '../message.ts'
import type { Timers } from '../../../sync/surroundings.ts'

export const deadStreamOf = (stream: Stream): string => `${stream}_dead`

export interface RedisFollowDeps {
  /** A connection of its own: it is kept busy by waiting. */
  readonly redis: Redis
  readonly timers: Timers
  readonly failed: (error: unknown) => void
}

export interface RedisFollowOptions extends Subscription {
  /** Names this process within the group; one name for one process. */
  readonly member: string
  readonly idleMs?: number
  readonly deliveries?: number
}

interface Message {
  readonly stream: Stream
  readonly id: string
  readonly fields: readonly string[]
}

/** How long a read waits for something new: so long a close takes at most. */
const blockMs = 500
/** After something went wrong that is not the consumer's: the connection comes back by itself. */
const pauseMs = 200

export const followRedis = (deps: RedisFollowDeps, options: RedisFollowOptions): Follower => {
  const { redis, timers, failed } = deps
  const { group, streams, member, handle, observe } = options
  const idleMs = options.idleMs ?? claimIdleMs
  const deliveries = options.deliveries ?? deliveriesMax
  let isClosed = false

  // From the beginning of what the stream still has: a group that is new, or whose Redis was wiped,
  // must not miss what was published before it was made.
  const makeGroups = async (): Promise<void> => {
    for (const stream of streams) {
      try {
        await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM')
      } catch (error) {
        if (!isAbout(error, 'BUSYGROUP')) throw error
      }
    }
  }

  const putAside = async (message: Message, reason: string, times: number): Promise<void> => {
    const dead = deadStreamOf(message.stream)
    const what = ['group', group, 'from', message.id, 'reason', reason, 'deliveries', String(times)]
    const done = await redis
      .multi()
      .xadd(dead, 'MAXLEN', '~', deadLettersMax, '*', ...what, ...message.fields)
      .xack(message.stream, group, message.id)
      .exec()
    for (const [error] of done ?? []) if (error) throw error
  }

  const acknowledge = async (messages: readonly Message[]): Promise<void> => {
    const byStream = Map.groupBy(messages, ({ stream }) => stream)
    for (const [stream, own] of byStream) {
      await redis.xack(stream, group, ...own.map(({ id }) => id))
    }
  }

  /** Hands messages over; `times` says how often each was handed over before and now. */
  const handOver = async (
    messages: readonly Message[],
    times: ReadonlyMap<Message, number>,
  ): Promise<void> => {
    const events: DomainEvent[] = []
    const messagesById = new Map<string, Message[]>()
    for (const message of messages) {
      // Whoever was handed it last has not come back: it may be the message that ends processes.
      if ((times.get(message) ?? 1) > deliveries) {
        await putAside(message, 'Its consumers ended without a word', deliveries)
        observe?.({ deadLettered: 1 })
        continue
      }
      const read = readEvent(fieldOf(message, 'event') ?? '')
      if ('garbage' in read) {
        await putAside(message, read.garbage, times.get(message) ?? 1)
        observe?.({ garbage: 1, deadLettered: 1 })
        continue
      }
      const own = messagesById.get(read.event.id)
      if (own) own.push(message)
      else {
        messagesById.set(read.event.id, [message])
        events.push(read.event)
      }
    }
    if (events.length === 0) return
    const failures = new Map((await handle(events)).map(({ id, error }) => [id, error]))
    const isWell = ([id]: readonly [string, unknown]): boolean => !failures.has(id)
    await acknowledge([...messagesById].filter(isWell).flatMap(([, own]) => own))
    for (const [id, error] of failures) {
      for (const message of messagesById.get(id) ?? []) {
        const count = times.get(message) ?? 1
        if (count < deliveries) continue
        await putAside(message, error instanceof Error ? error.message : String(error), count)
        observe?.({ deadLettered: 1 })
      }
    }
    observe?.({ handled: events.length - failures.size, failed: failures.size })
  }

  const readNew = async (): Promise<void> => {
    const from = streams.map(() => '>')
    const answer: unknown = await redis.xreadgroup(
      'GROUP',
      group,
      member,
      'COUNT',
      handleEventsMax,
      'BLOCK',
      blockMs,
      'STREAMS',
      ...streams,
      ...from,
    )
    const found = (answer ?? []) as readonly (readonly [string, readonly Entry[]])[]
    const messages = found.flatMap(([key, entries]) => {
      // The key has the connection's prefix.
      const stream = streams.find((one) => key.endsWith(one))
      return stream === undefined ? [] : messagesOf(stream, entries)
    })
    if (messages.length > 0) await handOver(messages, new Map())
  }

  const claimIdle = async (): Promise<void> => {
    for (const stream of streams) {
      for (let cursor = '0-0'; ;) {
        const answer: unknown = await redis.xautoclaim(
          stream,
          group,
          member,
          idleMs,
          cursor,
          'COUNT',
          handleEventsMax,
        )
        const [next, entries, gone] = answer as readonly [
          string,
          readonly Entry[],
          readonly string[],
        ]
        if (gone.length > 0) observe?.({ trimmed: gone.length })
        const messages = messagesOf(stream, entries)
        if (messages.length > 0) await handOver(messages, await timesOf(stream, messages))
        cursor = next
        if (cursor === '0-0' || isClosed) break
      }
    }
  }

  const timesOf = async (
    stream: Stream,
    messages: readonly Message[],
  ): Promise<ReadonlyMap<Message, number>> => {
    const pipeline = redis.pipeline()
    for (const { id } of messages) pipeline.xpending(stream, group, id, id, 1)
    const answers = (await pipeline.exec()) ?? []
    return new Map(
      messages.map((message, index) => {
        const rows = answers[index]?.[1] as readonly (readonly [string, string, number, number])[]
        return [message, rows?.[0]?.[3] ?? 1]
      }),
    )
  }

  const run = async (): Promise<void> => {
    let isReady = false
    let isTimeToClaim = true
    let cancel = (): void => undefined
    const claimLater = (): void => {
      cancel = timers.after(Math.max(idleMs / 2, 20), () => {
        isTimeToClaim = true
      })
    }
    for (;;) {
      if (isClosed) break
      try {
        if (!isReady) await makeGroups()
        isReady = true
        if (isTimeToClaim) {
          isTimeToClaim = false
          await claimIdle()
          claimLater()
        }
        await readNew()
      } catch (error) {
        if (isClosed) break
        // Wiped: the groups went with the streams.
        if (isAbout(error, 'NOGROUP')) isReady = false
        else failed(error)
        cancel()
        isTimeToClaim = true
        await new Promise<void>((resolve) => timers.after(pauseMs, resolve))
      }
    }
    cancel()
  }
  const running = run()

  return {
    close: async () => {
      isClosed = true
      await running
      redis.disconnect()
    },
  }
}

type Entry = readonly [id: string, fields: readonly string[] | null]

// An entry that was trimmed while it was pending has no fields: it is gone, and counts as garbage.
const messagesOf = (stream: Stream, entries: readonly Entry[]): readonly Message[] =>
  entries.map(([id, fields]) => ({ stream, id, fields: fields ?? [] }))

const fieldOf = ({ fields }: Message, name: string): string | undefined => {
  for (let at = 0; at + 1 < fields.length; at += 2) if (fields[at] === name) return fields[at + 1]
  return undefined
}

const isAbout = (error: unknown, code: string): boolean =>
  error instanceof Error && error.message.startsWith(code)
