/**
 * The merged store as a node has it: a thread that archives into it, and what that says of how it
 * stands. The node goes on in any case; this is how it knows what it can promise.
 */

import { MessageChannel, Worker } from 'node:worker_threads'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { VersionVector } from '../../crdt/version-vector.ts'
import type { HealthCheck } from '../http/health.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { MergedStoreAddress } from './address.ts'
import type { ArchiverStatus } from './archiver.ts'
import type { ArchiverTask } from './archiver-thread.ts'
import { backlogChangesMax, standInMs } from './limits.ts'
import { createPostgres } from './postgres.ts'
import { createRemoteSql } from './remote-sql.ts'
import type { Sql } from './sql.ts'

export interface MergedStore {
  readonly sql: Sql
  status(): ArchiverStatus
  /** What it durably has, as far as this node knows. */
  archived(): VersionVector
  isConnected(): boolean
  check(): HealthCheck
  close(): Promise<void>
}

export interface MergedStoreConfig {
  /** The node's name. */
  readonly name: string
  /** Absent if there is no merged store. */
  readonly mergedStore?: MergedStoreAddress
}

export interface MergedStoreDeps {
  /** The node's database. */
  readonly file: string
  readonly log: Log
  readonly metrics: Pick<Metrics, 'registry'>
  /** Called when the merged store has more than it had. */
  readonly grew: () => void
}

/** Undefined if none is configured. */
export const openMergedStore = (
  { name: node, mergedStore: address }: MergedStoreConfig,
  { file, log, metrics, grew }: MergedStoreDeps,
): MergedStore | undefined => {
  if (!address) return undefined
  const isEmbedded = address.kind === 'embedded'
  const channel = isEmbedded ? new MessageChannel() : undefined
  const sql =
    address.kind === 'server' ? createPostgres(address.url) : createRemoteSql(channel!.port1)
  const task: ArchiverTask = {
    file,
    node,
    store: address,
    // Nobody else has the embedded one, so there is nobody to wait for.
    standInMs: isEmbedded ? 0 : standInMs,
    ...(channel ? { port: channel.port2 } : {}),
  }
  const thread = new Worker(new URL('archiver-thread.ts', import.meta.url), {
    workerData: task,
    transferList: channel ? [channel.port2] : [],
  })
  let status: ArchiverStatus = {
    state: 'connecting',
    archived: undefined,
    backlogChanges: 0,
    sentChanges: 0,
    repaired: 0,
    forked: [],
  }
  let isClosing = false

  const hear = (heard: ArchiverStatus): void => {
    if (heard.state !== status.state) logTurn(log, heard)
    status = heard
    grew()
  }
  const stopped = new Promise<void>((resolve) => {
    thread.once('exit', () => {
      if (!isClosing) log.error({}, 'the archiver stopped; the shop goes on without it')
      resolve()
    })
  })
  const broke = (error: unknown): void => {
    const detail = error instanceof Error ? error.message : String(error)
    hear({ ...status, state: 'refused', problem: { code: 'internal_error', detail } })
  }
  thread.on('message', hear)
  thread.on('error', broke)
  watch(metrics.registry, () => status)

  return {
    sql,
    status: () => status,
    archived: () => status.archived ?? new Map(),
    isConnected: () => status.state === 'archiving',
    check: () => healthOf(status),
    close: async () => {
      isClosing = true
      await sql.close()
      thread.postMessage('close', [])
      await stopped
    },
  }
}

const logTurn = (log: Log, { state, problem, backlogChanges }: ArchiverStatus): void => {
  if (state === 'archiving') log.info({ backlogChanges }, 'the merged store is kept up')
  else if (problem) log.warn({ ...problem, backlogChanges }, 'the merged store is not kept up')
}

const healthOf = ({
  state,
  problem,
  backlogChanges,
  forked,
  repaired,
}: ArchiverStatus): HealthCheck => {
  const figures = { state, backlogChanges, repaired }
  if (problem) {
    return { status: 'degraded', detail: `${problem.code}: ${problem.detail}`, figures }
  }
  if (forked.length > 0) {
    const detail = `It has another history of ${forked.join(', ')} than this node`
    return { status: 'degraded', detail, figures }
  }
  if (backlogChanges > backlogChangesMax) {
    return { status: 'degraded', detail: 'It is far behind this node', figures }
  }
  return { status: 'ok', figures }
}

const watch = (registry: Registry, read: () => ArchiverStatus): void => {
  const registers = [registry]
  const backlog: Gauge = new Gauge({
    name: 'atoll_merged_store_backlog_changes',
    help: 'Changes of the log that the merged store lacks.',
    registers,
    collect: () => backlog.set(read().backlogChanges),
  })
  const connected: Gauge = new Gauge({
    name: 'atoll_merged_store_up',
    help: 'Whether the merged store is being kept up.',
    registers,
    collect: () => connected.set(read().state === 'archiving' ? 1 : 0),
  })
  const sent: Counter = new Counter({
    name: 'atoll_merged_store_sent_changes_total',
    help: 'Changes that this node has archived since its start.',
    registers,
    collect: () => {
      sent.reset()
      sent.inc(read().sentChanges)
    },
  })
  const repaired: Counter = new Counter({
    name: 'atoll_merged_store_repaired_total',
    help: 'Changes and documents that the merged store should have had, and were put right.',
    registers,
    collect: () => {
      repaired.reset()
      repaired.inc(read().repaired)
    },
  })
}
