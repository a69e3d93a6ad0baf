/** Tax rates over HTTP. */

import type { OpenAPIHono } from '@hono/zod-openapi'
import { createRouter, type NodeEnv } from '../http/router.ts'
import { isLive } from '../pricing/rostered.ts'
import { addRosteredRoutes, type RosteredRoutesDeps } from '../pricing/rostered-endpoints.ts'
import * as api from './api.ts'
import { taxRate, taxRateRules, viewTaxRate } from './tax-rate.ts'

export const createTaxRoutes = (deps: RosteredRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  addRosteredRoutes(router, deps, {
    path: '/tax/rates',
    tag: 'tax',
    noun: 'tax rate',
    nouns: 'tax rates',
    body: api.TaxRateBody,
    patch: api.TaxRatePatch,
    out: api.TaxRateOut,
    rules: taxRateRules,
    roster: 'tax-rates',
    codes: { exists: 'tax_rate_exists', notFound: 'tax_rate_not_found' },
    show: ({ read }, id) => {
      const document = read(taxRate, id)
      if (!isLive(document)) return undefined
      const { isIncluded: included, isOnShipping: onShipping, ...rest } = viewTaxRate(id, document)
      return { ...rest, included, onShipping }
    },
  })
  return router
}
