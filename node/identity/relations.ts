/** What the merged store keeps of accounts and sessions: never a password's hash, never a token's. */

import { relation, relationalKind } from '../merged/relation.ts'
import type { AccountId } from './account-id.ts'
import { account, profileOf } from './account.ts'
import { session, sessionKind } from './session.ts'

export const accountRelations = relationalKind({
  schema: account,
  relations: [
    relation('users', 'id', {
      id: 'text',
      email: 'text',
      first_name: ['text', 'firstName'],
      last_name: ['text', 'lastName'],
      phone: 'text',
      roles: 'jsonb',
      created_at: ['timestamptz', 'createdAt'],
    }),
  ],
  rows: (id, document) => {
    const { email, firstName, lastName, phone, roles, createdAt } = profileOf(
      id as AccountId,
      document,
    )
    return {
      users: [{ id, email, firstName, lastName, phone, roles: JSON.stringify(roles), createdAt }],
    }
  },
})

export const sessionRelations = relationalKind({
  schema: session,
  relations: [
    relation('user_sessions', 'id', {
      id: 'text',
      user_id: ['text', 'account'],
      device: 'text',
      created_at: ['timestamptz', 'created_ms'],
      last_used_at: ['timestamptz', 'last_used_ms'],
    }),
  ],
  rows: (id, document) => ({ user_sessions: sessionKind.project(id, document)['sessions'] ?? [] }),
})
