import { mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadClusterSecret } from '../../../../node/identity/cluster-secret.ts'
import { createTestRandom } from './test-node.ts'

const newDirectory = () => mkdtempSync(join(tmpdir(), 'atoll-secrets-'))
const modeOf = (path: string) => statSync(path).mode & 0o777

describe('a cluster secret', () => {
  it('is the cluster key where there is one, and then nothing is kept', () => {
    const dataDir = newDirectory()
    const clusterKey = createTestRandom('key')(32)
    expect(loadClusterSecret({ clusterKey, dataDir, random: createTestRandom('a') })).toBe(
      clusterKey,
    )
    expect(readdirSync(dataDir)).toEqual([])
  })

  it('is drawn once without one, and kept for the owner alone', () => {
    const dataDir = join(newDirectory(), 'not', 'there', 'yet')
    const drawn = loadClusterSecret({ dataDir, random: createTestRandom('first start') })
    const kept = loadClusterSecret({ dataDir, random: createTestRandom('second start') })
    expect(kept).toEqual(drawn)
    expect(modeOf(join(dataDir, 'cluster-secret'))).toBe(0o600)
  })

  it('that is cut short is an error, and is not replaced', () => {
    const dataDir = newDirectory()
    writeFileSync(join(dataDir, 'cluster-secret'), 'c0ffee')
    const load = () => loadClusterSecret({ dataDir, random: createTestRandom('a') })
    expect(load).toThrow(/does not hold a secret/)
    expect(load).toThrow(/does not hold a secret/)
  })
})
