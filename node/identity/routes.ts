/** Identity over HTTP: signing in and out, the profile, and the sessions of an account. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { Refusal } from '../errors.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import { IdempotencyKeyHeader, jsonContent as json, problemResponses } from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import type { Result } from '../result.ts'
import * as api from './api.ts'
import { callerOf } from './caller.ts'
import { challenge } from './challenge.ts'
import { deviceOf } from './device.ts'
import type { Guard } from './guard.ts'
import { accessTokenSeconds } from './limits.ts'
import { addProfileRoutes } from './profile-routes.ts'
import { signOut } from './session.ts'
import { addSessionRoutes } from './session-routes.ts'
import type { Granted, SignIn } from './sign-in.ts'
import type { IdentityQueries } from './store.ts'

export interface IdentityRoutesDeps {
  readonly core: Pick<Core, 'read' | 'exists'>
  readonly pipeline: Pipeline
  readonly queries: Pick<IdentityQueries, 'sessions'>
  readonly guard: Guard
  readonly signIn: SignIn
  readonly clock: { now(): number }
  /** What attempts to sign in are counted under. */
  readonly addressOf: (c: Context<NodeEnv>) => string
}

export const createIdentityRoutes = (deps: IdentityRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  addTokenRoutes(router, deps)
  addProfileRoutes(router, deps)
  addSessionRoutes(router, deps)
  return router
}

const addTokenRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { pipeline, guard, signIn, addressOf }: IdentityRoutesDeps,
): void => {
  const answer = (c: Context<NodeEnv>, granted: Result<Granted, Refusal>) =>
    granted.ok
      ? c.json(
          {
            ...granted.value,
            expiresIn: accessTokenSeconds,
            tokenType: 'Bearer' as const,
          },
          200,
        )
      : challenge(c, granted.refusal)

  router.openapi(
    createRoute({
      method: 'post',
      path: '/auth/login',
      tags: ['identity'],
      summary: 'Sign in',
      description: 'Begins a session of thirty days. Sent twice, it begins two.',
      request: { body: { required: true, content: json(api.LoginBody) } },
      responses: {
        200: { description: 'The tokens of a new session', content: json(api.Tokens) },
        ...problemResponses('invalid_request', 'invalid_credentials', 'too_many_requests'),
      },
    }),
    async (c) => {
      const device = deviceOf(c.req.header('user-agent'))
      const attempt = { ...c.req.valid('json'), device, address: addressOf(c) }
      return answer(c, await signIn.signIn(attempt))
    },
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/auth/refresh',
      tags: ['identity'],
      summary: 'Renew a session',
      description:
        'A refresh token is good for one renewal. Shown again within ten seconds it gets the same ' +
        'successor; later, it ends the session.',
      request: { body: { required: true, content: json(api.RefreshBody) } },
      responses: {
        200: { description: 'The next tokens of the session', content: json(api.Tokens) },
        ...problemResponses(
          'invalid_request',
          'unauthorized',
          'token_expired',
          'session_revoked',
          'too_many_requests',
        ),
      },
    }),
    async (c) => answer(c, await signIn.renew(c.req.valid('json').refreshToken)),
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/auth/logout',
      tags: ['identity'],
      summary: 'Sign out',
      description: 'Ends the session that asks, everywhere.',
      middleware: guard.signedIn,
      request: { headers: IdempotencyKeyHeader },
      responses: {
        200: { description: 'The session was ended', content: json(api.SessionEnded) },
        ...problemResponses('unauthorized', 'token_expired', 'session_revoked'),
      },
    }),
    async (c) => {
      const { session } = callerOf(c)
      const done = await submit(c, pipeline, { decide: signOut, input: { id: session } })
      return done.ok
        ? c.json({ ...done.value.answer, receipt: done.value.receipt }, 200)
        : challenge(c, done.refusal)
    },
  )
}
