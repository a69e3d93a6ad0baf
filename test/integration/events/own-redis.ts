/** A Redis of a test's own, that it may kill and wipe. */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

export interface OwnRedis {
  readonly url: string
  start(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Takes everything that it holds. */
  wipe(): Promise<void>
  end(): Promise<void>
}

export const whyNoOwnRedis = (): string | undefined =>
  spawnSync('redis-server', ['--version']).status === 0 ? undefined : 'there is no redis-server'

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('There is no port')
  return address.port
}

/** `keeps`: whether it has what it held after a kill, but for the last second. */
export const openOwnRedis = async ({ keeps = false } = {}): Promise<OwnRedis> => {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'atoll-redis-'))
  const url = `redis://127.0.0.1:${port}`
  let server: ChildProcess | undefined

  const start = async (): Promise<void> => {
    const persistence = keeps ? ['--appendonly', 'yes'] : ['--save', '', '--appendonly', 'no']
    const where = ['--port', String(port), '--dir', directory, '--bind', '127.0.0.1']
    server = spawn('redis-server', [...where, ...persistence], { stdio: 'ignore' })
    const redis = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null })
    redis.on('error', () => undefined)
    await redis.ping()
    redis.disconnect()
  }
  const kill = async (): Promise<void> => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }
  await start()
  return {
    url,
    start,
    kill,
    wipe: async () => {
      const redis = new Redis(url)
      await redis.flushall()
      redis.disconnect()
    },
    end: async () => {
      await kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
