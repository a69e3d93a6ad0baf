/**
 * Publishes to Redis Streams. Events and mark are written by one script, which does nothing if the mark
 * is not where the publisher thinks it is: so what Redis lost is noticed before anything is added.
 */

import type { Redis } from 'ioredis'
import type { Outlet, Published } from '../bus.ts'
import { streams, streamsOf } from '../catalogue.ts'
import { Fault } from '../../fault.ts'
import { streamLengthMax } from '../limits.ts'
import { writeEvent } from '../message.ts'

/** The hash that holds each publisher's mark. */
export const marksKey = 'event_marks'

// `~` lets Redis drop whole nodes of a stream: exact trimming would cost more than adding.
const script = `
local mark = redis.call('HGET', KEYS[1], ARGV[1])
if (mark or '') ~= ARGV[2] then return {0, mark or ''} end
for at = 5, #ARGV, 4 do
  redis.call('XADD', KEYS[tonumber(ARGV[at])], 'MAXLEN', '~', ARGV[4], '*',
    'id', ARGV[at + 1], 'type', ARGV[at + 2], 'event', ARGV[at + 3])
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return {1, ARGV[3]}
`

// Lua has room for some thousand arguments on its stack, and a long script keeps others waiting.
const eventsPerScript = 400

export const createRedisOutlet = (
  redis: Redis,
  {
    publisher,
    lengthMax = streamLengthMax,
  }: { readonly publisher: string; readonly lengthMax?: number },
): Outlet => {
  const keys = [marksKey, ...streams]
  const places = new Map(streams.map((stream, index) => [stream, String(index + 2)]))
  const send = async (
    entries: readonly string[],
    expected: number | undefined,
    mark: number,
  ): Promise<Published> => {
    const before = expected === undefined ? '' : String(expected)
    const own = [publisher, before, String(mark), String(lengthMax)]
    const answer = await redis.eval(script, keys.length, ...keys, ...own, ...entries)
    const [done, stands] = Array.isArray(answer) ? answer : []
    return done === 1 ? { done: true } : { done: false, mark: markOf(String(stands)) }
  }

  return {
    mark: async () => markOf((await redis.hget(marksKey, publisher)) ?? ''),
    publish: async ({ events, expected, mark }) => {
      const entries = events.flatMap((event) =>
        streamsOf(event.type).map((stream) => [
          places.get(stream) ?? '',
          event.id,
          event.type,
          writeEvent(event),
        ]),
      )
      // All but the last part leave the mark where it is: what is cut short is published again.
      let stands = expected
      for (let at = 0; at < entries.length; at += eventsPerScript) {
        const part = entries.slice(at, at + eventsPerScript).flat()
        const isLast = at + eventsPerScript >= entries.length
        const to = isLast ? mark : (stands ?? 0)
        const published = await send(part, stands, to)
        if (!published.done) return published
        stands = to
      }
      return { done: true }
    },
    close: () => {
      redis.disconnect()
      return Promise.resolve()
    },
  }
}

const markOf = (text: string): number | undefined => {
  if (text === '') return undefined
  const mark = Number(text)
  if (!Number.isSafeInteger(mark) || mark < 0) {
    throw new Fault('internal_error', `The mark of a publisher on Redis is "${text}"`)
  }
  return mark
}
