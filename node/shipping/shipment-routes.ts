/**
 * Shipments over HTTP. Whoever was told a shipment's id may read it: nobody guesses one, and it says
 * where the goods are, not to whom they go.
 */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { z } from 'zod'
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
import type { ShippingRoutesDeps } from './routes.ts'
import { isPrepared, shipment, viewShipment } from './shipment.ts'
import {
  editShipment,
  prepareShipment,
  shipmentNotFound,
  trackShipment,
  type ShipmentAnswer,
} from './shipment-rules.ts'

export const addShipmentRoutes = (router: OpenAPIHono<NodeEnv>, deps: ShippingRoutesDeps): void => {
  addReadingRoutes(router, deps)
  const { core, pipeline, guard, clock } = deps
  const mayWrite = guard.require('shipments:write')

  const change = async <Input>(
    c: Context<NodeEnv>,
    decide: Decide<Input, ShipmentAnswer>,
    { input, status = 200, asked = input }: Changing<Input>,
  ): Promise<Response> => {
    const done = await submit(c, pipeline, { decide, input, asked })
    if (!done.ok) return problem(c, done.refusal)
    const { answer, receipt } = done.value
    const shown = viewShipment(answer.id, core.read(shipment, answer.id))
    return answerWithReceipt({ json: JSON.stringify(shown), receipt, status })
  }

  router.openapi(
    createRoute({
      method: 'post',
      path: '/shipments',
      tags: ['shipping'],
      summary: 'Prepare a shipment',
      description: 'Shipping an order prepares one by itself; this is for what is sent besides.',
      middleware: mayWrite,
      request: {
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.ShipmentBody) },
      },
      responses: {
        201: { description: 'It was prepared', content: json(api.ChangedShipment) },
        ...problemResponses(...mutationProblems),
      },
    }),
    (c) => {
      const { estimatedDelivery: estimatedMs, units, ...body } = c.req.valid('json')
      const sent = units.map((line) => ({ variant: line.variantId, units: line.units }))
      const input = { ...body, units: sent, estimatedMs }
      return change(c, prepareShipment, { input, status: 201 })
    },
  )

  router.openapi(
    createRoute({
      method: 'patch',
      path: '/shipments/{id}',
      tags: ['shipping'],
      summary: 'Say who brings it, under which number, and when',
      middleware: mayWrite,
      request: {
        params: api.ShipmentParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.ShipmentPatch) },
      },
      responses: {
        200: { description: 'It was changed', content: json(api.ChangedShipment) },
        ...problemResponses('shipment_not_found', ...mutationProblems),
      },
    }),
    (c) => {
      const { estimatedDelivery: estimatedMs, ...body } = c.req.valid('json')
      const input = { ...body, id: c.req.valid('param').id, estimatedMs }
      return change(c, editShipment, { input })
    },
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/shipments/{id}/events',
      tags: ['shipping'],
      summary: 'Note what was heard of a shipment',
      description:
        'In whatever order it is heard: what happened last is where the shipment stands.',
      middleware: mayWrite,
      request: {
        params: api.ShipmentParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.ShipmentEventBody) },
      },
      responses: {
        200: { description: 'The shipment with it', content: json(api.ChangedShipment) },
        ...problemResponses('shipment_not_found', 'limit_reached', ...mutationProblems),
      },
    }),
    (c) => {
      const { id, at, status, location, note } = c.req.valid('json')
      const event = { id, status, location, note, atMs: at ?? clock.now() }
      const input = { id: c.req.valid('param').id, event }
      // The time that we add is no part of what was asked: a retry comes later.
      return change(c, trackShipment, { input, asked: { ...event, atMs: at } })
    },
  )
}

interface Changing<Input> {
  readonly input: Input
  readonly status?: 200 | 201
  readonly asked?: unknown
}

const addReadingRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { core, queries, guard }: ShippingRoutesDeps,
): void => {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/shipments/{id}',
      tags: ['shipping'],
      summary: 'Follow a shipment',
      request: { params: api.ShipmentParams },
      responses: {
        200: { description: 'Where it is', content: json(api.ShipmentOut) },
        ...problemResponses('invalid_request', 'shipment_not_found'),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      const document = core.read(shipment, id)
      return isPrepared(document)
        ? answerJson(JSON.stringify(viewShipment(id, document)))
        : problem(c, shipmentNotFound(id))
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/shipments',
      tags: ['shipping'],
      summary: 'List shipments, of an order or of all',
      middleware: guard.require('orders:read'),
      request: { query: api.ShipmentQuery },
      responses: {
        200: { description: 'By id', content: json(api.ShipmentPage) },
        ...problemResponses('invalid_request', 'invalid_cursor', 'unauthorized', 'forbidden'),
      },
    }),
    (c) => {
      const { order, limit, cursor } = c.req.valid('query')
      const after = cursor === undefined ? undefined : decodeCursor(cursor, z.string())
      if (after && !after.ok) return problem(c, after.refusal)
      const found = queries.shipments(order, after?.value ?? '', limit + 1)
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return answerPage({
        items: items.map((one) => one.json),
        ...(found.length > limit && last ? { next: encodeCursor(last.id) } : {}),
      })
    },
  )
}
