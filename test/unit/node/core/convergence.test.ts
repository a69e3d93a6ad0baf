/** Cores that exchange their logs arrive at the same documents, rows and digest, whatever the way. */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { rebuild } from '../../../../node/core/rebuild.ts'
import type { Command } from '../../../../node/core/core.ts'
import { mark, noteKind, rename, spend, stock, tag, unmark, untag } from './note.ts'
import { createTestCore, send, type TestCore } from './test-core.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'

const id = fc.constantFrom('n', 'm')
const word = fc.constantFrom('a', 'b', 'c')
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(id, word).map(([id, text]) => rename(id, text)()),
  fc.tuple(id, word).map(([id, text]) => tag(id, text)()),
  fc.tuple(id, word).map(([id, text]) => untag(id, text)()),
  fc.tuple(id, word, word).map(([id, key, text]) => mark(id, key, text)()),
  fc.tuple(id, word).map(([id, key]) => unmark(id, key)()),
  fc.tuple(id, fc.integer({ min: 1, max: 9 })).map(([id, units]) => stock(id, units)()),
  fc.tuple(id, fc.integer({ min: 1, max: 4 })).map(([id, units]) => spend(id, units)()),
)

const who = fc.nat({ max: 2 })
type Step =
  | { readonly do: 'execute'; readonly at: number; readonly commands: readonly Command[] }
  | { readonly do: 'send'; readonly from: number; readonly to: number; readonly bytesMax: number }
  | { readonly do: 'wait'; readonly at: number; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('execute' as const),
    at: who,
    commands: fc.array(command, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    do: fc.constant('send' as const),
    from: who,
    to: who,
    bytesMax: fc.integer({ min: 1, max: 2_000 }),
  }),
  fc.record({ do: fc.constant('wait' as const), at: who, ms: fc.integer({ min: -50, max: 500 }) }),
)

const perform = (cores: readonly TestCore[], one: Step): void => {
  if (one.do === 'execute') {
    cores[one.at]!.execute(one.commands)
  } else if (one.do === 'send') {
    if (one.from !== one.to) send(cores[one.from]!, cores[one.to]!, one.bytesMax)
  } else cores[one.at]!.clock.ms += one.ms
}

const bytesOf = ({ store }: TestCore) =>
  new Map(Array.from(store.scanDocuments(), ({ id, bytes }) => [id, Buffer.from(bytes)]))

const expectEqual = (a: TestCore, b: TestCore) => {
  expect(b.digest()).toBe(a.digest())
  expect(bytesOf(b)).toEqual(bytesOf(a))
  expect(b.rows()).toEqual(a.rows())
}

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
