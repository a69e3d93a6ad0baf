/** The API: every route under `/api/v1`, and the document that describes them. */

import type { OpenAPIHono } from '@hono/zod-openapi'
import { parseReplicaId, type ReplicaId } from '../crdt/dot.ts'
import type { Mesh } from '../sync/mesh.ts'
import type { Timers } from '../sync/surroundings.ts'
import { createCartTokens } from './cart/cart-id.ts'
import { createCartQueries } from './cart/queries.ts'
import { createCartRoutes } from './cart/routes.ts'
import type { ProductCache } from './catalog/product-cache.ts'
import type { CatalogQueries } from './catalog/queries.ts'
import { createCatalogRoutes } from './catalog/routes.ts'
import { createCheckoutRoutes } from './checkout/routes.ts'
import type { Checkouts } from './checkout/runner.ts'
import type { Core } from './core/core.ts'
import type { SlicesDeps } from './core/in-slices.ts'
import type { Pipeline } from './core/pipeline.ts'
import type { SqliteStore } from './core/sqlite-store.ts'
import type { NodeEnv } from './http/router.ts'
import type { Identity } from './identity/identity.ts'
import type { FlashSales } from './flash-sale/flash-sales.ts'
import { createReportRoutes } from './reports/routes.ts'
import { createSaleQueries } from './flash-sale/queries.ts'
import { createPurchaseRoutes, createSaleRoutes } from './flash-sale/routes.ts'
import type { Inventory } from './inventory/inventory.ts'
import { createInventoryQueries } from './inventory/queries.ts'
import type { MergedStore } from './merged/merged-store.ts'
import { createMergedRoutes } from './merged/routes.ts'
import { createInventoryRoutes } from './inventory/routes.ts'
import type { NodeLineage } from './inventory/succession.ts'
import { createInspectorRoutes } from './inspector/routes.ts'
import { createOrderQueries } from './orders/queries.ts'
import { createOrderRoutes } from './orders/routes.ts'
import { createTaskRoutes } from './orders/task-routes.ts'
import type { CouponBroker } from './promotions/coupon-broker.ts'
import { createPromotionQueries } from './promotions/queries.ts'
import { createPromotionRoutes } from './promotions/routes.ts'
import type { Payments } from './payments/payments.ts'
import { createPaymentQueries } from './payments/queries.ts'
import { createPaymentRoutes } from './payments/routes.ts'
import type { Queries } from './merged/sql.ts'
import type { Copies } from './replication/copies.ts'
import type { Replication } from './replication/replication.ts'
import { createMembershipRoutes } from './replication/routes.ts'
import { createShippingQueries } from './shipping/queries.ts'
import { createShippingRoutes } from './shipping/routes.ts'
import * as shop from './shop.ts'
import { createTaxRoutes } from './tax/routes.ts'
import type { Webhooks } from './webhooks/open-webhooks.ts'
import { createWebhookQueries } from './webhooks/queries.ts'
import { createWebhookRoutes } from './webhooks/routes.ts'

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
  readonly clock: { now(): number }
  /** undefined for a node without a cluster, and before it listens. */
  readonly mesh: () => Mesh | undefined
  readonly replication: Pick<Replication, 'queries' | 'acquaintances'>
  readonly inventory: Inventory
  readonly coupons: Pick<CouponBroker, 'fetch'>
  readonly flashSales: FlashSales
  /** The merged store, for reports; undefined where there is none. */
  readonly reportStore: () => { readonly sql: Pick<Queries, 'query'> } | undefined
  readonly lineage: Pick<NodeLineage, 'doubt' | 'vouch'>
  readonly payments: Payments
  readonly checkouts: Pick<Checkouts, 'place'>
  readonly copies: Copies
  readonly merged: () => MergedStore | undefined
  readonly timers: Timers
  readonly webhooks: Pick<Webhooks, 'deliveries' | 'rule' | 'wake'>
  /** How long work is done in slices. */
  readonly slices: SlicesDeps
}

const base = '/api/v1'

export const mountApi = (app: OpenAPIHono<NodeEnv>, deps: ApiDeps): void => {
  const { core, pipeline, queries, products, identity, random, clock, coupons } = deps
  const { guard } = identity
  const tokens = createCartTokens(deps.clusterSecret)
  app.route(base, identity.routes)
  app.route(base, createCatalogRoutes({ core, pipeline, queries, products, guard }))
  const carts = createCartQueries(deps.store.database)
  app.route(
    base,
    createCartRoutes({ core, pipeline, guard, tokens, random, clock, queries: carts, coupons }),
  )
  app.route(base, createInspectorRoutes({ ...deps, kinds: shop.inspectedKinds, guard }))
  const stocks = createInventoryQueries(deps.store.database)
  app.route(
    base,
    createInventoryRoutes({
      ...deps,
      ...deps.slices,
      queries: stocks,
      guard,
      heardMs: (name) => deps.replication.acquaintances().find((one) => one.name === name)?.heardMs,
    }),
  )
  const sales = { ...deps, queries: createSaleQueries(deps.store.database), guard, tokens }
  app.route(base, createPurchaseRoutes(sales))
  app.route('/api', createPurchaseRoutes(sales))
  app.route(base, createSaleRoutes(sales))
  app.route(base, createReportRoutes({ ...deps, guard }))
  const paid = createPaymentQueries(deps.store.database)
  app.route(base, createPaymentRoutes({ ...deps, queries: paid, guard }))
  const ordered = createOrderQueries(deps.store.database)
  app.route(base, createCheckoutRoutes({ ...deps, guard, tokens, purchases: sales.queries }))
  app.route(base, createOrderRoutes({ core, pipeline, guard, tokens, queries: ordered }))
  app.route(base, createTaskRoutes({ ...deps, guard, queries: ordered }))
  const { replication, node } = deps
  app.route(base, createMembershipRoutes({ ...replication, node, pipeline, guard }))
  const { database } = deps.store
  const shipping = createShippingQueries(database)
  app.route(base, createShippingRoutes({ core, pipeline, guard, queries: shipping, clock }))
  app.route(base, createTaxRoutes({ core, pipeline, guard }))
  const promotions = createPromotionQueries(database)
  const others = () => otherReplicas(replication.queries, node)
  app.route(base, createMergedRoutes({ ...deps, guard }))
  app.route(base, createPromotionRoutes({ core, pipeline, guard, queries: promotions, others }))
  app.route(base, createWebhookRoutes({ ...deps, guard, queries: createWebhookQueries(database) }))
}

/** The latest replica of each other node that was not declared gone. */
const otherReplicas = (nodes: Replication['queries'], own: string): readonly ReplicaId[] =>
  nodes
    .list()
    .filter(({ name, standing }) => name !== own && standing === 'active')
    .flatMap(({ name }) => parseReplicaId(nodes.replicasOf(name)[0]?.replica ?? '') ?? [])

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
