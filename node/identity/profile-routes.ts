/** An account's own profile over HTTP. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import { IdempotencyKeyHeader, jsonContent as json, problemResponses } from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import { account, editProfile, profileOf } from './account.ts'
import type { AccountId } from './account-id.ts'
import * as api from './api.ts'
import { callerOf } from './caller.ts'
import type { IdentityRoutesDeps } from './routes.ts'

export const addProfileRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { core, pipeline, guard }: Pick<IdentityRoutesDeps, 'core' | 'pipeline' | 'guard'>,
): void => {
  const shown = (id: AccountId) => {
    const { roles, permissions, ...rest } = profileOf(id, core.read(account, id))
    return { ...rest, roles: [...roles], permissions: [...permissions] }
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/auth/profile',
      tags: ['identity'],
      summary: 'Read the own profile',
      middleware: guard.signedIn,
      responses: {
        200: { description: 'The profile', content: json(api.ProfileOut) },
        ...problemResponses(
          'unauthorized',
          'token_expired',
          'session_revoked',
          'account_not_found',
        ),
      },
    }),
    (c) => {
      const { account: id } = callerOf(c)
      // A token of a node that is cut off from this one may be earlier here than its account.
      return core.exists(account, id)
        ? c.json(shown(id), 200)
        : problem(c, { code: 'account_not_found', detail: `There is no account ${id} here` })
    },
  )

  router.openapi(
    createRoute({
      method: 'patch',
      path: '/auth/profile',
      tags: ['identity'],
      summary: 'Edit the own profile',
      description: 'What is left out stays as it is; null empties a field.',
      middleware: guard.signedIn,
      request: {
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.ProfileBody) },
      },
      responses: {
        200: { description: 'The profile as it is now', content: json(api.ChangedProfile) },
        ...problemResponses(
          'invalid_request',
          'unauthorized',
          'token_expired',
          'session_revoked',
          'account_not_found',
          'idempotency_key_reused',
        ),
      },
    }),
    async (c) => {
      const { account: id } = callerOf(c)
      const input = { ...c.req.valid('json'), id }
      const done = await submit(c, pipeline, { decide: editProfile, input })
      return done.ok
        ? c.json({ ...shown(id), receipt: done.value.receipt }, 200)
        : problem(c, done.refusal)
    },
  )
}
