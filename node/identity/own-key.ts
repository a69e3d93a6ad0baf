/** The node's own signing key: drawn once, kept in the data directory, and never in the log. */

import { createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import { assert } from '../../crdt/assert.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'
import { keyIdOf, publicJwk, type KeyId, type PublicJwk } from './signing-key.ts'

export interface OwnKey {
  readonly kid: KeyId
  readonly publicJwk: PublicJwk
  readonly privateJwk: PublicJwk & { readonly d: string }
}

export const loadOwnKey = ({
  dataDir,
  random,
}: {
  readonly dataDir: string
  readonly random: (bytes: number) => Uint8Array
}): OwnKey => {
  const path = join(dataDir, 'signing-key.json')
  const kept = readPrivateFile(path)
  if (kept !== undefined) return ownKeyOf(seedIn(kept, path))
  const key = ownKeyOf(random(seedBytes))
  writePrivateFile(path, `${JSON.stringify(key.privateJwk)}\n`)
  return key
}

const seedBytes = 32

// What stands in PKCS #8 before the 32 bytes of an Ed25519 key (RFC 8410).
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The key that grows from 32 random bytes. */
export const ownKeyOf = (seed: Uint8Array): OwnKey => {
  assert(seed.length === seedBytes, 'a signing key grows from 32 bytes')
  const { x, d } = createPrivateKey({
    key: Buffer.concat([pkcs8Head, seed]),
    format: 'der',
    type: 'pkcs8',
  }).export({ format: 'jwk' })
  assert(x !== undefined && d !== undefined, 'a private key has both parts')
  const shown = publicJwk(x)
  return { kid: keyIdOf(shown), publicJwk: shown, privateJwk: { ...shown, d } }
}

const seedIn = (text: string, path: string): Uint8Array => {
  try {
    const jwk: unknown = JSON.parse(text)
    if (typeof jwk === 'object' && jwk !== null && 'd' in jwk && typeof jwk.d === 'string') {
      const seed = new Uint8Array(Buffer.from(jwk.d, 'base64url'))
      if (seed.length === seedBytes) return seed
    }
  } catch {
    // What cannot be read is no key, and is answered like one that is incomplete.
  }
  throw new Error(`${path} does not hold a key: remove it, and the node makes a new one`)
}
