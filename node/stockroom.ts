/** A node's stock, put together: on whose account it sells, what it may sell, and its flash sales. */

import * as change from '../sync/change.ts'
import type { Mesh } from '../sync/mesh.ts'
import type { Clock, Timers } from '../sync/surroundings.ts'
import type { Core } from './core/core.ts'
import type { Pipeline } from './core/pipeline.ts'
import type { SqliteStore } from './core/sqlite-store.ts'
import { createFlashSales, type FlashSales } from './flash-sale/flash-sales.ts'
import { createSaleQueries } from './flash-sale/queries.ts'
import type { HealthCheck } from './http/health.ts'
import type { AskPeers } from './inventory/ask-peers.ts'
import { createInventory, type Changed, type Inventory } from './inventory/inventory.ts'
import { createLineageFile } from './inventory/lineage-note.ts'
import { createInventoryQueries } from './inventory/queries.ts'
import { createNodeLineage, type NodeLineage } from './inventory/succession.ts'
import { createTransferMetrics } from './inventory/transfer-metrics.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { couponLegacies } from './promotions/coupon-legacy.ts'
import { createPromotionQueries } from './promotions/queries.ts'
import { createNodeQueries } from './replication/queries.ts'

export interface Stockroom {
  readonly inventory: Inventory
  readonly flashSales: FlashSales
  /** To be called after each durable transaction, with the documents it changed. */
  committed(changed: readonly Changed[]): void
  /** Whether the node may sell all that is its own, and nobody has sold too much. */
  check(): HealthCheck
  close(): void
}

export interface StockroomDeps {
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
  readonly timers: Timers
  readonly soon: (work: () => void) => void
  readonly random: (bytes: number) => Uint8Array
}

/** Whose replicas' rights are the node's own: to be known before its core is made. */
export const openLineage = (
  { log, clock, timers }: Pick<StockroomDeps, 'log' | 'clock' | 'timers'>,
  { node, dataDir, store }: { node: string; dataDir: string; store: SqliteStore },
): NodeLineage => {
  const nodes = createNodeQueries(store.database)
  return createNodeLineage({
    file: createLineageFile(dataDir),
    heads: store.readState().heads,
    named: () => nodes.everyReplicaOf(node),
    quarantined: () => store.readQuarantine(),
    clock,
    timers,
    logger: log,
  })
}

export interface StockroomParts {
  readonly node: string
  readonly core: Core
  readonly pipeline: Pipeline
  readonly store: SqliteStore
  readonly lineage: NodeLineage
  readonly peers: AskPeers
  readonly mesh: () => Mesh | undefined
  /** Whether the node was told of others to call. */
  readonly expectsOthers: boolean
}

/** To be opened when this replica has told which node it is. */
export const openStockroom = (deps: StockroomDeps, parts: StockroomParts): Stockroom => {
  const { log } = deps
  const { node, core, store, lineage, mesh } = parts
  const nodes = createNodeQueries(store.database)
  const others = () =>
    nodes
      .list()
      .filter(({ name, standing }) => name !== node && standing === 'active')
      .map(({ name }) => name)

  lineage.watch({
    heads: () => core.state().heads,
    writtenMs: (replica, counter) => {
      const written = store.readChange({ replica, counter })
      return written && change.decode(written.bytes).time.wallMs
    },
    others,
    heard: () =>
      (mesh()?.peers() ?? []).filter(({ state }) => state === 'live').map(({ name }) => name),
    expectsOthers: parts.expectsOthers,
  })
  const inventory = createInventory({
    ...deps,
    ...parts,
    queries: createInventoryQueries(store.database),
    alsoInherited: couponLegacies(createPromotionQueries(store.database)),
    others,
    replicasOf: (name) => nodes.everyReplicaOf(name),
    observe: createTransferMetrics(deps.metrics.registry),
    foundDebts: (found) => log.warn({ found }, 'more was sold than there were rights to'),
    failed: (error) => log.error({ err: error }, 'stock could not be looked after'),
  })
  const flashSales = createFlashSales({
    ...deps,
    node,
    inventory,
    queries: createSaleQueries(store.database),
    failed: (error) => log.error({ err: error }, 'a purchase could not be undone'),
  })

  return {
    inventory,
    flashSales,
    committed: (changed) => {
      inventory.committed(changed)
      flashSales.committed(changed)
    },
    check: () => checkRights(lineage, inventory),
    close: () => {
      flashSales.close()
      inventory.close()
      lineage.close()
    },
  }
}

// It serves all the same; what it may not sell for now, others may.
const checkRights = (lineage: NodeLineage, inventory: Inventory): HealthCheck => {
  const doubt = lineage.doubt()
  if (doubt) {
    const detail = `${doubt.detail}: former rights are withheld, see /api/v1/admin/rights`
    return { status: 'degraded', detail }
  }
  const debts = inventory.debts().length
  return debts > 0
    ? { status: 'degraded', detail: 'More was sold than there were rights to', figures: { debts } }
    : { status: 'ok' }
}
