import { describe, expect, it } from 'vitest'
import { ownKeyOf } from '../../../../node/identity/own-key.ts'
import { announceKey, signingKey, signingKeyKind } from '../../../../node/identity/signing-key.ts'
import { createIdentityQueries } from '../../../../node/identity/store.ts'
import { createTestCore, createTestRandom, run } from './test-node.ts'

const key = ownKeyOf(createTestRandom('alice')(32))
const other = ownKeyOf(createTestRandom('bob')(32))

const announced = () => {
  const alice = createTestCore('alice')
  run(alice, announceKey, { node: 'alice', publicJwk: key.publicJwk })
  return alice
}

describe('a signing key', () => {
  it('is named by the thumbprint of RFC 7638, and agrees with its published example', () => {
    // RFC 8037, appendices A.1 and A.3.
    const seed = Buffer.from('nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', 'base64url')
    const { kid, publicJwk } = ownKeyOf(seed)
    expect(publicJwk.x).toBe('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo')
    expect(kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })

  it('can be found by its name once it was announced', () => {
    const { store } = announced()
    const queries = createIdentityQueries(store.database)
    expect(queries.publicKey(key.kid)).toBe(key.publicJwk.x)
    expect(queries.publicKey(other.kid)).toBeUndefined()
  })

  it('under a name that is not its own is no key', () => {
    const { core } = announced()
    const document = core.read(signingKey, key.kid)
    expect(signingKeyKind.project(key.kid, document)).not.toEqual({})
    expect(signingKeyKind.project(other.kid, document)).toEqual({})
  })
})
