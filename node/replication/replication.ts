/**
 * A node's part in its cluster: it tells which node it is, remembers the others, keeps its log short,
 * and knows whether it still belongs.
 */

import type Database from 'better-sqlite3'
import type { Mesh } from '../../sync/mesh.ts'
import type { VersionVector } from '../../crdt/version-vector.ts'
import type { Clock, Timers } from '../../sync/surroundings.ts'
import type { Core } from '../core/core.ts'
import type { CachedDocument } from '../core/document-cache.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { createSealedNotes } from '../core/sealed-note.ts'
import type { Store } from '../core/store.ts'
import { Fault } from '../fault.ts'
import type { HealthCheck } from '../http/health.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { createAcquaintances } from './acquaintances.ts'
import { createIntroduction } from './introduction.ts'
import { commandsWaitingMax, dayMs } from './limits.ts'
import { createLogKeeper } from './log-keeper.ts'
import { watchLog } from './log-metrics.ts'
import { isFenced, node as nodeSchema, reasonOf } from './membership.ts'
import { createNodeQueries, type NodeQueries } from './queries.ts'
import type { Acquaintance } from './retention.ts'

export interface Replication {
  readonly queries: NodeQueries
  /** Resolves when this replica has told which node it is. */
  begin(): Promise<void>
  /** To be called after every commit, with the documents it changed. */
  committed(changed: readonly CachedDocument[]): void
  acquaintances(): readonly (Acquaintance & { readonly isConnected: boolean })[]
  /** Whether this node still belongs to the cluster, for `/health`. */
  standing(): HealthCheck
  close(): void
}

export interface ReplicationDeps {
  /** The node's name. */
  readonly node: string
  readonly core: Pick<Core, 'replica' | 'state' | 'floor' | 'fold' | 'read'>
  readonly store: Pick<Store, 'readChange' | 'readHorizon'> & {
    readonly database: Database.Database
  }
  readonly pipeline: Pick<Pipeline, 'submit' | 'waiting'>
  readonly mesh: () => Mesh | undefined
  readonly retentionDays: number
  /** The position from which some consumer of events has still to read. */
  readonly unreadFrom?: () => number | undefined
  /** What the merged store has; undefined if there is none. */
  readonly archived?: () => VersionVector | undefined
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  readonly metrics: Metrics
  /** Called when the disk failed, and the process must start anew. */
  readonly broken: (error: unknown) => void
}

export const createReplication = (deps: ReplicationDeps): Replication => {
  const { node, core, store, pipeline, mesh, log, clock, timers } = deps
  const queries = createNodeQueries(store.database)
  const introduction = createIntroduction({ core, pipeline, node, timers })
  const heard = () => mesh()?.durability() ?? []
  const folded = watchLog({ core, store, clock, registry: deps.metrics.registry })

  const isBusy = (): boolean =>
    pipeline.waiting() > commandsWaitingMax ||
    (mesh()?.peers() ?? []).some(({ state }) => state === 'syncing' || state === 'reconciling')

  const keeper = createLogKeeper({
    core,
    store,
    remembered: createAcquaintances({
      notes: createSealedNotes(store.database),
      isInLog: (replica) => {
        const head = core.state().heads.get(replica)?.counter ?? 0
        return head > (core.floor().get(replica)?.counter ?? 0)
      },
    }),
    heard,
    others: () =>
      queries
        .list()
        .filter(({ name, standing }) => name !== node && standing === 'active')
        .map(({ name }) => name),
    ...(deps.archived ? { archived: deps.archived } : {}),
    retentionMs: deps.retentionDays * dayMs,
    ...(deps.unreadFrom ? { unreadFrom: deps.unreadFrom } : {}),
    isBusy,
    clock,
    timers,
    folded: (changes) => {
      folded(changes)
      log.info({ changes }, 'old changes were folded into their documents')
    },
    failed: (error) => {
      log.warn({ err: error }, 'old changes could not be folded')
      if (error instanceof Fault && error.code === 'storage_failed') deps.broken(error)
    },
  })

  let wasFenced = false
  const checkStanding = (): void => {
    const fenced = isFenced(core, node)
    if (fenced === wasFenced) return
    wasFenced = fenced
    if (fenced) log.warn({ reason: reasonOf(core.read(nodeSchema, node)) }, goneAdvice)
    else log.info({}, 'this node was readmitted, and may sell again what it is given')
  }

  return {
    queries,
    begin: async () => {
      await introduction.begin()
      checkStanding()
    },
    committed: (changed) => {
      introduction.check()
      if (changed.some(({ kind, id }) => kind.schema.kind === nodeSchema.kind && id === node)) {
        checkStanding()
      }
    },
    acquaintances: () => {
      const connected = new Set(
        heard()
          .filter(({ isConnected }) => isConnected)
          .map(({ name }) => name),
      )
      return keeper.acquaintances().map((one) => ({ ...one, isConnected: connected.has(one.name) }))
    },
    standing: () =>
      isFenced(core, node) ? { status: 'degraded', detail: goneAdvice } : { status: 'ok' },
    close: () => {
      keeper.close()
      introduction.close()
    },
  }
}

const goneAdvice =
  'This node was declared gone: it may not sell what it was given until an admin readmits it'
