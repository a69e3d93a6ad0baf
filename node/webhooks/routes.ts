/** Webhooks over HTTP, for admins: who is told of what, and what became of it at this node. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Decide } from '../core/capability.ts'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { answerWithReceipt } from '../http/answer.ts'
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
import { subscriptionsMax } from './limits.ts'
import type { Webhooks } from './open-webhooks.ts'
import type { WebhookQueries } from './queries.ts'
import {
  editSubscription,
  notFound,
  subscribe,
  subscriptionOf,
  unsubscribe,
  viewSubscription,
  webhook,
  type SubscriptionAnswer,
} from './subscription.ts'
import { parseTarget } from './target.ts'

export interface WebhookRoutesDeps {
  readonly core: Pick<Core, 'read'>
  readonly pipeline: Pick<Pipeline, 'submit'>
  readonly guard: Guard
  readonly queries: WebhookQueries
  readonly webhooks: Pick<Webhooks, 'deliveries' | 'rule' | 'wake'>
  readonly random: (bytes: number) => Uint8Array
  readonly clock: { now(): number }
}

const tags = ['webhooks']

export const createWebhookRoutes = (deps: WebhookRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  addReadingRoutes(router, deps)
  addChangingRoutes(router, deps)
  addReplayRoute(router, deps)
  return router
}

const addReadingRoutes = (router: OpenAPIHono<NodeEnv>, deps: WebhookRoutesDeps): void => {
  const { core, guard, queries, webhooks } = deps
  const middleware = guard.require('webhooks:read')

  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/webhooks',
      tags,
      summary: 'List webhooks',
      middleware,
      responses: {
        200: { description: 'The oldest first', content: json(api.WebhookList) },
        ...problemResponses('unauthorized', 'forbidden'),
      },
    }),
    (c) => {
      const all = queries.list().flatMap((id) => subscriptionOf(core, id) ?? [])
      return c.json({ items: all.map(api.showWebhook).map(copied) }, 200)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/webhooks/{id}',
      tags,
      summary: 'Read a webhook',
      middleware,
      request: { params: api.WebhookParams },
      responses: {
        200: { description: 'The webhook', content: json(api.WebhookOut) },
        ...problemResponses('webhook_not_found', 'unauthorized', 'forbidden'),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      const found = subscriptionOf(core, id)
      return found ? c.json(copied(api.showWebhook(found)), 200) : problem(c, notFound(id))
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/webhooks/{id}/deliveries',
      tags,
      summary: "List a webhook's deliveries from this node",
      middleware,
      request: { params: api.WebhookParams, query: api.DeliveryQuery },
      responses: {
        200: { description: 'By event', content: json(api.DeliveryPage) },
        ...problemResponses(
          'webhook_not_found',
          'invalid_cursor',
          'invalid_request',
          'unauthorized',
          'forbidden',
        ),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      if (!subscriptionOf(core, id)) return problem(c, notFound(id))
      const { state, limit, cursor } = c.req.valid('query')
      const after = cursor === undefined ? undefined : decodeCursor(cursor, z.string())
      if (after && !after.ok) return problem(c, after.refusal)
      const found = webhooks.deliveries.list(id, state, after?.value ?? '', limit + 1)
      const items = found.slice(0, limit)
      const last = items.at(-1)
      const next = found.length > limit && last ? { next: encodeCursor(last.event) } : {}
      return c.json({ items: items.map(api.showDelivery), ...next }, 200)
    },
  )
}

/** What is shown, in arrays that may be written to, as the schema's type has them. */
const copied = (shown: ReturnType<typeof api.showWebhook>) => ({
  ...shown,
  types: [...shown.types],
})

const addChangingRoutes = (router: OpenAPIHono<NodeEnv>, deps: WebhookRoutesDeps): void => {
  const { core, pipeline, guard, queries, webhooks, random } = deps
  const middleware = guard.require('webhooks:write')
  const hex = (bytes: number): string => Buffer.from(random(bytes)).toString('hex')

  const change = async <Input>(
    c: Context<NodeEnv>,
    decide: Decide<Input, SubscriptionAnswer>,
    { input, asked, status = 200, showsSecret = false }: Changing<Input>,
  ): Promise<Response> => {
    const done = await submit(c, pipeline, { decide, input, asked })
    if (!done.ok) return problem(c, done.refusal)
    const { answer, receipt } = done.value
    const { secret, ...view } = subscriptionOf(core, answer.id) ?? {
      ...viewSubscription(answer.id, core.read(webhook, answer.id)),
      secret: '',
    }
    const shown = { ...api.showWebhook(view), ...(showsSecret ? { secret } : {}) }
    return answerWithReceipt({ json: JSON.stringify(shown), receipt, status })
  }

  const refuseTarget = (c: Context<NodeEnv>, url: string | undefined): Response | undefined => {
    const target = url === undefined ? undefined : parseTarget(url, webhooks.rule)
    return target && !target.ok
      ? problem(c, { code: 'webhook_target_refused', detail: target.refusal })
      : undefined
  }

  router.openapi(
    createRoute({
      method: 'post',
      path: '/admin/webhooks',
      tags,
      summary: 'Have an address told of events',
      description: 'The secret that deliveries are signed with is shown in this answer alone.',
      middleware,
      request: {
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.WebhookBody) },
      },
      responses: {
        201: { description: 'It is told from now on', content: json(api.SecretWebhook) },
        ...problemResponses('webhook_target_refused', 'webhook_limit', ...mutationProblems),
      },
    }),
    async (c) => {
      const asked = c.req.valid('json')
      const refusal = refuseTarget(c, asked.url)
      if (refusal) return refusal
      if (queries.list().length >= subscriptionsMax) {
        const detail = `There are ${subscriptionsMax} webhooks`
        return problem(c, { code: 'webhook_limit', detail })
      }
      const input = { ...asked, id: `wh_${hex(12)}`, secret: `whsec_${hex(32)}` }
      return change(c, subscribe, { input, asked, status: 201, showsSecret: true })
    },
  )

  router.openapi(
    createRoute({
      method: 'patch',
      path: '/admin/webhooks/{id}',
      tags,
      summary: 'Change, pause or resume a webhook',
      description: 'What happens while it is paused is delivered when it goes on.',
      middleware,
      request: {
        params: api.WebhookParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.WebhookPatch) },
      },
      responses: {
        200: { description: 'It was changed', content: json(api.ChangedWebhook) },
        ...problemResponses('webhook_not_found', 'webhook_target_refused', ...mutationProblems),
      },
    }),
    async (c) => {
      const { url, types, paused: isPaused } = c.req.valid('json')
      const refusal = refuseTarget(c, url)
      if (refusal) return refusal
      const input = { id: c.req.valid('param').id, url, types, isPaused }
      return change(c, editSubscription, { input, asked: input })
    },
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/admin/webhooks/{id}/secret',
      tags,
      summary: 'Give a webhook a new secret',
      description: 'The old one signs nothing any more. The new one is shown in this answer alone.',
      middleware,
      request: { params: api.WebhookParams, headers: IdempotencyKeyHeader },
      responses: {
        200: { description: 'The new secret', content: json(api.SecretWebhook) },
        ...problemResponses('webhook_not_found', ...mutationProblems),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      const input = { id, secret: `whsec_${hex(32)}` }
      return change(c, editSubscription, { input, asked: { id }, showsSecret: true })
    },
  )

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/admin/webhooks/{id}',
      tags,
      summary: 'Remove a webhook',
      middleware,
      request: { params: api.WebhookParams, headers: IdempotencyKeyHeader },
      responses: {
        200: { description: 'It is told nothing more', content: json(api.ChangedWebhook) },
        ...problemResponses('webhook_not_found', ...mutationProblems),
      },
    }),
    (c) => {
      const input = { id: c.req.valid('param').id }
      return change(c, unsubscribe, { input, asked: input })
    },
  )
}

interface Changing<Input> {
  readonly input: Input
  readonly asked: unknown
  readonly status?: 200 | 201
  readonly showsSecret?: boolean
}

const addReplayRoute = (
  router: OpenAPIHono<NodeEnv>,
  { core, guard, webhooks, clock }: WebhookRoutesDeps,
): void => {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/admin/webhooks/{id}/replay',
      tags,
      summary: 'Try deliveries again that were given up at this node',
      middleware: guard.require('webhooks:write'),
      request: {
        params: api.WebhookParams,
        body: { required: true, content: json(api.ReplayBody) },
      },
      responses: {
        200: { description: 'How many are tried again', content: json(api.ReplayOut) },
        ...problemResponses('webhook_not_found', ...mutationProblems),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      if (!subscriptionOf(core, id)) return problem(c, notFound(id))
      const { event } = c.req.valid('json')
      const replayed = webhooks.deliveries.replay(id, event, clock.now())
      webhooks.wake()
      return c.json({ replayed }, 200)
    },
  )
}
