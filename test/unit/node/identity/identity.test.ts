import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createIdentity } from '../../../../node/identity/identity.ts'
import { createPasswords } from '../../../../node/identity/passwords.ts'
import { admin, clusterSecret, createTestNode } from './test-node.ts'

describe('identity', () => {
  it('announces its key and makes the admin once, however often the node starts', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'atoll-identity-'))
    const alice = await createTestNode('alice', { dataDir })
    const { body } = await alice.logIn()
    const changes = alice.log.end()
    const again = await createIdentity({
      ...alice,
      database: alice.store.database,
      clusterSecret,
      dataDir,
      nodeName: 'alice',
      adminFromConfig: admin,
    })
    expect(alice.log.end()).toBe(changes)
    expect(await again.guard.authenticate(`Bearer ${body.accessToken}`)).toMatchObject({ ok: true })
    again.close()
  })

  it('refuses to check passwords once it is closed, and lets signed-in accounts go on', async () => {
    const alice = await createTestNode('alice', { passwords: createPasswords() })
    const { body } = await alice.logIn()
    alice.identity.close()
    expect((await alice.logIn()).body.code).toBe('shutting_down')
    expect((await alice.request('GET', '/auth/profile', { token: body.accessToken })).status).toBe(
      200,
    )
  })
})
