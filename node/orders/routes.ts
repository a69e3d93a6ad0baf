/** Orders over HTTP: looking at them, and what is done to them after they were placed. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Decide } from '../core/capability.ts'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { Refusal } from '../errors.ts'
import { answerJson, answerWithReceipt } from '../http/answer.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { problem } from '../http/problem.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import type { Permission } from '../identity/permissions.ts'
import { ok, refused, type Result } from '../result.ts'
import { actorOfAsker, askerOf, isOwn, type AccessDeps, type Asker } from './access.ts'
import * as api from './api.ts'
import { isOrderId, type OrderId } from './order-id.ts'
import * as orderLog from './order-log.ts'
import * as rules from './order-rules.ts'
import type { OrderAnswer } from './order-rules.ts'
import type { Order } from './order.ts'
import type { OrderQueries } from './queries.ts'
import { viewOrder } from './view.ts'

export interface OrderRoutesDeps extends AccessDeps {
  readonly core: Pick<Core, 'read'>
  readonly pipeline: Pipeline
  readonly queries: OrderQueries
}

export const createOrderRoutes = (deps: OrderRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  addReadingRoutes(router, deps)
  addShopRoutes(router, deps)
  addEveryonesRoutes(router, deps)
  return router
}

const Position = z.tuple([z.number(), z.string()])

const addReadingRoutes = (router: OpenAPIHono<NodeEnv>, deps: OrderRoutesDeps): void => {
  const { core, queries } = deps

  router.openapi(
    createRoute({
      method: 'get',
      path: '/orders/{id}',
      tags: ['orders'],
      summary: 'Read an order',
      request: { params: api.OrderParams, headers: api.CartTokenHeader },
      responses: {
        200: { description: 'The order as it is by now', content: json(api.OrderOut) },
        ...problemResponses('unauthorized', 'order_not_found'),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const found = await open(c, deps, id, 'orders:read')
      if (!found.ok) return problem(c, found.refusal)
      return answerJson(JSON.stringify(viewOrder(core, id, found.value.order)))
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/orders',
      tags: ['orders'],
      summary: 'List orders, the latest first',
      description: "One's own; with the permission orders:read, everybody's.",
      request: {
        query: api.OrdersQuery.extend({
          cartId: z.string().optional().openapi({ description: 'For whoever has its token.' }),
        }),
        headers: api.CartTokenHeader,
      },
      responses: {
        200: { description: 'A page of orders', content: json(api.OrderPage) },
        ...problemResponses('unauthorized', 'forbidden', 'invalid_cursor'),
      },
    }),
    async (c) => {
      const asker = await askerOf(c, deps)
      if (!asker.ok) return problem(c, asker.refusal)
      const { limit, cursor, customerId, cartId, status, number } = c.req.valid('query')
      const whose = listed(asker.value, { customerId, cartId })
      if (!whose.ok) return problem(c, whose.refusal)
      const after = cursor === undefined ? ok(undefined) : decodeCursor(cursor, Position)
      if (!after.ok) return problem(c, after.refusal)
      const rows = queries.orders({
        ...whose.value,
        status,
        number,
        after: after.value && { placedMs: after.value[0], id: after.value[1] },
        limit: limit + 1,
      })
      const items = rows.slice(0, limit).flatMap(({ id }) => {
        const order = isOrderId(id) ? orderLog.orderOf(core, id) : undefined
        return order ? [viewOrder(core, id as OrderId, order)] : []
      })
      const last = rows[limit - 1]
      const next = rows.length > limit && last ? encodeCursor([last.placedMs, last.id]) : undefined
      return answerJson(JSON.stringify({ items, ...(next === undefined ? {} : { next }) }))
    },
  )
}

// Whose orders the asker gets to see.
const listed = (
  asker: Asker,
  { customerId, cartId }: { readonly customerId?: string | undefined; cartId?: string | undefined },
): Result<{ readonly who?: string; readonly cart?: string }, Refusal> => {
  const cart = cartId === undefined ? {} : { cart: cartId }
  if (asker.may('orders:read')) {
    return ok({ ...cart, ...(customerId === undefined ? {} : { who: `account/${customerId}` }) })
  }
  if (cartId !== undefined && asker.opens(cartId)) return ok(cart)
  if (asker.account === undefined) {
    return refused({ code: 'forbidden', detail: "Say which cart's orders with cartId" })
  }
  if (customerId !== undefined && customerId !== asker.account) {
    return refused({ code: 'forbidden', detail: "These are another customer's orders" })
  }
  return ok({ ...cart, who: `account/${asker.account}` })
}

const changeResponses = {
  200: { description: 'The order as it is then', content: json(api.ChangedOrder) },
  ...problemResponses(
    'unauthorized',
    'order_not_found',
    'order_state',
    'quantity_out_of_range',
    ...mutationProblems,
  ),
}

/** What only the shop's people do. */
const addShopRoutes = (router: OpenAPIHono<NodeEnv>, deps: OrderRoutesDeps): void => {
  const shopMove = <Path extends string>(path: Path, summary: string) => ({
    method: 'post' as const,
    path: `/orders/{id}/${path}` as const,
    tags: ['orders'],
    summary,
    responses: changeResponses,
  })
  const request = { params: api.OrderParams, headers: IdempotencyKeyHeader }
  const withBody = <B extends z.ZodType>(schema: B, required = false) => ({
    ...request,
    body: { required, content: json(schema) },
  })

  const plain = { confirm: rules.confirmOrder, pack: rules.packOrder, deliver: rules.deliverOrder }
  const words = {
    confirm: 'Take an order on that is not paid yet',
    pack: 'Say that the parcel is packed',
    deliver: 'Say that it has arrived',
  }
  for (const name of ['confirm', 'pack', 'deliver'] as const) {
    router.openapi(createRoute({ ...shopMove(name, words[name]), request }), (c) =>
      change(c, deps, 'orders:write', plain[name], () => ok({})),
    )
  }

  router.openapi(
    createRoute({
      ...shopMove('ship', 'Send all or a part of it off'),
      request: withBody(api.ShipBody),
    }),
    (c) =>
      change(c, deps, 'orders:write', rules.shipOrder, () => {
        const body = bodyOf(c.req.valid('json'))
        return ok({
          units: unitsOf(body.lines),
          carrier: body.carrier ?? null,
          tracking: body.trackingNumber ?? null,
          estimatedMs:
            body.estimatedDelivery === undefined ? null : Date.parse(body.estimatedDelivery),
        })
      }),
  )

  router.openapi(
    createRoute({
      ...shopMove('refund', 'Give money back although the goods stay'),
      request: withBody(api.RefundBody, true),
    }),
    (c) =>
      change(c, deps, 'orders:write', rules.creditOrder, (order) => {
        const { amount, reason } = c.req.valid('json')
        const { currency } = order.placement.event.agreed
        return amount && amount.currency !== currency
          ? refused({ code: 'currency_mismatch', detail: `The order is in ${currency}` })
          : ok({ amount: amount?.amount, reason })
      }),
  )
}

/** What the shop's people do, and the one whose order it is. */
const addEveryonesRoutes = (router: OpenAPIHono<NodeEnv>, deps: OrderRoutesDeps): void => {
  const headers = IdempotencyKeyHeader.extend(api.CartTokenHeader.shape)
  const request = <B extends z.ZodType>(schema: B, required = false) => ({
    params: api.OrderParams,
    headers,
    body: { required, content: json(schema) },
  })

  router.openapi(
    createRoute({
      method: 'post',
      path: '/orders/{id}/cancel',
      tags: ['orders'],
      summary: 'Cancel it, or what has not been sent of it',
      request: request(api.ReasonBody),
      responses: changeResponses,
    }),
    (c) =>
      change(c, deps, 'owner', rules.cancelOrder, () =>
        ok({ reason: bodyOf(c.req.valid('json')).reason ?? 'cancelled' }),
      ),
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/orders/{id}/return',
      tags: ['orders'],
      summary: 'Book what came back; or, by the customer, say that it is coming',
      request: request(api.ReturnBody),
      responses: changeResponses,
    }),
    (c) =>
      change(c, deps, 'owner', rules.returnOrder, (_, asker) => {
        const body = bodyOf(c.req.valid('json'))
        return ok({
          units: unitsOf(body.lines),
          reason: body.reason ?? 'returned',
          areHere: asker.may('orders:write'),
        })
      }),
  )

  router.openapi(
    createRoute({
      method: 'patch',
      path: '/orders/{id}',
      tags: ['orders'],
      summary: 'Order less of it, or have it sent elsewhere, before it is packed',
      request: request(api.EditBody, true),
      responses: changeResponses,
    }),
    (c) =>
      change(c, deps, 'owner', rules.editOrder, () => {
        const { lines, shippingAddress } = c.req.valid('json')
        return ok({ units: unitsOf(lines) ?? {}, address: shippingAddress ?? null })
      }),
  )
}

// A body that may be absent is undefined then, whatever its type says.
const bodyOf = <B extends object>(body: B | undefined): Partial<B> => body ?? {}

const unitsOf = (
  lines: readonly { readonly variantId: string; readonly quantity: number }[] | undefined,
) => lines && Object.fromEntries(lines.map(({ variantId, quantity }) => [variantId, quantity]))

interface Opened {
  readonly order: Order
  readonly asker: Asker
}

/** The order, if the asker may see it: their own, or anyone's with the permission. */
const open = async (
  c: Context<NodeEnv>,
  deps: OrderRoutesDeps,
  id: OrderId,
  permission: Permission,
): Promise<Result<Opened, Refusal>> => {
  const asker = await askerOf(c, deps)
  if (!asker.ok) return asker
  const order = orderLog.orderOf(deps.core, id)
  const isVisible = order && (asker.value.may(permission) || isOwn(asker.value, order))
  // Whose order it is is nobody else's business, so one of others is like one that is not there.
  return isVisible
    ? ok({ order, asker: asker.value })
    : refused({ code: 'order_not_found', detail: `There is no order ${id} here` })
}

type Rule<Input> = Decide<Input & rules.OrderAct, OrderAnswer>

const change = async <Input extends object>(
  c: Context<NodeEnv>,
  deps: OrderRoutesDeps,
  who: 'owner' | 'orders:write',
  rule: Rule<Input>,
  inputOf: (order: Order, asker: Asker) => Result<Input, Refusal>,
): Promise<Response> => {
  const id = c.req.param('id') as OrderId
  const found = await open(c, deps, id, 'orders:write')
  if (!found.ok) return problem(c, found.refusal)
  const { order, asker } = found.value
  if (who !== 'owner' && !asker.may(who)) {
    return problem(c, { code: 'forbidden', detail: `This takes the permission ${who}` })
  }
  const given = inputOf(order, asker)
  if (!given.ok) return problem(c, given.refusal)
  const by = actorOfAsker(asker, order.placement.event.agreed.cart)
  const input = { ...given.value, id, by }
  const done = await submit(c, deps.pipeline, { decide: rule, input, actor: by })
  if (!done.ok) return problem(c, done.refusal)
  const after = orderLog.orderOf(deps.core, id) ?? order
  return answerWithReceipt({
    json: JSON.stringify(viewOrder(deps.core, id, after)),
    receipt: done.value.receipt,
  })
}
