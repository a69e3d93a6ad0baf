/** Being told when something is in stock again, over HTTP: for accounts. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Decide } from '../core/capability.ts'
import { answerWithReceipt } from '../http/answer.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import type { VariantId } from '../catalog/ids.ts'
import * as api from './api.ts'
import type { InventoryRoutesDeps } from './routes.ts'
import { unwatch, watch, type WatchAnswer, type WatchInput } from './stock-watch.ts'

export const addWatchRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { pipeline, guard }: InventoryRoutesDeps,
): void => {
  const change = async (
    c: Context<NodeEnv>,
    decide: Decide<WatchInput, WatchAnswer>,
    variant: VariantId,
  ): Promise<Response> => {
    const account = c.get('principal')?.accountId ?? ''
    const done = await submit(c, pipeline, { decide, input: { variant, account } })
    if (!done.ok) return problem(c, done.refusal)
    const { answer, receipt } = done.value
    return answerWithReceipt({ json: JSON.stringify(answer), receipt })
  }

  const common = {
    path: '/inventory/{variantId}/watch',
    tags: ['inventory'],
    middleware: guard.signedIn,
    request: { params: api.VariantParams, headers: IdempotencyKeyHeader },
    responses: {
      200: { description: 'Whether the account is told', content: json(api.WatchOut) },
      ...problemResponses('unknown_variant', 'limit_reached', ...mutationProblems),
    },
  }

  router.openapi(
    createRoute({ ...common, method: 'put', summary: 'Be told when it is in stock again' }),
    (c) => change(c, watch, c.req.valid('param').variantId),
  )
  router.openapi(
    createRoute({ ...common, method: 'delete', summary: 'Not be told any more' }),
    (c) => change(c, unwatch, c.req.valid('param').variantId),
  )
}
