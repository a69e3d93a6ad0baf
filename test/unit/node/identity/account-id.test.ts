import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accountIdOf, isAccountId } from '../../../../node/identity/account-id.ts'
import { identityKeysOf } from '../../../../node/identity/identity-keys.ts'
import { createTestRandom, keys } from './test-node.ts'

describe('an account id', () => {
  it('is the same however the address is written', () => {
    const id = accountIdOf(keys, 'zoë@shop.example')
    expect(accountIdOf(keys, ' Zoë@Shop.Example ')).toBe(id)
    expect(accountIdOf(keys, 'zoe\u0308@shop.example')).toBe(id)
  })

  it('is another for another address, and for another cluster', () => {
    const otherKeys = identityKeysOf(createTestRandom('another cluster')(32))
    fc.assert(
      fc.property(fc.emailAddress(), fc.emailAddress(), (one, other) => {
        fc.pre(one.toLowerCase() !== other.toLowerCase())
        expect(isAccountId(accountIdOf(keys, one))).toBe(true)
        expect(accountIdOf(keys, one)).not.toBe(accountIdOf(keys, other))
        expect(accountIdOf(keys, one)).not.toBe(accountIdOf(otherKeys, one))
      }),
    )
  })
})
