import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identityKeysOf } from '../../../../node/identity/identity-keys.ts'
import * as refreshToken from '../../../../node/identity/refresh-token.ts'
import { createTestRandom, keys } from './test-node.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

const tokens = fc.record({
  sessionId: bytes(16).map(refreshToken.sessionIdOf),
  generation: fc.integer({ min: 1, max: 2 ** 32 - 2 }),
  secret: bytes(32),
})

describe('a refresh token', () => {
  it('reads as it was written', () => {
    fc.assert(
      fc.property(tokens, (token) => {
        const read = refreshToken.parse(keys, refreshToken.format(keys, token))
        expect(read && { ...read, secret: new Uint8Array(read.secret) }).toEqual(token)
      }),
    )
  })

  it('is refused when one character of it is another', () => {
    fc.assert(
      fc.property(tokens, fc.nat(), fc.constantFrom('A', 'z', '0', '_'), (token, at, other) => {
        const text = refreshToken.format(keys, token)
        const index = at % text.length
        const changed = `${text.slice(0, index)}${other}${text.slice(index + 1)}`
        // The last character says less than six bits: some spellings of it mean the same bytes.
        fc.pre(changed !== text && index < text.length - 1)
        expect(refreshToken.parse(keys, changed)).toBeUndefined()
      }),
    )
  })

  it('of another cluster is refused, and so is any other text', () => {
    const otherKeys = identityKeysOf(createTestRandom('another cluster')(32))
    fc.assert(
      fc.property(tokens, fc.string(), (token, text) => {
        expect(refreshToken.parse(otherKeys, refreshToken.format(keys, token))).toBeUndefined()
        expect(refreshToken.parse(keys, text)).toBeUndefined()
        expect(refreshToken.parse(keys, `atoll_rt_${text}`)).toBeUndefined()
      }),
    )
  })

  it('has one successor, of the next generation, which tells nothing without the key', () => {
    const otherKeys = identityKeysOf(createTestRandom('another cluster')(32))
    fc.assert(
      fc.property(tokens, (token) => {
        const next = refreshToken.successor(keys, token)
        expect(refreshToken.successor(keys, token)).toEqual(next)
        expect(next.generation).toBe(token.generation + 1)
        expect(refreshToken.hashOf(next)).not.toBe(refreshToken.hashOf(token))
        expect(refreshToken.successor(otherKeys, token).secret).not.toEqual(next.secret)
      }),
    )
  })
})
