/** An account's own sessions over HTTP: where it is signed in, and ending that. */

import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import { IdempotencyKeyHeader, jsonContent as json, problemResponses } from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import { ok } from '../result.ts'
import * as api from './api.ts'
import { callerOf } from './caller.ts'
import { sessionMsMax } from './limits.ts'
import { isSessionId } from './refresh-token.ts'
import type { IdentityRoutesDeps } from './routes.ts'
import { revokeSession } from './session.ts'

const Position = z
  .tuple([z.int().min(0), z.string().max(64)])
  .transform(([createdMs, id]) => ({ createdMs, id }))

export const addSessionRoutes = (
  router: OpenAPIHono<NodeEnv>,
  deps: Pick<IdentityRoutesDeps, 'pipeline' | 'queries' | 'guard' | 'clock'>,
): void => {
  const { pipeline, queries, guard, clock } = deps

  router.openapi(
    createRoute({
      method: 'get',
      path: '/auth/sessions',
      tags: ['identity'],
      summary: 'List the own sessions',
      middleware: guard.signedIn,
      request: { query: api.SessionQuery },
      responses: {
        200: { description: 'The latest first', content: json(api.SessionPage) },
        ...problemResponses('invalid_cursor', 'unauthorized', 'token_expired', 'session_revoked'),
      },
    }),
    (c) => {
      const { account, session } = callerOf(c)
      const { limit, cursor } = c.req.valid('query')
      const after = cursor === undefined ? ok(undefined) : decodeCursor(cursor, Position)
      if (!after.ok) return problem(c, after.refusal)
      const rows = queries.sessions(account, {
        sinceMs: clock.now() - sessionMsMax,
        after: after.value,
        limit: limit + 1,
      })
      const items = rows.slice(0, limit).map(({ id, device, createdMs, lastUsedMs }) => ({
        id,
        device,
        isCurrent: id === session,
        createdAt: rfc3339(createdMs),
        lastUsedAt: rfc3339(lastUsedMs),
        expiresAt: rfc3339(createdMs + sessionMsMax),
      }))
      const last = rows.length > limit ? rows[limit - 1] : undefined
      const next = last && { next: encodeCursor([last.createdMs, last.id]) }
      return c.json({ items, ...next }, 200)
    },
  )

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/auth/sessions/{id}',
      tags: ['identity'],
      summary: 'End one of the own sessions',
      middleware: guard.signedIn,
      request: { params: api.SessionParams, headers: IdempotencyKeyHeader },
      responses: {
        200: { description: 'The session was ended', content: json(api.SessionEnded) },
        ...problemResponses(
          'unauthorized',
          'token_expired',
          'session_revoked',
          'session_not_found',
          'idempotency_key_reused',
        ),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      if (!isSessionId(id)) {
        return problem(c, { code: 'session_not_found', detail: 'A session has another form of id' })
      }
      const input = { id, account: callerOf(c).account }
      const done = await submit(c, pipeline, { decide: revokeSession, input })
      return done.ok
        ? c.json({ ...done.value.answer, receipt: done.value.receipt }, 200)
        : problem(c, done.refusal)
    },
  )
}

const rfc3339 = (ms: number): string => new Date(ms).toISOString()
