/** Payments over HTTP: an account's own, and the shop's view of all. */

import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { hash } from 'node:crypto'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { actorOf } from '../http/actor.ts'
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
import type { Guard } from '../identity/guard.ts'
import * as api from './api.ts'
import { addMethodRoutes } from './method-routes.ts'
import { askRefund, decideReview } from './payment-commands.ts'
import { paymentOf, refundable } from './payment-rules.ts'
import type { Payments } from './payments.ts'
import type { PaymentQueries } from './queries.ts'
import { timeOf, viewPayment } from './view.ts'
import { addWebhookRoutes } from './webhook-routes.ts'

export interface PaymentRoutesDeps {
  readonly core: Core
  readonly pipeline: Pipeline
  readonly payments: Pick<Payments, 'provider' | 'settle' | 'hear'>
  readonly queries: PaymentQueries
  readonly guard: Guard
  readonly clock: { now(): number }
  readonly random: (bytes: number) => Uint8Array
  /** How long a refund is waited for before it is answered that it is under way. */
  readonly timers: { after(ms: number, callback: () => void): () => void }
}

export const createPaymentRoutes = (deps: PaymentRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  addOwnRoutes(router, deps)
  addListRoutes(router, deps)
  addActRoutes(router, deps)
  addMethodRoutes(router, deps)
  addWebhookRoutes(router, deps)
  return router
}

const signedInProblems = ['unauthorized', 'token_expired', 'session_revoked'] as const

const addOwnRoutes = (router: OpenAPIHono<NodeEnv>, { core, guard }: PaymentRoutesDeps): void => {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/payments/{orderId}',
      tags: ['payments'],
      summary: "Read the payment of one's own order",
      middleware: guard.signedIn,
      request: { params: api.PaymentParams },
      responses: {
        200: { description: 'The payment', content: json(api.PaymentOut) },
        ...problemResponses(...signedInProblems, 'payment_not_found'),
      },
    }),
    (c) => {
      const { orderId } = c.req.valid('param')
      const payment = paymentOf(core, orderId)
      const account = c.get('principal')?.accountId
      // Somebody else's is answered like one that is not there.
      return payment.account === null || payment.account !== account
        ? problem(c, notFound(orderId))
        : c.json(viewPayment(orderId, payment, 'own'), 200)
    },
  )
}

const Position = z.strictObject({ createdMs: z.int(), id: z.string().max(64) })

const addListRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { core, guard, queries }: PaymentRoutesDeps,
): void => {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/payments',
      tags: ['payments'],
      summary: 'List payments, the latest first',
      middleware: guard.require('payments:read'),
      request: { query: api.PaymentsQuery },
      responses: {
        200: { description: 'A page of them', content: json(api.PaymentPage) },
        ...problemResponses(...signedInProblems, 'forbidden', 'invalid_request', 'invalid_cursor'),
      },
    }),
    (c) => {
      const { limit, cursor, status: state, account } = c.req.valid('query')
      const after = cursor === undefined ? undefined : decodeCursor(cursor, Position)
      if (after && !after.ok) return problem(c, after.refusal)
      const rows = queries.payments({ state, account, after: after?.value, limit: limit + 1 })
      const shown = rows.slice(0, limit)
      const last = rows.length > limit ? shown.at(-1) : undefined
      const items = shown.map(({ id }) => viewPayment(id, paymentOf(core, id), 'all'))
      return c.json({ items, ...(last ? { next: encodeCursor(last) } : {}) }, 200)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/payments/{orderId}',
      tags: ['payments'],
      summary: 'Read a payment',
      middleware: guard.require('payments:read'),
      request: { params: api.PaymentParams },
      responses: {
        200: { description: 'The payment', content: json(api.PaymentOut) },
        ...problemResponses(...signedInProblems, 'forbidden', 'payment_not_found'),
      },
    }),
    (c) => {
      const { orderId } = c.req.valid('param')
      const payment = paymentOf(core, orderId)
      return payment.state === 'none'
        ? problem(c, notFound(orderId))
        : c.json(viewPayment(orderId, payment, 'all'), 200)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/fraud-flags',
      tags: ['payments'],
      summary: 'List flagged payments, the latest first',
      middleware: guard.require('payments:read'),
      request: { query: api.FlagsQuery },
      responses: {
        200: { description: 'A page of them', content: json(api.FlagPage) },
        ...problemResponses(...signedInProblems, 'forbidden', 'invalid_request', 'invalid_cursor'),
      },
    }),
    (c) => {
      const { limit, cursor, resolved } = c.req.valid('query')
      const after = cursor === undefined ? undefined : decodeCursor(cursor, Position)
      if (after && !after.ok) return problem(c, after.refusal)
      const isResolved = resolved === 'true'
      const rows = queries.flags({ resolved: isResolved, after: after?.value, limit: limit + 1 })
      const shown = rows.slice(0, limit)
      const last = rows.length > limit ? shown.at(-1) : undefined
      const items = shown.map(({ id, score, reasons, verdict, createdMs }) => ({
        orderId: id,
        riskScore: score,
        flags: z.array(z.string()).parse(JSON.parse(reasons)),
        resolved: isResolved,
        verdict,
        at: timeOf(createdMs),
      }))
      const next = last && encodeCursor({ createdMs: last.createdMs, id: last.id })
      return c.json({ items, ...(next === undefined ? {} : { next }) }, 200)
    },
  )
}

/** Long enough for a gateway that is well; after that the answer says what is left to do. */
const waitMsMax = 5_000

const addActRoutes = (router: OpenAPIHono<NodeEnv>, deps: PaymentRoutesDeps): void => {
  const { core, pipeline, payments, guard, timers, random } = deps

  const settled = async (orderId: string) => {
    const limit = new AbortController()
    const forget = timers.after(waitMsMax, () => limit.abort())
    await payments.settle(orderId, limit.signal).finally(forget)
    return viewPayment(orderId, paymentOf(core, orderId), 'all')
  }

  router.openapi(
    createRoute({
      method: 'post',
      path: '/admin/payments/{orderId}/refunds',
      tags: ['payments'],
      summary: 'Give money back',
      description: 'Done at once if the provider is in reach, and as soon as it is, if not.',
      middleware: guard.require('payments:refund'),
      request: {
        params: api.PaymentParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.RefundBody) },
      },
      responses: {
        200: { description: 'The payment as it is then', content: json(api.ChangedPayment) },
        ...problemResponses(
          ...mutationProblems,
          'payment_not_found',
          'refund_exceeds_payment',
          'card_number_refused',
        ),
      },
    }),
    async (c) => {
      const { orderId } = c.req.valid('param')
      const { amount: asked, reason } = c.req.valid('json')
      const payment = paymentOf(core, orderId)
      if (payment.amount === undefined) return problem(c, notFound(orderId))
      const by = actorOf(c)
      const key = c.req.header('idempotency-key') ?? Buffer.from(random(12)).toString('hex')
      const refund = hash('sha256', `${by}\n${key}`).slice(0, 24)
      // Sent again, it is the refund that it was, whatever is left by now.
      const known = payment.refunds.find(({ id }) => id === refund)
      const minor = asked ?? known?.amount.amount ?? refundable(payment)
      const amount = { amount: minor, currency: payment.amount.currency }
      const done = await submit(c, pipeline, {
        decide: askRefund,
        input: { orderId, refund, amount, reason, by },
        asked: { amount: asked, reason },
      })
      if (!done.ok) return problem(c, done.refusal)
      return c.json({ ...(await settled(orderId)), receipt: done.value.receipt }, 200)
    },
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/admin/fraud-flags/{orderId}/review',
      tags: ['payments'],
      summary: 'Decide about a flagged payment',
      description: 'Approved, the money is taken; rejected, it is let go, or given back.',
      middleware: guard.require('payments:review'),
      request: {
        params: api.PaymentParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.ReviewBody) },
      },
      responses: {
        200: { description: 'The payment as it is then', content: json(api.ChangedPayment) },
        ...problemResponses(...mutationProblems, 'payment_not_flagged', 'card_number_refused'),
      },
    }),
    async (c) => {
      const { orderId } = c.req.valid('param')
      const { verdict, note } = c.req.valid('json')
      const input = { orderId, review: { verdict, note, by: actorOf(c) } }
      const done = await submit(c, pipeline, { decide: decideReview, input })
      if (!done.ok) return problem(c, done.refusal)
      return c.json({ ...(await settled(orderId)), receipt: done.value.receipt }, 200)
    },
  )
}

const notFound = (orderId: string) =>
  ({
    code: 'payment_not_found',
    detail: `There is no payment of an order ${orderId} here`,
  }) as const
