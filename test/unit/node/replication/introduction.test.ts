import { describe, expect, test } from 'vitest'
import type { Store } from '../../../../node/core/store.ts'
import { introduceAgainMs } from '../../../../node/replication/limits.ts'
import { readmit } from '../../../../node/replication/membership.ts'
import { nodeOf } from '../../../../node/replication/replica.ts'
import { createTestNode } from './cluster.ts'

/** A disk that is full while the test says so. */
const createFullDisk = () => {
  const disk = {
    isFull: false,
    wrap: (store: Store): Store => ({
      ...store,
      transact: (work) => {
        if (!disk.isFull) return store.transact(work)
        throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
      },
    }),
  }
  return disk
}

const someChange = { self: 'eu', name: 'us', reason: '' }

describe('a node that goes on as another replica after a full disk', () => {
  test('says which node it is as soon as there is space', async () => {
    const disk = createFullDisk()
    const eu = createTestNode('eu', { wrap: disk.wrap })
    await eu.replication.begin()
    const first = eu.core.replica()
    disk.isFull = true
    for (let at = 0; at < 3; at++) {
      expect(() => eu.run(readmit, someChange)).toThrow('The disk is full')
    }
    disk.isFull = false
    eu.run(readmit, someChange)
    await eu.time.advance(0)
    expect(eu.core.replica()).not.toBe(first)
    expect(nodeOf(eu.core, eu.core.replica())).toBe('eu')
    expect(eu.replication.queries.list()).toMatchObject([{ name: 'eu', replicaCount: 2 }, {}])
  })

  test('tries again, and not in a rush, when the disk is full once more', async () => {
    const disk = createFullDisk()
    const eu = createTestNode('eu', { wrap: disk.wrap })
    await eu.replication.begin()
    disk.isFull = true
    expect(() => eu.run(readmit, someChange)).toThrow('The disk is full')
    disk.isFull = false
    // The commit that shows that there is space takes the last of it.
    eu.run(readmit, someChange)
    disk.isFull = true
    const replicas = new Set()
    for (let at = 0; at < 10; at++) {
      await eu.time.advance(introduceAgainMs / 2)
      replicas.add(eu.core.replica())
    }
    // Each try that fails makes it another replica: there were a few in these 25 seconds.
    expect(replicas.size).toBeLessThan(7)
    expect(nodeOf(eu.core, eu.core.replica())).toBeUndefined()
    disk.isFull = false
    for (let at = 0; at < 4; at++) await eu.time.advance(introduceAgainMs / 2)
    expect(nodeOf(eu.core, eu.core.replica())).toBe('eu')
  })
})
