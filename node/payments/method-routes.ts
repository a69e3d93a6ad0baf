/** An account's own payment methods over HTTP. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { hash } from 'node:crypto'
import type { Context } from 'hono'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import { callerOf } from '../identity/caller.ts'
import * as api from './api.ts'
import {
  addMethod,
  methodsOf,
  paymentMethods,
  preferMethod,
  removeMethod,
  type MethodAnswer,
} from './method.ts'
import type { PaymentRoutesDeps } from './routes.ts'
import { timeOf } from './view.ts'
import type { Outcome } from '../core/core.ts'
import type { Refusal } from '../errors.ts'
import type { Result } from '../result.ts'

export const addMethodRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { core, pipeline, guard, payments, random }: PaymentRoutesDeps,
): void => {
  const itemsOf = (account: string) =>
    methodsOf(core.read(paymentMethods, account)).map(
      ({ id, type, provider, label, isDefault, createdMs }) => ({
        id,
        type,
        provider,
        label,
        isDefault,
        createdAt: timeOf(createdMs),
      }),
    )

  const answer = (c: Context<NodeEnv>, done: Result<Outcome<MethodAnswer>, Refusal>) => {
    if (!done.ok) return problem(c, done.refusal)
    const { account } = callerOf(c)
    const { answer, receipt } = done.value
    return c.json({ id: answer.id, items: itemsOf(account), receipt }, 200)
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/payment-methods',
      tags: ['payments'],
      summary: "List one's own payment methods",
      middleware: guard.signedIn,
      responses: {
        200: { description: 'The methods, the oldest first', content: json(api.MethodList) },
        ...problemResponses('unauthorized', 'token_expired', 'session_revoked'),
      },
    }),
    (c) => c.json({ items: itemsOf(callerOf(c).account) }, 200),
  )

  const responses = {
    200: { description: 'The methods as they are then', content: json(api.ChangedMethods) },
    ...problemResponses(
      ...mutationProblems,
      'payment_method_not_found',
      'payment_method_limit',
      'payment_provider_unknown',
      'card_number_refused',
    ),
  }

  router.openapi(
    createRoute({
      method: 'post',
      path: '/payment-methods',
      tags: ['payments'],
      summary: 'Keep a payment method',
      description: 'A token that the provider gave for it. A card number is refused, and not kept.',
      middleware: guard.signedIn,
      request: {
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.MethodBody) },
      },
      responses,
    }),
    async (c) => {
      const { account } = callerOf(c)
      const method = c.req.valid('json')
      if (method.provider !== payments.provider.name) {
        const detail = `Payments go through ${payments.provider.name} here`
        return problem(c, { code: 'payment_provider_unknown', detail })
      }
      const key = c.req.header('idempotency-key')
      const name =
        key === undefined ? Buffer.from(random(12)).toString('hex') : `${account}\n${key}`
      const id = `pm-${hash('sha256', name).slice(0, 24)}`
      const input = { ...method, account, id }
      return answer(c, await submit(c, pipeline, { decide: addMethod, input, asked: method }))
    },
  )

  router.openapi(
    createRoute({
      method: 'put',
      path: '/payment-methods/{id}/default',
      tags: ['payments'],
      summary: 'Pay with this method from now on',
      middleware: guard.signedIn,
      request: { params: api.MethodParams, headers: IdempotencyKeyHeader },
      responses,
    }),
    async (c) => {
      const input = { account: callerOf(c).account, id: c.req.valid('param').id }
      return answer(c, await submit(c, pipeline, { decide: preferMethod, input }))
    },
  )

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/payment-methods/{id}',
      tags: ['payments'],
      summary: 'Forget a payment method',
      middleware: guard.signedIn,
      request: { params: api.MethodParams, headers: IdempotencyKeyHeader },
      responses,
    }),
    async (c) => {
      const input = { account: callerOf(c).account, id: c.req.valid('param').id }
      return answer(c, await submit(c, pipeline, { decide: removeMethod, input }))
    },
  )
}
