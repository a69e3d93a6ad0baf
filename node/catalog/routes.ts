/** The catalog over HTTP. */

import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import type { Guard } from '../identity/guard.ts'
import { addBatchRoute } from './batch.ts'
import { addBrandRoutes, addCategoryRoutes } from './category-routes.ts'
import type { ProductCache } from './product-cache.ts'
import { addProductRoutes } from './product-routes.ts'
import type { CatalogQueries } from './queries.ts'
import { createSkuOwners, type SkuOwners } from './sku-owners.ts'

export interface CatalogRoutesDeps {
  readonly core: Pick<Core, 'read'>
  readonly pipeline: Pick<Pipeline, 'submit' | 'named'>
  readonly queries: CatalogQueries
  readonly products: Pick<ProductCache, 'product'>
  readonly guard: Guard
}

export interface ProductRoutesDeps extends CatalogRoutesDeps {
  readonly skuOwners: SkuOwners
}

export const createCatalogRoutes = (deps: CatalogRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  const products = { ...deps, skuOwners: createSkuOwners(deps.queries) }
  addProductRoutes(router, products)
  addBatchRoute(router, products)
  addCategoryRoutes(router, deps)
  addBrandRoutes(router, deps)
  return router
}
