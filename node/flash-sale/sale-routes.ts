/** Flash sales over HTTP: planning them, and how they stand. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { answerJson, answerPage, answerWithReceipt } from '../http/answer.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import * as api from './api.ts'
import type { SaleRow } from './queries.ts'
import type { SaleRoutesDeps } from './routes.ts'
import { cancelSale, planSale, sale, stateOf, termsOf, type SaleId } from './sale.ts'
import { viewSale, viewTerms } from './view.ts'

/** How the sales stand: for everybody, and under the base of the shop's first API as well. */
export const addStatusRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { core, queries, flashSales, clock }: SaleRoutesDeps,
): void => {
  const rowOf = (id: SaleId | undefined): SaleRow | undefined => {
    if (id === undefined) return queries.current(clock.now())
    const terms = termsOf(core.read(sale, id))
    return terms && { id, variant: terms.variant }
  }

  const remainingOf = (row: SaleRow): number | null => {
    const left = flashSales.left(row)
    return Number.isFinite(left) ? left : null
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/flash-sale/status',
      tags: ['flash sale'],
      summary: 'How a flash sale stands',
      request: { query: api.SaleQuery },
      responses: {
        200: { description: 'The sale, and what is left', content: json(api.StatusOut) },
        ...problemResponses('invalid_request', 'sale_not_found'),
      },
    }),
    (c) => {
      const { saleId } = c.req.valid('query')
      const nowMs = clock.now()
      const now = new Date(nowMs).toISOString()
      const row = rowOf(saleId)
      const document = row && core.read(sale, row.id)
      const terms = document && termsOf(document)
      const state = document && stateOf(document, nowMs)
      if (!row || !terms || !state) {
        if (saleId === undefined) {
          return answerJson(JSON.stringify({ status: 'none', sale: null, remaining: 0, now }))
        }
        return problem(c, { code: 'sale_not_found', detail: `There is no sale ${saleId}` })
      }
      const remaining = remainingOf(row)
      const status = state === 'on' && remaining === 0 ? 'sold_out' : state
      return answerJson(JSON.stringify({ status, sale: viewTerms(row.id, terms), remaining, now }))
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/flash-sale/stats',
      tags: ['flash sale'],
      summary: 'What was sold in a flash sale, and how many came',
      request: { query: api.SaleQuery },
      responses: {
        200: { description: 'The figures', content: json(api.StatsOut) },
        ...problemResponses('invalid_request'),
      },
    }),
    (c) => {
      const row = rowOf(c.req.valid('query').saleId)
      const { sold, held } = row ? queries.totals(row.id, clock.now()) : { sold: 0, held: 0 }
      return answerJson(
        JSON.stringify({
          saleId: row?.id ?? null,
          sold,
          reserved: held,
          remaining: row ? remainingOf(row) : 0,
          thisNode: flashSales.counts(),
        }),
      )
    },
  )
}

/** Planning sales: for admins. */
export const addPlanRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { core, queries, pipeline, guard, clock }: SaleRoutesDeps,
): void => {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/flash-sales',
      tags: ['flash sale'],
      summary: 'Plan a flash sale, or change its terms',
      description: 'A sale is known by its variant and its beginning.',
      middleware: guard.require('inventory:write'),
      request: {
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.SaleBody) },
      },
      responses: {
        201: { description: 'It is planned', content: json(api.ChangedSale) },
        ...problemResponses('unknown_variant', 'currency_mismatch', ...mutationProblems),
      },
    }),
    async (c) => {
      const { variantId, name, price, startsAt, endsAt, perCustomerLimit } = c.req.valid('json')
      const input = {
        variant: variantId,
        name,
        price,
        startsMs: Date.parse(startsAt),
        endsMs: Date.parse(endsAt),
        perBuyer: perCustomerLimit,
      }
      const done = await submit(c, pipeline, { decide: planSale, input })
      if (!done.ok) return problem(c, done.refusal)
      const { answer, receipt } = done.value
      return answerWithReceipt({ json: JSON.stringify(answer), receipt, status: 201 })
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/flash-sales',
      tags: ['flash sale'],
      summary: 'List flash sales, the latest first',
      request: { query: api.SaleListQuery },
      responses: {
        200: { description: 'A page of sales', content: json(api.SalePage) },
        ...problemResponses('invalid_request', 'invalid_cursor'),
      },
    }),
    (c) => {
      const { limit, cursor } = c.req.valid('query')
      const after = cursor === undefined ? undefined : decodeCursor(cursor, Position)
      if (after && !after.ok) return problem(c, after.refusal)
      const [startsMs, id] = after?.value ?? [Number.MAX_SAFE_INTEGER, '']
      const found = queries.list({ startsMs, id }, limit + 1)
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return answerPage({
        items: items.map((row) => JSON.stringify(viewSale(core, row.id, clock.now()))),
        ...(found.length > limit && last ? { next: encodeCursor([last.startsMs, last.id]) } : {}),
      })
    },
  )

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/flash-sales/{id}',
      tags: ['flash sale'],
      summary: 'Cancel a flash sale',
      description: 'What was bought stays bought.',
      middleware: guard.require('inventory:write'),
      request: { params: api.SaleParams, headers: IdempotencyKeyHeader },
      responses: {
        200: { description: 'It is cancelled', content: json(api.ChangedSale) },
        ...problemResponses('sale_not_found', ...mutationProblems),
      },
    }),
    async (c) => {
      const input = { id: c.req.valid('param').id }
      const done = await submit(c, pipeline, { decide: cancelSale, input })
      if (!done.ok) return problem(c, done.refusal)
      const { answer, receipt } = done.value
      return answerWithReceipt({ json: JSON.stringify(answer), receipt })
    },
  )
}

const Position = z.tuple([z.int(), z.string()])
