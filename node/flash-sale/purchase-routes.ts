/** Buying in a flash sale over HTTP. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { hash } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { errorCodes } from '../errors.ts'
import { actorOf } from '../http/actor.ts'
import { answerJson, answerPage, answerWithReceipt } from '../http/answer.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { requestIdOf } from '../http/idempotency.ts'
import { problem, problemMediaType } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import { isCartId } from '../cart/cart-id.ts'
import { actorOfAsker, askerOf, type Asker } from '../orders/access.ts'
import type { Ticket } from './admission.ts'
import * as api from './api.ts'
import type { Attempted } from './flash-sales.ts'
import { confirmPurchase, undoPurchase } from './purchase-rules.ts'
import type { PurchaseRow } from './queries.ts'
import type { SaleRoutesDeps } from './routes.ts'
import { viewPurchase } from './view.ts'

/** Under the base of the shop's first API as well. */
export const addPurchaseRoutes = (router: OpenAPIHono<NodeEnv>, deps: SaleRoutesDeps): void => {
  const { inventory, queries, flashSales, random, clock } = deps

  router.openapi(
    createRoute({
      method: 'post',
      path: '/purchase/attempt',
      tags: ['flash sale'],
      summary: 'Try to buy in a flash sale',
      description:
        'Units are set aside until `payUntil`: `POST /orders` with `purchaseId` pays for them, at the ' +
        'same node. Who must wait is given a place and asks again; with the same idempotency key, an ' +
        'attempt counts once.',
      middleware: turnAway(flashSales),
      request: {
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.AttemptBody) },
      },
      responses: {
        201: { description: 'Units were set aside', content: json(api.MadeAttempt) },
        202: { description: 'Others are before you', content: json(api.QueuedOut) },
        ...problemResponses(
          'sold_out',
          'sale_not_active',
          'sale_not_found',
          'purchase_limit_reached',
          'too_many_requests',
          'overloaded',
          'cart_token_required',
          ...mutationProblems,
        ),
      },
    }),
    async (c) => {
      const { saleId, quantity, cartId } = c.req.valid('json')
      const asker = await askerOf(c, deps)
      if (!asker.ok) return problem(c, asker.refusal)
      const buyer = buyerOf(asker.value, cartId)
      if (buyer === undefined) {
        const detail = "Sign in, or send `cartId` with the cart's token as X-Cart-Token"
        return problem(c, { code: 'cart_token_required', detail })
      }
      const sale = saleId ?? queries.current(clock.now())?.id
      if (sale === undefined) {
        return problem(c, { code: 'sale_not_found', detail: 'There is no flash sale' })
      }
      const actor = actorOfAsker(asker.value, buyer)
      const request = requestIdOf(c, actor, { sale, quantity })
      const attempt = request ? attemptOf(request.id) : Buffer.from(random(16)).toString('hex')
      const ticket = await flashSales.attempt({
        sale,
        buyer,
        units: quantity,
        attempt,
        actor,
        ...(request ? { request } : {}),
      })
      return ticket.state === 'turned_away'
        ? problem(c, ticket.refusal)
        : answerTicket(c, attempt, ticket)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/purchase/status',
      tags: ['flash sale'],
      summary: 'What became of an attempt',
      request: { query: api.AttemptQuery },
      responses: {
        200: { description: 'The purchase, or its place', content: json(api.PurchaseOut) },
        202: { description: 'Others are before you', content: json(api.QueuedOut) },
        ...problemResponses('purchase_not_found', 'sold_out', 'unauthorized'),
      },
    }),
    async (c) => {
      const { attemptId } = c.req.valid('query')
      const asker = await askerOf(c, deps)
      if (!asker.ok) return problem(c, asker.refusal)
      const row = queries.purchase(attemptId)
      if (row && maySee(asker.value, row.buyer)) {
        return answerJson(JSON.stringify(viewPurchase(inventory.world(), row)))
      }
      // While there is no purchase there is nothing to see but a place in a queue, for who knows its name.
      const ticket = row ? undefined : flashSales.look(attemptId)
      return ticket ? answerTicket(c, attemptId, ticket) : problem(c, notFound(attemptId))
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/purchase/user/{userId}',
      tags: ['flash sale'],
      summary: 'What a buyer got, the latest first',
      description: 'A buyer is an account, or, for a guest, a cart.',
      request: { params: api.UserParams, query: api.PurchasesQuery },
      responses: {
        200: { description: 'A page of purchases', content: json(api.PurchasePage) },
        ...problemResponses('invalid_request', 'invalid_cursor', 'unauthorized', 'forbidden'),
      },
    }),
    async (c) => {
      const { userId } = c.req.valid('param')
      const asker = await askerOf(c, deps)
      if (!asker.ok) return problem(c, asker.refusal)
      if (!maySee(asker.value, userId)) {
        return problem(c, { code: 'forbidden', detail: 'These are not your purchases' })
      }
      const { limit, cursor } = c.req.valid('query')
      const before = cursor === undefined ? undefined : decodeCursor(cursor, z.int())
      if (before && !before.ok) return problem(c, before.refusal)
      const world = inventory.world()
      const rows = queries.purchasesOf(userId, before?.value ?? Number.MAX_SAFE_INTEGER, limit + 1)
      const shown = rows.slice(0, limit)
      const last = shown.at(-1)
      return answerPage({
        items: shown.map((row) => JSON.stringify(viewPurchase(world, row))),
        ...(rows.length > limit && last ? { next: encodeCursor(last.atMs) } : {}),
      })
    },
  )
}

/** What becomes of units that were set aside. */
export const addSettlementRoutes = (router: OpenAPIHono<NodeEnv>, deps: SaleRoutesDeps): void => {
  const { inventory, queries, guard } = deps
  const answers = {
    200: { description: 'The purchase as it is then', content: json(api.MadeAttempt) },
    ...problemResponses('purchase_not_found', 'sold_out', 'order_state', ...mutationProblems),
  }
  const request = { params: api.AttemptParams, headers: IdempotencyKeyHeader }

  const settle = async (
    c: Context<NodeEnv>,
    { row, decide, actor }: { row: PurchaseRow; decide: typeof undoPurchase; actor: string },
  ): Promise<Response> => {
    const { sale, buyer, attempt } = row
    const pipeline = { submit: inventory.covered }
    const input = { sale, buyer, attempt, by: actor }
    const done = await submit(c, pipeline, { decide, input, actor })
    if (!done.ok) return problem(c, done.refusal)
    const { answer, receipt } = done.value
    return answerWithReceipt({ json: JSON.stringify(answer), receipt })
  }

  router.openapi(
    createRoute({
      method: 'post',
      path: '/purchases/{attemptId}/confirm',
      tags: ['flash sale'],
      summary: 'Turn what was set aside into a sale, once it is paid for',
      middleware: guard.require('orders:write'),
      request,
      responses: answers,
    }),
    (c) => {
      const { attemptId } = c.req.valid('param')
      const row = queries.purchase(attemptId)
      return row
        ? settle(c, { row, decide: confirmPurchase, actor: actorOf(c) })
        : problem(c, notFound(attemptId))
    },
  )

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/purchases/{attemptId}',
      tags: ['flash sale'],
      summary: 'Give units back, so that somebody else may have them',
      request,
      responses: answers,
    }),
    async (c) => {
      const { attemptId } = c.req.valid('param')
      const asker = await askerOf(c, deps)
      if (!asker.ok) return problem(c, asker.refusal)
      const row = queries.purchase(attemptId)
      if (!row || !isTheirs(asker.value, row.buyer)) return problem(c, notFound(attemptId))
      return settle(c, { row, decide: undoPurchase, actor: actorOfAsker(asker.value, row.buyer) })
    },
  )
}

/**
 * Answers "sold out" before anything else is looked at: not who asks, nor what. A key says that it may
 * be asked again about units that were set aside, and is let through.
 */
const turnAway =
  (flashSales: SaleRoutesDeps['flashSales']): MiddlewareHandler<NodeEnv> =>
  (c, next) => {
    if (!flashSales.isSoldOut() || c.req.header('idempotency-key') !== undefined) return next()
    flashSales.noteTurnedAway()
    const requestId = c.get('requestId')
    return Promise.resolve(
      new Response(`${soldOutText}"${c.req.path}","requestId":"${requestId}"}`, soldOutInit),
    )
  }

const soldOut = {
  type: '/problems/sold_out',
  title: errorCodes.sold_out.title,
  status: errorCodes.sold_out.status,
  detail: 'Nobody in reach has any left',
  code: 'sold_out',
}
// The same as `problem` writes, up to what is another each time.
const soldOutText = `${JSON.stringify(soldOut).slice(0, -1)},"instance":`
const soldOutInit = { status: soldOut.status, headers: { 'content-type': problemMediaType } }

const answerTicket = (
  c: Context<NodeEnv>,
  attemptId: string,
  ticket: Ticket<Attempted>,
): Response => {
  if (ticket.state === 'failed') throw ticket.error
  if (ticket.state === 'queued') {
    return c.json({ attemptId, ...ticket }, 202, {
      'retry-after': String(Math.ceil(ticket.pollAfterMs / 1_000)),
    })
  }
  const { result } = ticket
  if (!result.ok) return problem(c, result.refusal)
  const { answer, receipt } = result.value
  return answerWithReceipt({ json: JSON.stringify(answer), receipt, status: 201 })
}

const attemptOf = (request: string): string => hash('sha256', `attempt ${request}`).slice(0, 32)

const notFound = (attempt: string) =>
  ({ code: 'purchase_not_found', detail: `There is no purchase ${attempt}` }) as const

/** Who buys: the account, or else the cart that the asker has the token of. */
const buyerOf = ({ account, opens }: Asker, cart: string | undefined): string | undefined =>
  account ?? (cart !== undefined && opens(cart) ? cart : undefined)

const isTheirs = ({ account, opens }: Asker, buyer: string): boolean =>
  buyer === account || (isCartId(buyer) && opens(buyer))

const maySee = (asker: Asker, buyer: string): boolean =>
  isTheirs(asker, buyer) || asker.may('orders:read')
