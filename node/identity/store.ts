/** What may be asked of identity's read model. */

import type Database from 'better-sqlite3'
import type { AccountId } from './account-id.ts'
import type { SessionId } from './refresh-token.ts'
import type { KeyId } from './signing-key.ts'

export interface SessionRow {
  readonly id: SessionId
  readonly device: string
  readonly createdMs: number
  readonly lastUsedMs: number
}

export interface SessionPosition {
  readonly createdMs: number
  readonly id: string
}

export interface IdentityQueries {
  /** Sessions of an account that began after `sinceMs`, the latest first, from after a position on. */
  sessions(
    account: AccountId,
    page: {
      readonly sinceMs: number
      readonly after: SessionPosition | undefined
      readonly limit: number
    },
  ): readonly SessionRow[]
  /** Sessions of an account beyond the `kept` that were used last. */
  crowdedOut(
    account: AccountId,
    bounds: { readonly kept: number; readonly limit: number },
  ): readonly SessionId[]
  /** The public part of a signing key that the cluster knows. */
  publicKey(kid: KeyId): string | undefined
}

export const createIdentityQueries = (database: Database.Database): IdentityQueries => {
  const sessions = database.prepare<[string, number, number, string, number], SessionRow>(
    `select id, device, created_ms as createdMs, last_used_ms as lastUsedMs from sessions
     where account = ? and created_ms > ? and (created_ms, id) < (?, ?)
     order by created_ms desc, id desc limit ?`,
  )
  const crowdedOut = database
    .prepare<[string, number, number], SessionId>(
      `select id from sessions where account = ?
       order by last_used_ms desc, id desc limit ? offset ?`,
    )
    .pluck()
  const publicKey = database
    .prepare<[string], string>('select x from signing_keys where kid = ?')
    .pluck()

  return {
    sessions: (account, { sinceMs, after, limit }) =>
      sessions.all(
        account,
        sinceMs,
        after?.createdMs ?? Number.MAX_SAFE_INTEGER,
        after?.id ?? '',
        limit,
      ),
    crowdedOut: (account, { kept, limit }) => crowdedOut.all(account, limit, kept),
    publicKey: (kid) => publicKey.get(kid),
  }
}
