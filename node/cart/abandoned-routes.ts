/** Carts that were left behind, over HTTP: for the shop's own people. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import { jsonContent as json, problemResponses } from '../http/schemas.ts'
import * as api from './api.ts'
import type { CartRoutesDeps } from './routes.ts'

export const addAbandonedRoute = (
  router: OpenAPIHono<NodeEnv>,
  { queries, guard }: CartRoutesDeps,
): void => {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/abandoned-carts',
      tags: ['cart'],
      summary: 'List carts that nobody came back to',
      middleware: guard.require('orders:read'),
      request: { query: api.AbandonedQuery },
      responses: {
        200: { description: 'Latest first', content: json(api.AbandonedList) },
        ...problemResponses('invalid_request', 'invalid_cursor', 'unauthorized', 'forbidden'),
      },
    }),
    (c) => {
      const { limit, cursor } = c.req.valid('query')
      const after = cursor === undefined ? undefined : decodeCursor(cursor, Place)
      if (after && !after.ok) return problem(c, after.refusal)
      const place = after && { abandonedMs: after.value[0], cart: after.value[1] }
      const found = queries.abandoned(place, limit + 1)
      const items = found.slice(0, limit)
      const last = items.at(-1)
      const next = found.length > limit && last && [last.abandonedMs, last.cart]
      return c.json(
        {
          items: items.map(({ cart, account, items: count, amount, currency, abandonedMs }) => ({
            cart,
            account,
            items: count,
            total: { amount, currency },
            abandonedAt: new Date(abandonedMs).toISOString(),
          })),
          ...(next ? { next: encodeCursor(next) } : {}),
        },
        200,
      )
    },
  )
}

const Place = z.tuple([z.int(), z.string()])
