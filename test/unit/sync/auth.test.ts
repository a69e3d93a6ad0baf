/** Proofs of the cluster key: only the key makes them, and each is good once, in one place, from one side. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as auth from '../../../sync/auth.ts'

const key = new Uint8Array(32).fill(1)
const keys = auth.proofKeysOf(key)
const hellos: auth.Hellos = {
  initiator: Uint8Array.from([1, 2, 3]),
  acceptor: Uint8Array.from([4, 5]),
}

describe('a proof', () => {
  test('holds for the role, the key and the hellos it was made for', () => {
    for (const role of ['initiator', 'acceptor'] as const) {
      const proof = auth.prove(keys, role, hellos)
      expect(auth.isProven(keys, role, { hellos, proof })).toBe(true)
    }
  })

  test('does not hold for another key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), (other) => {
        fc.pre(Buffer.compare(other, key) !== 0)
        const proof = auth.prove(auth.proofKeysOf(other), 'initiator', hellos)
        expect(auth.isProven(keys, 'initiator', { hellos, proof })).toBe(false)
      }),
    )
  })

  test('that is sent back to its maker does not hold', () => {
    const proof = auth.prove(keys, 'initiator', hellos)
    expect(auth.isProven(keys, 'acceptor', { hellos, proof })).toBe(false)
  })

  test('that was heard on another connection does not hold', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }), (a, b) => {
        const others = { initiator: a, acceptor: b }
        fc.pre(
          Buffer.compare(a, hellos.initiator) !== 0 || Buffer.compare(b, hellos.acceptor) !== 0,
        )
        const proof = auth.prove(keys, 'initiator', others)
        expect(auth.isProven(keys, 'initiator', { hellos, proof })).toBe(false)
      }),
    )
  })

  test('binds where one hello ends and the next begins', () => {
    const moved = { initiator: Uint8Array.from([1, 2, 3, 4]), acceptor: Uint8Array.from([5]) }
    const proof = auth.prove(keys, 'initiator', hellos)
    expect(auth.isProven(keys, 'initiator', { hellos: moved, proof })).toBe(false)
  })

  test('of the wrong length does not hold', () => {
    const proof = auth.prove(keys, 'initiator', hellos)
    expect(auth.isProven(keys, 'initiator', { hellos, proof: proof.subarray(1) })).toBe(false)
    expect(auth.isProven(keys, 'initiator', { hellos, proof: new Uint8Array() })).toBe(false)
  })
})

test('a cluster key shorter than 32 bytes is never used', () => {
  expect(() => auth.proofKeysOf(new Uint8Array(31))).toThrow('at least 32 bytes')
})
