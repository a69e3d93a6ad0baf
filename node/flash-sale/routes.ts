/** Flash sales over HTTP. */

import type { OpenAPIHono } from '@hono/zod-openapi'
import type { CartTokens } from '../cart/cart-id.ts'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import type { Guard } from '../identity/guard.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { FlashSales } from './flash-sales.ts'
import { addPurchaseRoutes, addSettlementRoutes } from './purchase-routes.ts'
import type { SaleQueries } from './queries.ts'
import { addPlanRoutes, addStatusRoutes } from './sale-routes.ts'

export interface SaleRoutesDeps {
  readonly core: Core
  readonly pipeline: Pick<Pipeline, 'submit'>
  readonly inventory: Pick<Inventory, 'world' | 'covered'>
  readonly flashSales: FlashSales
  readonly queries: SaleQueries
  readonly guard: Guard
  readonly tokens: Pick<CartTokens, 'opens'>
  readonly random: (bytes: number) => Uint8Array
  readonly clock: { now(): number }
}

/** What buyers use. */
export const createPurchaseRoutes = (deps: SaleRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  addStatusRoutes(router, deps)
  addPurchaseRoutes(router, deps)
  return router
}

/** What the shop's people use, and whoever takes the payment. */
export const createSaleRoutes = (deps: SaleRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  addPlanRoutes(router, deps)
  addSettlementRoutes(router, deps)
  return router
}
