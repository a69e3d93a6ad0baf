/** Connections to Redis that fail at once while it is away, and come back by themselves. */

import { Redis } from 'ioredis'
import { answerMsMax, connectMsMax, retryMsMax, retryMsMin } from '../limits.ts'
import { waitMs } from '../back-off.ts'

export interface ConnectionOptions {
  readonly url: string
  /** Before every key; nothing by default. */
  readonly prefix?: string
  /** Shown in `CLIENT LIST`. */
  readonly name: string
  /** From 0 up to 1. */
  readonly chance: () => number
  /** How long an answer is waited for. */
  readonly answerMs?: number
  readonly ready?: () => void
  readonly failed?: (error: Error) => void
}

export const connectRedis = (options: ConnectionOptions): Redis => {
  const { url, prefix, name, chance, answerMs = answerMsMax } = options
  const redis = new Redis(url, {
    connectionName: name,
    ...(prefix === undefined ? {} : { keyPrefix: prefix }),
    connectTimeout: connectMsMax,
    commandTimeout: answerMs,
    // What is sent while it is away would be done at some time that nobody expects any more.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => waitMs(times, { min: retryMsMin, max: retryMsMax / 3 }, chance()),
    reconnectOnError: null,
  })
  redis.on('ready', () => options.ready?.())
  // Without a listener the process would end at the first connection that is refused.
  redis.on('error', (error: Error) => options.failed?.(error))
  return redis
}

/** Closes at once: what is under way is done again by whoever comes next. */
export const disconnect = (redis: Redis): void => {
  redis.disconnect()
}
