import { afterAll, describe, expect, it } from 'vitest'
import * as lwwRegister from '../../../../crdt/lww-register.ts'
import { accountIdOf } from '../../../../node/identity/account-id.ts'
import { account, profileOf, rolesOf } from '../../../../node/identity/account.ts'
import { ensureAdmin } from '../../../../node/identity/first-admin.ts'
import { createPasswords } from '../../../../node/identity/passwords.ts'
import { admin, createTestCore, exchange, keys } from './test-node.ts'

const passwords = createPasswords()
afterAll(() => passwords.close())

const ensureAt = (node: ReturnType<typeof createTestCore>, nodeName: string, given = admin) =>
  ensureAdmin({ ...node, keys, passwords, nodeName }, given)

const id = accountIdOf(keys, admin.email)

describe('the first admin', () => {
  it('is made once, and left alone after', async () => {
    const alice = createTestCore('alice')
    expect(await ensureAt(alice, 'alice')).toBe(true)
    const digest = alice.log.digest()
    expect(await ensureAt(alice, 'alice', { ...admin, password: 'another password' })).toBe(false)
    expect(alice.log.digest()).toBe(digest)
    expect(profileOf(id, alice.core.read(account, id))).toMatchObject({
      email: admin.email,
      roles: ['admin'],
    })
  })

  it('is one that regions make while cut off from each other, with nothing to settle', async () => {
    const alice = createTestCore('alice')
    const bob = createTestCore('bob')
    await ensureAt(alice, 'alice')
    await ensureAt(bob, 'bob', { ...admin, email: 'Admin@Shop.Example' })
    exchange(alice, bob)
    expect(alice.log.digest()).toBe(bob.log.digest())
    const { store } = alice.core.read(account, id)
    for (const register of [store.email, store.passwordHash]) {
      const values = lwwRegister.siblings<string>({ store: register })
      expect(values).toHaveLength(2)
      expect(new Set(values.map(({ value }) => value.value)).size).toBe(1)
    }
    expect(rolesOf(alice.core.read(account, id))).toEqual(['admin'])
  })

  it('gives way to an account that came from a peer while the password was hashed', async () => {
    const alice = createTestCore('alice')
    const bob = createTestCore('bob')
    await ensureAt(bob, 'bob', { ...admin, password: "bob's password" })
    const ensured = ensureAt(alice, 'alice')
    exchange(alice, bob)
    expect(await ensured).toBe(false)
    expect(alice.log.digest()).toBe(bob.log.digest())
  })
})
