/** What a worker is told at its start, and what it and the core's thread tell each other by message port. */

import type { MessagePort } from 'node:worker_threads'
import type { LogLevel } from '../log.ts'
import type { Figures } from '../metrics.ts'
import type { ChannelIds } from './channel.ts'

export interface WorkerStart {
  /** Never used twice, so that an answer to one that has ended goes nowhere. */
  readonly worker: number
  readonly node: string
  readonly host: string
  readonly port: number
  readonly databaseFile: string
  readonly clusterSecret: Uint8Array
  readonly corsOrigins: readonly string[]
  readonly logLevel: LogLevel
  readonly freshness: SharedArrayBuffer
  readonly products: number
  /** To the core. */
  readonly core: ChannelIds
  /** And back. */
  readonly answers: ChannelIds
}

/** What is rare goes by message port; what is many goes through the queues. */
export type FromWorker =
  | { readonly kind: 'listening' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'item'; readonly bytes: Uint8Array }
  | { readonly kind: 'line'; readonly port: MessagePort; readonly remoteAddress: string }
  | { readonly kind: 'figures'; readonly ask: number; readonly figures: Figures }
  /** A line of the worker's log, as JSON. */
  | { readonly kind: 'log'; readonly line: string }

export type ToWorkerThread =
  | { readonly kind: 'item'; readonly bytes: Uint8Array }
  | { readonly kind: 'figures'; readonly ask: number }
  | { readonly kind: 'close' }
