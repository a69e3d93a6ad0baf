/**
 * How two nodes prove to each other that they have one cluster key, without showing it.
 *
 * Each side sends a fresh nonce in its hello; each answers with an HMAC over both hellos, so the
 * proof is bound to both nonces, names, replicas, versions and addresses.
 *
 * Could an attacker send our own proof back to us, or use us to prove himself to another? The key of
 * the HMAC differs by role: what the side that dialled sends is never what it waits for. And a proof
 * made for another connection is over other nonces.
 *
 * What is not proven: that later frames come from the same hand. Across networks that others can
 * write to, the connection must be TLS (`wss:`).
 *
 * Source: Krawczyk, Eronen, RFC 5869 (HKDF); the exchange is ISO/IEC 9798-4, three-pass, made symmetric.
 */

import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { assert } from '../crdt/assert.ts'

/** Which side of the connection: the one that dialled, or the one that took the call. */
export type Role = 'initiator' | 'acceptor'

export const otherRole = (role: Role): Role => (role === 'initiator' ? 'acceptor' : 'initiator')

/** The keys of the two proofs; the cluster key itself is not needed after they are made. */
export type ProofKeys = Readonly<Record<Role, Uint8Array>>

export const clusterKeyBytesMin = 32

/** The proof keys of `clusterKey`, which has at least 32 bytes. */
export const proofKeysOf = (clusterKey: Uint8Array): ProofKeys => {
  assert(clusterKey.length >= clusterKeyBytesMin, 'a cluster key has at least 32 bytes')
  return { initiator: derive(clusterKey, 'initiator'), acceptor: derive(clusterKey, 'acceptor') }
}

const derive = (clusterKey: Uint8Array, role: Role): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', clusterKey, salt, `prove ${role}`, 32))

// Another use of the cluster key takes another salt, so that no two uses share a key.
const salt = 'atoll.sync.v1'

/** Both hello frames as they were sent. */
export type Hellos = Readonly<Record<Role, Uint8Array>>

/** The proof that the side in `role` has the key: 32 bytes. */
export const prove = (keys: ProofKeys, role: Role, hellos: Hellos): Uint8Array => {
  const hmac = createHmac('sha256', keys[role])
  for (const hello of [hellos.initiator, hellos.acceptor]) {
    // The length first: where one hello ends must not be open to interpretation.
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, hello.length)
    hmac.update(length).update(hello)
  }
  return hmac.digest()
}

/** Whether `proof` is what the side in `role` must send; takes the same time wherever it differs. */
export const isProven = (
  keys: ProofKeys,
  role: Role,
  { hellos, proof }: { readonly hellos: Hellos; readonly proof: Uint8Array },
): boolean => {
  const expected = prove(keys, role, hellos)
  return proof.length === expected.length && timingSafeEqual(proof, expected)
}
