/**
 * Account ids: a keyed hash of the e-mail address.
 *
 * Two regions that register one address while cut off from each other so meet in one account; and an
 * id, which stands in logs and tokens, tells nobody the address who has no key to try addresses with.
 */

import { createHmac } from 'node:crypto'
import type { IdentityKeys } from './identity-keys.ts'

/** Thirty-two lowercase hexadecimal digits. */
export type AccountId = string & { readonly brand: 'AccountId' }

export const isAccountId = (text: string): text is AccountId => /^[0-9a-f]{32}$/.test(text)

export const accountIdOf = ({ accountId }: IdentityKeys, email: string): AccountId =>
  createHmac('sha256', accountId)
    .update(normalizeEmail(email))
    .digest('hex')
    .slice(0, 32) as AccountId

/** One spelling of an address: no provider we know tells mailboxes apart by their case. */
export const normalizeEmail = (email: string): string => email.trim().normalize('NFC').toLowerCase()
