/** Answers to requests that lack proof of who asks, or the right to: with the header that says so (RFC 6750). */

import type { Context } from 'hono'
import type { ErrorCode, Refusal } from '../errors.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'

export const challenge = (c: Context<NodeEnv>, refusal: Refusal): Response => {
  const response = problem(c, refusal)
  const error = errors.get(refusal.code)
  if (response.status === 401 || response.status === 403) {
    response.headers.set('www-authenticate', error ? `${scheme}, error="${error}"` : scheme)
  }
  return response
}

const scheme = 'Bearer realm="atoll"'

const errors: ReadonlyMap<ErrorCode, string> = new Map([
  ['token_expired', 'invalid_token'],
  ['session_revoked', 'invalid_token'],
  ['forbidden', 'insufficient_scope'],
])
