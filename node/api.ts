/** The API: every route under `/api/v1`, and the document that describes them. */

import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Mesh } from '../sync/mesh.ts'
import { createCartTokens } from './cart/cart-id.ts'
import { createCartRoutes } from './cart/routes.ts'
import type { ProductCache } from './catalog/product-cache.ts'
import type { CatalogQueries } from './catalog/queries.ts'
import { createCatalogRoutes } from './catalog/routes.ts'
import type { Core } from './core/core.ts'
import type { Pipeline } from './core/pipeline.ts'
import type { SqliteStore } from './core/sqlite-store.ts'
import type { NodeEnv } from './http/router.ts'
import type { Identity } from './identity/identity.ts'
import { createInspectorRoutes } from './inspector/routes.ts'
import * as shop from './shop.ts'

export interface ApiDeps {
  /** The node's name. */
  readonly node: string
  readonly core: Core
  readonly pipeline: Pipeline
  readonly store: SqliteStore
  readonly queries: CatalogQueries
  readonly products: ProductCache
  readonly identity: Pick<Identity, 'routes' | 'guard'>
  readonly clusterSecret: Uint8Array
  readonly random: (bytes: number) => Uint8Array
  /** undefined for a node without a cluster, and before it listens. */
  readonly mesh: () => Mesh | undefined
}

const base = '/api/v1'

export const mountApi = (app: OpenAPIHono<NodeEnv>, deps: ApiDeps): void => {
  const { core, pipeline, queries, products, identity, random } = deps
  const { guard } = identity
  const tokens = createCartTokens(deps.clusterSecret)
  app.route(base, identity.routes)
  app.route(base, createCatalogRoutes({ core, pipeline, queries, products, guard }))
  app.route(base, createCartRoutes({ core, pipeline, guard, tokens, random }))
  app.route(base, createInspectorRoutes({ ...deps, kinds: shop.inspectedKinds, guard }))
}

/** The OpenAPI document of what is mounted on `app`. */
export const describeApi = (app: OpenAPIHono<NodeEnv>): object => {
  const schemes = {
    account: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    cart: { type: 'apiKey', in: 'header', name: 'X-Cart-Token' },
  } as const
  for (const [name, scheme] of Object.entries(schemes)) {
    app.openAPIRegistry.registerComponent('securitySchemes', name, scheme)
  }
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Atoll',
      version: '1',
      description: 'A shop that keeps selling when the network does not.',
    },
    servers: [{ url: '/' }],
    // Which of them a route takes is in its answers: `unauthorized`, `cart_token_required`.
    security: [{}, { account: [] }, { cart: [] }],
  })
}
