/** Names a mutation by its `Idempotency-Key`, so that sending it twice, to any node, does it once. */

import { hash } from 'node:crypto'
import type { Context } from 'hono'
import type { RequestId } from '../core/core.ts'

/**
 * The request that this is, or undefined if the client gave it no key. Keys are the asker's own: two
 * who choose the same key do not meet. `body` is what the key was first used for.
 */
export const requestIdOf = (c: Context, actor: string, body: unknown): RequestId | undefined => {
  const key = c.req.header('idempotency-key')
  if (key === undefined) return undefined
  return {
    id: `key/${hash('sha256', `${actor}\n${key}`)}`,
    fingerprint: hash('sha256', `${c.req.method} ${c.req.path}\n${JSON.stringify(body)}`),
  }
}
