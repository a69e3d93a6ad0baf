/** The account and session that a guarded request comes from. */

import type { Context } from 'hono'
import { assert } from '../../crdt/assert.ts'
import type { NodeEnv } from '../http/router.ts'
import { isAccountId, type AccountId } from './account-id.ts'
import { isSessionId, type SessionId } from './refresh-token.ts'

/** Only for routes behind a guard. */
export const callerOf = (
  c: Context<NodeEnv>,
): { readonly account: AccountId; readonly session: SessionId } => {
  const { accountId = '', sessionId = '' } = c.get('principal') ?? {}
  assert(isAccountId(accountId) && isSessionId(sessionId), 'a guard has let the request pass')
  return { account: accountId, session: sessionId }
}
