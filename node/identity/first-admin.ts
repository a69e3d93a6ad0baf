/**
 * The first admin, made from the configuration if there is no account of that address.
 *
 * What if three regions start at once and cannot reach each other? Each makes the account, and all
 * write equal values: the id follows from the address, and the salt of the password follows from the
 * cluster's key, so that even the hashes agree. When the regions meet there is nothing to settle.
 *
 * An account that is there is left as it is: neither its password nor its roles follow the
 * configuration.
 */

import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { accountIdOf, normalizeEmail } from './account-id.ts'
import { account, createAccount } from './account.ts'
import type { IdentityKeys } from './identity-keys.ts'
import type { Passwords } from './passwords.ts'

export interface FirstAdmin {
  readonly email: string
  readonly password: string
}

export interface FirstAdminDeps {
  readonly core: Pick<Core, 'exists'>
  readonly pipeline: Pick<Pipeline, 'submit'>
  readonly keys: IdentityKeys
  readonly passwords: Passwords
  readonly nodeName: string
}

/** Answers whether it made the account. */
export const ensureAdmin = async (
  { core, pipeline, keys, passwords, nodeName }: FirstAdminDeps,
  { email, password }: FirstAdmin,
): Promise<boolean> => {
  const id = accountIdOf(keys, email)
  if (core.exists(account, id)) return false
  const passwordHash = await passwords.hash(password, keys.adminSalt(normalizeEmail(email)))
  // While the password was hashed, the account may have come from a peer: then there is one.
  const made = await pipeline.submit({
    decide: createAccount,
    input: { id, email, passwordHash, roles: ['admin'] },
    actor: `node/${nodeName}`,
  })
  return made.ok
}
