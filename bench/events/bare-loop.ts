/** The reference: as many entries of the same bytes, added, read by a group and acknowledged, and nothing else. */

import { Redis } from 'ioredis'
import { openOwnRedis } from '../../test/integration/events/own-redis.ts'

const batch = 500

/** Entries a second, written and read at the same time as a publisher and a consumer would. */
export const bareLoop = async (count: number): Promise<number> => {
  const server = await openOwnRedis()
  const [writer, reader] = [new Redis(server.url), new Redis(server.url)]
  const body = JSON.stringify({ specversion: '1.0', padding: 'x'.repeat(400) })
  await reader.xgroup('CREATE', 'bare', 'group', '0', 'MKSTREAM')
  const start = performance.now()
  const write = async (): Promise<void> => {
    for (let at = 0; at < count; at += batch) {
      const pipeline = writer.pipeline()
      for (let index = at; index < Math.min(at + batch, count); index++) {
        pipeline.xadd('bare', '*', 'id', String(index), 'type', 'bare', 'event', body)
      }
      await pipeline.exec()
    }
  }
  const read = async (): Promise<void> => {
    for (let seen = 0; seen < count;) {
      const answer: unknown = await reader.xreadgroup(
        'GROUP',
        'group',
        'one',
        'COUNT',
        batch,
        'BLOCK',
        500,
        'STREAMS',
        'bare',
        '>',
      )
      const [stream] = (answer ?? []) as readonly [string, readonly [string, string[]][]][]
      const ids = (stream?.[1] ?? []).map(([id]) => id)
      if (ids.length > 0) await reader.xack('bare', 'group', ...ids)
      seen += ids.length
    }
  }
  await Promise.all([write(), read()])
  const seconds = (performance.now() - start) / 1_000
  writer.disconnect()
  reader.disconnect()
  await server.end()
  return count / seconds
}
