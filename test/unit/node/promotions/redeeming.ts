/** What tests of coupons do: place and undo orders, and sign customers up. */

import type { Decide, Draft } from '../../../../node/core/capability.ts'
import { createAccount } from '../../../../node/identity/account.ts'
import type { AccountId } from '../../../../node/identity/account-id.ts'
import { redeem, unredeem, type Redemption } from '../../../../node/promotions/redemption.ts'
import { ok } from '../../../../node/result.ts'
import type { Market } from '../pricing/market.ts'

/** Placing an order, as far as coupons go. */
export const placing: Decide<Redemption, null> = (world, asked) => {
  const done = redeem(world, asked)
  return done.ok
    ? ok<Draft<null>>({ type: 'order.placed', deltas: done.value, answer: null })
    : done
}

export const undoing: Decide<Redemption, null> = (world, asked) =>
  ok({ type: 'order.cancelled', deltas: unredeem(world, asked), answer: null })

export const accountOf = (name: string) => name.padStart(32, '0') as AccountId

export const signUp = (market: Market, name: string): AccountId => {
  const id = accountOf(name)
  market.run(createAccount, { id, email: `${name}@example.com`, passwordHash: hash, roles: [] })
  return id
}

export const hash = `$argon2id$v=19$m=19456,t=2,p=1$${'a'.repeat(22)}$${'a'.repeat(43)}`
