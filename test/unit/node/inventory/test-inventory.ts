/** The stock of a node that knows nobody else, for tests of what is around it. */

import { onTestFinished } from 'vitest'
import type { Core } from '../../../../node/core/core.ts'
import type { Pipeline } from '../../../../node/core/pipeline.ts'
import type { SqliteStore } from '../../../../node/core/sqlite-store.ts'
import { createFlashSales, type FlashSales } from '../../../../node/flash-sale/flash-sales.ts'
import { createSaleQueries } from '../../../../node/flash-sale/queries.ts'
import { nobody } from '../../../../node/inventory/ask-peers.ts'
import { createInventory, type Inventory } from '../../../../node/inventory/inventory.ts'
import { createInventoryQueries } from '../../../../node/inventory/queries.ts'

export const createTestInventory = (of: {
  readonly core: Core
  readonly pipeline: Pipeline
  readonly store: SqliteStore
  readonly nowMs?: () => number
}): Inventory => {
  const inventory = createInventory({
    node: 'eu',
    core: of.core,
    pipeline: of.pipeline,
    queries: createInventoryQueries(of.store.database),
    peers: nobody,
    alsoInherited: [],
    others: () => [],
    replicasOf: () => [],
    clock: { now: of.nowMs ?? (() => 0), monotonic: () => 0 },
    // Nothing happens by itself.
    timers: { after: () => () => undefined },
    soon: queueMicrotask,
    random: (count) => new Uint8Array(count).fill(9),
    failed: (error) => {
      throw error
    },
  })
  onTestFinished(() => inventory.close())
  return inventory
}

/** Its flash sales, with nothing happening by itself. */
export const createTestSales = (of: {
  readonly inventory: Inventory
  readonly store: SqliteStore
  readonly clock: { now(): number }
}): FlashSales =>
  createFlashSales({
    node: 'eu',
    inventory: of.inventory,
    queries: createSaleQueries(of.store.database),
    clock: { now: of.clock.now, monotonic: () => 0 },
    timers: { after: () => () => undefined },
    random: (count) => new Uint8Array(count).fill(9),
    failed: (error) => {
      throw error
    },
  })
