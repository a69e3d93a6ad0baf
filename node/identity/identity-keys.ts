/** The keys of identity, each for one use, derived from the cluster's secret (HKDF, RFC 5869). */

import { hkdfSync } from 'node:crypto'
import { assert } from '../../crdt/assert.ts'
import { clusterSecretBytes } from './cluster-secret.ts'

export interface IdentityKeys {
  /** Turns an e-mail address into an account's id. */
  readonly accountId: Uint8Array
  /** Proves that a refresh token was issued by this cluster. */
  readonly refreshTag: Uint8Array
  /** Makes a refresh token's successor. */
  readonly refreshSuccessor: Uint8Array
  /** The salt of the first admin's password: the same at every node, so that all make one hash. */
  readonly adminSalt: (email: string) => Uint8Array
}

export const identityKeysOf = (clusterSecret: Uint8Array): IdentityKeys => {
  assert(clusterSecret.length >= clusterSecretBytes, 'a cluster secret has at least 32 bytes')
  const derive = (use: string, bytes: number) =>
    new Uint8Array(hkdfSync('sha256', clusterSecret, salt, use, bytes))
  return {
    accountId: derive('account id', 32),
    refreshTag: derive('refresh tag', 32),
    refreshSuccessor: derive('refresh successor', 32),
    adminSalt: (email) => derive(`admin password salt ${email}`, 16),
  }
}

// Another use of the cluster's secret takes another salt, so that no two uses share a key.
const salt = 'atoll.identity.v1'
