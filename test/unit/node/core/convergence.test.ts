/** Cores that exchange their logs arrive at the same documents, rows and digest, whatever the way. */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { rebuild } from '../../../../node/core/rebuild.ts'
import { noteKind } from './note.ts'
import { bytesOf, expectEqual, perform, step } from './steps.ts'
import { createTestCore, send, type TestCore } from './test-core.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'

const numRuns = isFull ? 2_000 : 60

test('three cores that heard of everything have equal documents, rows and digests', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      const cores = [createTestCore(), createTestCore(), createTestCore()]
      for (const one of steps) perform(cores, one)
      // Around twice: everybody has heard of everything.
      for (const [from, to] of [
        [0, 1],
        [1, 2],
        [2, 0],
        [0, 1],
      ] as const) {
        send(cores[from]!, cores[to]!)
      }
      const [alice, bob, carol] = cores
      expectEqual(alice!, bob!)
      expectEqual(bob!, carol!)
      expect(bob!.log.heads()).toEqual(alice!.log.heads())
      for (const core of cores) core.store.close()
    }),
    { numRuns },
  )
})

test('digests are equal if and only if documents are', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
      const cores = [createTestCore(), createTestCore(), createTestCore()]
      for (const one of steps) {
        perform(cores, one)
        const [alice, bob] = cores
        const isSame = Object.is(alice!.digest(), bob!.digest())
        const [ours, theirs] = [bytesOf(alice!), bytesOf(bob!)]
        const areSame =
          ours.size === theirs.size &&
          [...ours].every(([id, bytes]) => theirs.get(id)?.equals(bytes) ?? false)
        expect(isSame).toBe(areSame)
      }
      for (const core of cores) core.store.close()
    }),
    { numRuns },
  )
})

test('what was derived step by step is what a rebuild derives', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 30 }), (steps) => {
      const cores = [createTestCore(), createTestCore(), createTestCore()]
      for (const one of steps) perform(cores, one)
      for (const { store, rows, digest, ...core } of cores) {
        const before = { rows: rows(), digest: digest(), state: core.state() }
        const histories = historiesOf(store)
        rebuild(store, [noteKind])
        expect(rows()).toEqual(before.rows)
        expect(store.readState()).toEqual(before.state)
        expect(historiesOf(store)).toEqual(histories)
        store.close()
      }
    }),
    { numRuns },
  )

  function historiesOf(store: TestCore['store']) {
    return ['n', 'm'].map((id) =>
      [...store.readHistory('note', id)].map(({ position }) => position),
    )
  }
})
