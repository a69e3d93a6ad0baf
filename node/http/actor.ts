/** Who a change is made by, as the log names them. */

import { assert } from '../../crdt/assert.ts'
import type { Context } from 'hono'
import type { NodeEnv } from './router.ts'

/** `account/<id>` of the principal; only for routes behind a guard. */
export const actorOf = (c: Context<NodeEnv>): string => {
  const principal = c.get('principal')
  assert(principal !== undefined, 'a guard has let the request pass')
  return `account/${principal.accountId}`
}
