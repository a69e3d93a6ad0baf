import { chmodSync, existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadOwnKey } from '../../../../node/identity/own-key.ts'
import { keyIdOf } from '../../../../node/identity/signing-key.ts'
import { createTestRandom } from './test-node.ts'

const newDirectory = () => mkdtempSync(join(tmpdir(), 'atoll-secrets-'))
const modeOf = (path: string) => statSync(path).mode & 0o777

describe("a node's own signing key", () => {
  it('is drawn once, and kept for the owner alone', () => {
    const dataDir = newDirectory()
    const drawn = loadOwnKey({ dataDir, random: createTestRandom('first start') })
    const kept = loadOwnKey({ dataDir, random: createTestRandom('second start') })
    expect(kept).toEqual(drawn)
    expect(drawn.kid).toBe(keyIdOf(drawn.publicJwk))
    expect(modeOf(join(dataDir, 'signing-key.json'))).toBe(0o600)
  })

  it('that came out of a backup readable for all is closed again', () => {
    const dataDir = newDirectory()
    loadOwnKey({ dataDir, random: createTestRandom('a') })
    chmodSync(join(dataDir, 'signing-key.json'), 0o644)
    loadOwnKey({ dataDir, random: createTestRandom('a') })
    expect(modeOf(join(dataDir, 'signing-key.json'))).toBe(0o600)
  })

  it('is made whole after an attempt that the power cut short', () => {
    const dataDir = newDirectory()
    const unfinished = join(dataDir, 'signing-key.json.new')
    writeFileSync(unfinished, '{"kty":"OK', { mode: 0o644 })
    const key = loadOwnKey({ dataDir, random: createTestRandom('a') })
    expect(loadOwnKey({ dataDir, random: createTestRandom('b') })).toEqual(key)
    expect(existsSync(unfinished)).toBe(false)
    expect(modeOf(join(dataDir, 'signing-key.json'))).toBe(0o600)
  })

  it.each(['', '{}', '{"d":"AAAA"}', 'null'])('that reads %j is an error', (text) => {
    const dataDir = newDirectory()
    writeFileSync(join(dataDir, 'signing-key.json'), text)
    expect(() => loadOwnKey({ dataDir, random: createTestRandom('a') })).toThrow(
      /does not hold a key/,
    )
  })
})
