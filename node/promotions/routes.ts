/** Promotions and coupons over HTTP. */

import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ReplicaId } from '../../crdt/dot.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import { isLive } from '../pricing/rostered.ts'
import { addRosteredRoutes, type RosteredRoutesDeps } from '../pricing/rostered-endpoints.ts'
import * as api from './api.ts'
import { addCouponRoutes } from './coupon-routes.ts'
import { promotion, promotionRules, viewPromotion } from './promotion.ts'
import type { PromotionQueries } from './queries.ts'

export interface PromotionRoutesDeps extends RosteredRoutesDeps {
  readonly queries: PromotionQueries
  /** The replicas of the nodes that can be reached: uses of a new coupon are shared out among them. */
  readonly others: () => readonly ReplicaId[]
}

export const createPromotionRoutes = (deps: PromotionRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  addRosteredRoutes(router, deps, {
    path: '/promotions',
    tag: 'promotions',
    noun: 'promotion',
    nouns: 'promotions',
    body: api.PromotionBody,
    patch: api.PromotionPatch,
    out: api.PromotionOut,
    rules: promotionRules,
    roster: 'promotions',
    codes: { exists: 'promotion_exists', notFound: 'promotion_not_found' },
    show: ({ read }, id) => {
      const document = read(promotion, id)
      return isLive(document) ? api.showPromotion(viewPromotion(id, document)) : undefined
    },
  })
  addCouponRoutes(router, deps)
  return router
}
