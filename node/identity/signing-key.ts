/**
 * Signing keys: each node signs the tokens it issues with an Ed25519 key of its own. The public part
 * is a document, so that any node checks any node's tokens; the private part never leaves the node.
 *
 * A key's id is the thumbprint of its public part (RFC 7638), so that a document can only hold the
 * key that it is named after.
 */

import { hash } from 'node:crypto'
import { edit, schema, type Document } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Value } from '../../crdt/value.ts'
import { documentKind, draftDelta, type Decide } from '../core/capability.ts'
import { isFields, isNull, isText } from '../guards.ts'
import { ok } from '../result.ts'
import { signingKeyTable } from './tables.ts'

/** The thumbprint, 43 characters. */
export type KeyId = string & { readonly brand: 'KeyId' }

export type PublicJwk = {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  /** The public key's 32 bytes, in base64url. */
  readonly x: string
}

export const isKeyId = (text: string): text is KeyId => /^[\w-]{43}$/.test(text)

export const keyIdOf = ({ crv, kty, x }: PublicJwk): KeyId =>
  // The members that the thumbprint is of, in its order.
  hash('sha256', JSON.stringify({ crv, kty, x }), 'base64url') as KeyId

export const publicJwk = (x: string): PublicJwk => ({ kty: 'OKP', crv: 'Ed25519', x })

const isPublicJwk = (value: Value): value is PublicJwk => {
  if (!isFields(value)) return false
  const { kty = null, crv = null, x = null } = value
  return kty === 'OKP' && crv === 'Ed25519' && isText(x) && /^[\w-]{43}$/.test(x)
}

export const signingKey = schema('signing-key', 1, {
  node: [1, lwwRegister.shape(isText)],
  publicJwk: [2, lwwRegister.shape(isPublicJwk)],
  created: [3, eventLog.shape(isNull)],
})

export type SigningKey = Document<typeof signingKey.fields>

export const signingKeyKind = documentKind({
  schema: signingKey,
  tables: [signingKeyTable],
  project: (id, { store }) => {
    const jwk = lwwRegister.read({ store: store.publicJwk })
    if (jwk === undefined || keyIdOf(jwk) !== id) return {}
    const node = lwwRegister.read({ store: store.node }) ?? ''
    return { signing_keys: [{ kid: id, node, x: jwk.x }] }
  },
})

/** Tells the cluster of a node's key. */
export const announceKey: Decide<
  { readonly node: string; readonly publicJwk: PublicJwk },
  { readonly kid: KeyId }
> = (world, { node, publicJwk }) => {
  const kid = keyIdOf(publicJwk)
  const delta = edit(signingKey, world.read(signingKey, kid), {
    node: (register) => lwwRegister.write(register, world.time, node),
    publicJwk: (register) => lwwRegister.write(register, world.time, publicJwk),
    created: (log) => eventLog.append(log, world.time, null),
  })
  return ok({
    type: 'signing_key.announced',
    details: { node },
    deltas: [draftDelta(signingKey, kid, delta)],
    answer: { kid },
  })
}
