/** Stock over HTTP: each route parses, calls one function and renders. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Value } from '../../crdt/value.ts'
import type { VariantId } from '../catalog/ids.ts'
import type { Decide } from '../core/capability.ts'
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
import { stockIdOf } from './location-id.ts'
import type { InventoryRoutesDeps } from './routes.ts'
import { readStockLog } from './stock-log.ts'
import {
  adjustStock,
  countStock,
  isSoldHere,
  receiveStock,
  setMode,
  setThreshold,
  transferStock,
} from './stock-rules.ts'
import { viewStock } from './view.ts'

export const addStockRoutes = (router: OpenAPIHono<NodeEnv>, deps: InventoryRoutesDeps): void => {
  const { inventory, queries, guard } = deps
  const mayWrite = guard.require('inventory:write')
  const pipeline = { submit: inventory.covered }

  /** Submits an act, with rights fetched from other nodes if it takes that. */
  const change = async <Input, Answer extends Value>(
    c: Context<NodeEnv>,
    decide: Decide<Input, Answer>,
    input: Input,
  ): Promise<Response> => {
    const done = await submit(c, pipeline, { decide, input })
    if (!done.ok) return problem(c, done.refusal)
    const { answer, receipt } = done.value
    return answerWithReceipt({ json: JSON.stringify(answer), receipt })
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/low-stock',
      tags: ['inventory'],
      summary: 'List stock at or below its threshold',
      middleware: mayWrite,
      request: { query: api.LowStockQuery },
      responses: {
        200: { description: 'A page of stocks', content: json(api.LowStockPage) },
        ...problemResponses('invalid_request', 'invalid_cursor', 'unauthorized', 'forbidden'),
      },
    }),
    (c) => {
      const { limit, cursor } = c.req.valid('query')
      const after = cursor === undefined ? undefined : decodeCursor(cursor, z.int().min(0))
      if (after && !after.ok) return problem(c, after.refusal)
      const found = queries.lowStocks(after?.value ?? 0, limit + 1)
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return answerPage({
        items: items.map(({ variant, location, available, threshold }) =>
          JSON.stringify({ variantId: variant, location, available, threshold }),
        ),
        ...(found.length > limit && last ? { next: encodeCursor(last.document) } : {}),
      })
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/inventory/{variantId}',
      tags: ['inventory'],
      summary: 'What of a variant can be sold, here and elsewhere',
      request: { params: api.VariantParams },
      responses: {
        200: { description: 'The units', content: json(api.InventoryOut) },
        ...problemResponses('invalid_request', 'unknown_variant'),
      },
    }),
    (c) => {
      const { variantId } = c.req.valid('param')
      const world = inventory.world()
      return isSoldHere(world, variantId)
        ? answerJson(JSON.stringify(viewStock(world, variantId)))
        : problem(c, unknown(variantId))
    },
  )

  const units = { 200: { description: 'It was done', content: json(api.ChangedStock) } }
  const problems = problemResponses(
    'unknown_variant',
    'location_not_found',
    'limit_reached',
    'insufficient_stock',
    ...mutationProblems,
  )
  const common = { tags: ['inventory'], middleware: mayWrite }
  const asked = <S>(body: S) => ({
    params: api.VariantParams,
    headers: IdempotencyKeyHeader,
    body: { required: true, content: json(body) },
  })

  router.openapi(
    createRoute({
      ...common,
      method: 'post',
      path: '/inventory/{variantId}/receive',
      summary: 'Take units in',
      description: 'Whatever the variant was before, its units are counted from now on.',
      request: asked(api.ReceiveBody),
      responses: { ...units, ...problems },
    }),
    (c) => {
      const { quantity, ...act } = c.req.valid('json')
      const { variantId: variant } = c.req.valid('param')
      return change(c, receiveStock, { ...act, variant, units: quantity })
    },
  )

  router.openapi(
    createRoute({
      ...common,
      method: 'post',
      path: '/inventory/{variantId}/adjust',
      summary: 'Add or write off units',
      description: 'Units are written off by rights of this node, fetched from others if need be.',
      request: asked(api.AdjustBody),
      responses: { ...units, ...problems },
    }),
    (c) => {
      const { change: by, ...act } = c.req.valid('json')
      const { variantId: variant } = c.req.valid('param')
      return change(c, adjustStock, { ...act, variant, units: by })
    },
  )

  router.openapi(
    createRoute({
      ...common,
      method: 'post',
      path: '/inventory/{variantId}/count',
      summary: 'Say how many units were counted',
      description: 'The difference to what this node knows comes in or is written off.',
      request: asked(api.CountBody),
      responses: { ...units, ...problems },
    }),
    (c) => {
      const { quantity, ...act } = c.req.valid('json')
      const { variantId: variant } = c.req.valid('param')
      return change(c, countStock, { ...act, variant, counted: quantity })
    },
  )

  router.openapi(
    createRoute({
      ...common,
      method: 'post',
      path: '/inventory/{variantId}/transfer',
      summary: 'Move units to another location',
      request: asked(api.TransferBody),
      responses: { ...units, ...problems },
    }),
    (c) => {
      const { quantity, ...act } = c.req.valid('json')
      const { variantId: variant } = c.req.valid('param')
      return change(c, transferStock, { ...act, variant, units: quantity })
    },
  )

  router.openapi(
    createRoute({
      ...common,
      method: 'put',
      path: '/inventory/{variantId}/mode',
      summary: 'Say how a variant is sold',
      description: '`rights`: what there is; `backorder`: on promise too; `untracked`: uncounted.',
      request: asked(api.ModeBody),
      responses: {
        200: { description: 'It was set', content: json(api.ChangedMode) },
        ...problems,
      },
    }),
    (c) =>
      change(c, setMode, {
        variant: c.req.valid('param').variantId,
        mode: c.req.valid('json').mode,
      }),
  )

  router.openapi(
    createRoute({
      ...common,
      method: 'put',
      path: '/inventory/{variantId}/threshold',
      summary: 'Say from how few units on stock is low',
      request: asked(api.ThresholdBody),
      responses: {
        200: { description: 'It was set', content: json(api.ChangedThreshold) },
        ...problems,
      },
    }),
    (c) =>
      change(c, setThreshold, {
        variant: c.req.valid('param').variantId,
        ...c.req.valid('json'),
      }),
  )

  router.openapi(
    createRoute({
      ...common,
      method: 'get',
      path: '/inventory/{variantId}/log',
      summary: 'What became of the units at a location, and why',
      request: { params: api.VariantParams, query: api.LogQuery },
      responses: {
        200: { description: 'The latest changes first', content: json(api.LogOut) },
        ...problemResponses('invalid_request', 'unauthorized', 'forbidden'),
      },
    }),
    async (c) => {
      const { location, limit } = c.req.valid('query')
      const id = stockIdOf(c.req.valid('param').variantId, location)
      const items = await readStockLog(deps, id, limit)
      return answerJson(JSON.stringify({ items }))
    },
  )
}

const unknown = (variant: VariantId) =>
  ({ code: 'unknown_variant', detail: `There is no variant ${variant} to be sold` }) as const
