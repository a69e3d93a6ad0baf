/** The simulated store does what the store on SQLite does, and survives what a disk may do to it. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createChangeLog } from '../../../node/core/change-log.ts'
import { createCore, type Command } from '../../../node/core/core.ts'
import * as digest from '../../../node/core/digest.ts'
import { createSqliteStore } from '../../../node/core/sqlite-store.ts'
import type { Store } from '../../../node/core/store.ts'
import { DamagedDisk, openDiskStore } from '../../simulation/store/disk-store.ts'
import { createDisk } from '../../simulation/world/disk.ts'
import { createRandom } from '../../simulation/world/random.ts'
import { noteKind, rename, tag } from '../node/core/note.ts'
import { perform, stepWithFolding, type Step } from '../node/core/steps.ts'
import { readModels, type TestCore } from '../node/core/test-core.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'

const coreOn = (store: Store, name: string): TestCore => {
  const clock = { ms: 1_780_000_000_000, now: () => clock.ms }
  const random = createRandom(name)
  const core = createCore({ store, kinds: [noteKind], clock, random: random.bytes })
  const log = createChangeLog(core, store)
  // What the steps ask of a core; rows are compared here by each store's own means.
  const one: Partial<TestCore> = {
    ...core,
    log,
    clock,
    digest: () => digest.toHex(core.state().digest),
  }
  return { ...one, store } as TestCore
}

const onSqlite = (name: string) =>
  coreOn(createSqliteStore({ file: ':memory:', ...readModels }), name)

const onDisk = (name: string) => {
  const fate = createDisk()
  return coreOn(openDiskStore({ disk: fate.disk, durable: () => {} }), name)
}

/** All that can be read of a store. */
const contentOf = (store: Store) => {
  const { heads, clock, digest: sum } = store.readState()
  const { entries, next } = store.readChanges(0, Number.MAX_SAFE_INTEGER)
  const hex = (bytes: Uint8Array | undefined) => bytes && digest.toHex(bytes)
  return {
    heads: [...heads]
      .map(([id, { counter, hash }]) => [id, counter, hex(hash)])
      .sort((a, b) => (a < b ? -1 : 1)),
    floor: [...store.readFloor()]
      .map(([id, { counter, hash }]) => [id, counter, hex(hash)])
      .sort((a, b) => (a < b ? -1 : 1)),
    clock,
    horizon: store.readHorizon(),
    digest: hex(sum),
    changes: entries.map(({ position, dot, wallMs, bytes }) => [position, dot, wallMs, hex(bytes)]),
    // Reading at the end says so in another number where the last changes have left the log.
    isRead: next <= store.endPosition(),
    end: store.endPosition(),
    documents: [...store.scanDocuments()]
      .map(({ kind, id, bytes, hash }) => [kind, id, hex(bytes), hex(hash)].join(' '))
      .sort(),
    histories: ['n', 'm'].map((id) =>
      [...store.readHistory('note', id)].map(({ position }) => position),
    ),
    folded: [...store.scanFolded()].map(({ id, bytes }) => `${id} ${hex(bytes)}`).sort(),
    places: [...heads.keys()].map((id) => [
      id,
      store.positionAfter(id, 0),
      store.positionAfter(id, 2),
      hex(store.readChange({ replica: id, counter: 3 })?.hash),
    ]),
  }
}

test('it holds after any life what the store on SQLite holds', () => {
  const names = ['alice', 'bob', 'carol']
  fc.assert(
    fc.property(fc.array(stepWithFolding, { minLength: 5, maxLength: 40 }), (steps) => {
      const expected = names.map(onSqlite)
      const found = names.map(onDisk)
      for (const step of steps) {
        perform(expected, step)
        perform(found, step)
      }
      found.forEach(({ store }, index) => {
        const sqlite = expected[index]!.store
        expect(contentOf(store)).toEqual(contentOf(sqlite))
        sqlite.close()
      })
    }),
    { numRuns: isFull ? 1_000 : 40 },
  )
})

describe('opened again', () => {
  const withNotes = (count: number) => {
    const fate = createDisk()
    const core = coreOn(openDiskStore({ disk: fate.disk, durable: () => {} }), 'alice')
    for (let made = 0; made < count; made++)
      core.execute([tag('n', `${made}`)({ id: `k${made}`, fingerprint: '' })])
    return { fate, core }
  }
  const reopen = (fate: ReturnType<typeof createDisk>) =>
    openDiskStore({ disk: fate.disk, durable: () => {} })

  test('it has what it had', () => {
    const steps = fc.array(stepWithFolding, { minLength: 3, maxLength: 25 })
    fc.assert(
      fc.property(steps, (life: readonly Step[]) => {
        const fate = createDisk()
        const alice = coreOn(openDiskStore({ disk: fate.disk, durable: () => {} }), 'alice')
        const cores = [alice, onDisk('bob'), onDisk('carol')]
        for (const step of life) perform(cores, step)
        expect(contentOf(reopen(fate))).toEqual(contentOf(alice.store))
      }),
      { numRuns: isFull ? 500 : 30 },
    )
  })

  test('after a power cut it has every transaction that had returned', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { fate, core } = withNotes(4)
      const before = contentOf(core.store)
      // One more is written when the power goes, and its sync has not returned.
      fate.onOperation = (operation) => {
        if (operation !== 'written') return
        fate.losePower(createRandom(seed))
        throw new Error('The power is gone')
      }
      expect(() => core.execute([rename('n', 'late')()])).toThrow(/./)
      fate.onOperation = () => {}
      const store = reopen(fate)
      const { changes } = contentOf(store)
      expect([before.changes.length, before.changes.length + 1]).toContain(changes.length)
      expect(changes.slice(0, before.changes.length)).toEqual(before.changes)
      // And goes on from there.
      coreOn(store, 'alice again').execute([tag('n', 'more')()])
      expect(contentOf(reopen(fate)).changes).toHaveLength(changes.length + 1)
    }
  })

  test('a flipped bit before the end is found', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { fate } = withNotes(4)
      expect(fate.flipBit(createRandom(seed))).toBe(true)
      expect(() => reopen(fate)).toThrow(DamagedDisk)
    }
  })
})

describe('when the disk fails', () => {
  const fresh = () => {
    const fate = createDisk()
    const store = openDiskStore({ disk: fate.disk, durable: () => {} })
    return { fate, store, core: coreOn(store, 'alice') }
  }
  const command: Command = tag('n', 'late')()

  test('by being full, nothing of the transaction is kept', () => {
    const { fate, store, core } = fresh()
    core.execute([tag('n', 'early')()])
    const before = contentOf(store)
    fate.isFull = true
    expect(() => core.execute([command])).toThrow('The disk is full')
    expect(contentOf(store)).toEqual(before)
    fate.isFull = false
    expect(core.execute([command])).toMatchObject([{ ok: true }])
  })

  test('by a sync, it is left open whether it was', () => {
    for (const keepsWrites of [true, false]) {
      const { fate, core } = fresh()
      core.execute([tag('n', 'early')()])
      fate.nextSyncFails = { keepsWrites }
      expect(() => core.execute([command])).toThrow('the node must start anew')
      expect(core.isBroken()).toBe(true)
      fate.losePower(createRandom(1))
      const { changes } = contentOf(openDiskStore({ disk: fate.disk, durable: () => {} }))
      expect(changes).toHaveLength(keepsWrites ? 2 : 1)
    }
  })
})
