/** Shipping over HTTP: zones, methods, what things weigh, and shipments. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { ProductParams } from '../catalog/api.ts'
import { answerWithReceipt } from '../http/answer.ts'
import { problem } from '../http/problem.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import { isLive } from '../pricing/rostered.ts'
import { addRosteredRoutes, type RosteredRoutesDeps } from '../pricing/rostered-endpoints.ts'
import { methodsOf } from '../pricing/shipping-choice.ts'
import * as api from './api.ts'
import { chargeOf } from './charge.ts'
import { method, methodRules, viewMethod } from './method.ts'
import { weigh } from './parcel.ts'
import type { ShippingQueries } from './queries.ts'
import { addShipmentRoutes } from './shipment-routes.ts'
import { createExactness, viewZone, zone, zoneRules } from './zone.ts'

export interface ShippingRoutesDeps extends RosteredRoutesDeps {
  readonly queries: ShippingQueries
  readonly clock: { now(): number }
}

export const createShippingRoutes = (deps: ShippingRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  // Before the routes by id: a method may not be called "methods" anyway.
  addOfferRoute(router, deps)
  addRosteredRoutes(router, deps, {
    path: '/shipping/zones',
    tag: 'shipping',
    noun: 'zone',
    nouns: 'zones',
    body: api.ZoneBody,
    patch: api.ZonePatch,
    out: api.ZoneOut,
    rules: zoneRules,
    roster: 'zones',
    codes: { exists: 'zone_exists', notFound: 'zone_not_found' },
    show: ({ read }, id) => {
      const document = read(zone, id)
      return isLive(document) ? viewZone(id, document) : undefined
    },
  })
  addRosteredRoutes(router, deps, {
    path: '/admin/shipping-methods',
    tag: 'shipping',
    noun: 'shipping method',
    nouns: 'shipping methods, with their rates',
    body: api.MethodBody,
    patch: api.MethodPatch,
    out: api.MethodOut,
    rules: methodRules,
    roster: 'shipping-methods',
    codes: { exists: 'shipping_method_exists', notFound: 'shipping_method_not_found' },
    show: ({ read }, id) => {
      const document = read(method, id)
      return isLive(document) ? viewMethod(id, document) : undefined
    },
  })
  addWeightRoute(router, deps)
  addShipmentRoutes(router, deps)
  return router
}

const addOfferRoute = (
  router: OpenAPIHono<NodeEnv>,
  { core }: Pick<ShippingRoutesDeps, 'core'>,
): void => {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/shipping/methods',
      tags: ['shipping'],
      summary: 'List the ways in which goods travel',
      description: 'With a country: those that go there, and what they cost.',
      request: { query: api.OfferQuery },
      responses: {
        200: { description: 'By id', content: json(api.OfferList) },
        ...problemResponses('invalid_request'),
      },
    }),
    (c) => {
      const { country, state, postalCode, currency, subtotal, grams } = c.req.valid('query')
      const shown = methodsOf(core).map(({ id, name, carrier, days }) => ({
        id,
        name,
        carrier,
        days,
      }))
      if (country === undefined) {
        return c.json({ items: shown.map((one) => ({ ...one, price: null })) }, 200)
      }
      const exactnessOf = createExactness(core, { country, state, postalCode })
      const freight = { currency, grams, subtotalMinor: subtotal }
      const items = methodsOf(core).flatMap((one, at) => {
        const amount = chargeOf(one, exactnessOf, freight)
        const said = shown[at]
        return amount === undefined || !said ? [] : [{ ...said, price: { amount, currency } }]
      })
      return c.json({ items }, 200)
    },
  )
}

const addWeightRoute = (
  router: OpenAPIHono<NodeEnv>,
  { pipeline, guard }: ShippingRoutesDeps,
): void => {
  router.openapi(
    createRoute({
      method: 'put',
      path: '/products/{id}/weight',
      tags: ['shipping'],
      summary: 'Say what a product weighs, or one of its variants',
      middleware: guard.require('catalog:write'),
      request: {
        params: ProductParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.WeightBody) },
      },
      responses: {
        200: { description: 'It was noted', content: json(api.WeightOut) },
        ...problemResponses('product_not_found', 'unknown_variant', ...mutationProblems),
      },
    }),
    async (c) => {
      const { grams, variantId } = c.req.valid('json')
      const input = { product: c.req.valid('param').id, variant: variantId, grams }
      const done = await submit(c, pipeline, { decide: weigh, input })
      if (!done.ok) return problem(c, done.refusal)
      const { answer, receipt } = done.value
      return answerWithReceipt({ json: JSON.stringify(answer), receipt })
    },
  )
}
