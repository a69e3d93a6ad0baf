/** Stock and its locations over HTTP. */

import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Core } from '../core/core.ts'
import type { SlicesDeps } from '../core/in-slices.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { Store } from '../core/store.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import type { Guard } from '../identity/guard.ts'
import type { Inventory } from './inventory.ts'
import { addLocationRoutes } from './location-routes.ts'
import type { InventoryQueries } from './queries.ts'
import { addRightsRoutes } from './rights-routes.ts'
import { addStockRoutes } from './stock-routes.ts'
import type { NodeLineage } from './succession.ts'
import { addWatchRoutes } from './watch-routes.ts'

export interface InventoryRoutesDeps extends SlicesDeps {
  readonly core: Core
  readonly pipeline: Pick<Pipeline, 'submit'>
  readonly inventory: Pick<Inventory, 'world' | 'covered' | 'estates' | 'debts'>
  readonly queries: InventoryQueries
  readonly store: Pick<Store, 'readHistory' | 'readFolded'>
  readonly guard: Guard
  /** The node's own name. */
  readonly node: string
  readonly lineage: Pick<NodeLineage, 'doubt' | 'vouch'>
  /** When another node was last connected; undefined if it never was. */
  readonly heardMs: (node: string) => number | undefined
}

export const createInventoryRoutes = (deps: InventoryRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  addStockRoutes(router, deps)
  addWatchRoutes(router, deps)
  addLocationRoutes(router, deps)
  addRightsRoutes(router, deps)
  return router
}
