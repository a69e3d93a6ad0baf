/** Locations over HTTP. */

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
import { addLocationBatch } from './location-batch.ts'
import * as api from './location-api.ts'
import { putLocation } from './location.ts'
import type { InventoryRoutesDeps } from './routes.ts'

export const addLocationRoutes = (
  router: OpenAPIHono<NodeEnv>,
  deps: InventoryRoutesDeps,
): void => {
  const { pipeline, queries, guard } = deps

  router.openapi(
    createRoute({
      method: 'get',
      path: '/locations',
      tags: ['inventory'],
      summary: 'List the locations beside the main one',
      request: { query: api.LocationQuery },
      responses: {
        200: { description: 'A page of locations', content: json(api.LocationPage) },
        ...problemResponses('invalid_request', 'invalid_cursor'),
      },
    }),
    (c) => {
      const { limit, cursor } = c.req.valid('query')
      const after = cursor === undefined ? undefined : decodeCursor(cursor, z.string())
      if (after && !after.ok) return problem(c, after.refusal)
      const found = queries.locations(after?.value ?? '', limit + 1)
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return answerPage({
        items: items.map((one) => one.json),
        ...(found.length > limit && last ? { next: encodeCursor(last.id) } : {}),
      })
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/locations/{id}',
      tags: ['inventory'],
      summary: 'Read a location',
      request: { params: api.LocationParams },
      responses: {
        200: { description: 'The location', content: json(api.LocationOut) },
        ...problemResponses('invalid_request', 'location_not_found'),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      const found = queries.location(id)
      return found === undefined
        ? problem(c, { code: 'location_not_found', detail: `There is no location ${id}` })
        : answerJson(found)
    },
  )

  router.openapi(
    createRoute({
      method: 'put',
      path: '/locations/{id}',
      tags: ['inventory'],
      summary: 'Make a location, or change it',
      middleware: guard.require('inventory:write'),
      request: {
        params: api.MadeParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.LocationBody) },
      },
      responses: {
        200: { description: 'It was made or changed', content: json(api.ChangedLocation) },
        ...problemResponses(...mutationProblems),
      },
    }),
    async (c) => {
      const input = { id: c.req.valid('param').id, ...c.req.valid('json') }
      const done = await submit(c, pipeline, { decide: putLocation, input })
      if (!done.ok) return problem(c, done.refusal)
      const { answer, receipt } = done.value
      return answerWithReceipt({ json: JSON.stringify(answer), receipt })
    },
  )

  addLocationBatch(router, deps)
}
