/** What a change says of accounts and their sessions. No event has an address or a name in it. */

import { account } from '../../identity/account.ts'
import { isEnded, session } from '../../identity/session.ts'
import * as lwwRegister from '../../../crdt/lww-register.ts'
import * as orSet from '../../../crdt/or-set.ts'
import type { Fact } from '../event.ts'
import { fieldsWritten, type Said } from './said.ts'

export const userFacts = (said: Said): readonly Fact[] => [
  ...accountFacts(said),
  ...sessionFacts(said),
]

const accountFacts = (said: Said): readonly Fact[] =>
  said.deltas(account).map(({ id, delta }): Fact => {
    const subject = `users/${id}`
    return delta.store.created.size > 0
      ? {
          type: 'user.created',
          subject,
          data: { userId: id, roles: [...orSet.elements({ store: delta.store.roles })].sort() },
        }
      : {
          type: 'user.updated',
          subject,
          data: { userId: id, fields: [...fieldsWritten(account, delta)] },
        }
  })

const sessionFacts = (said: Said): readonly Fact[] =>
  said.deltas(session).flatMap(({ id, delta }): readonly Fact[] => {
    const owner = lwwRegister.read<string>({ store: delta.store.account })
    const subject = `sessions/${id}`
    if (delta.store.created.size > 0 && owner !== undefined) {
      return [{ type: 'user.online', subject, data: { userId: owner, sessionId: id } }]
    }
    if (!isEnded(delta)) return []
    const userId = said.lookup.accountOfSession(id) ?? null
    return [{ type: 'user.offline', subject, data: { userId, sessionId: id } }]
  })
