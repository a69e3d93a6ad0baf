/** Folding takes changes out of the log and nothing out of the shop. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { databaseFileOf } from '../../../../node/core/data-directory.ts'
import { rebuild, refresh } from '../../../../node/core/rebuild.ts'
import { verify } from '../../../../node/core/verify.ts'
import * as change from '../../../../sync/change.ts'
import { note, noteKind, noteSql, noteTables, rename, stock, tag, tagsOf, titleOf } from './note.ts'
import { expectEqual, foldShare, perform, stepWithFolding } from './steps.ts'
import { createTestCore, meet, send, temporaryDirectory, type TestCore } from './test-core.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'
const numRuns = isFull ? 2_000 : 60

const foldAll = (core: TestCore) => foldShare(core, { share: 1, changesMax: 1_000 })

const verifyNotes = (directory: string) =>
  verify(directory, [noteKind], { sql: noteSql, tables: noteTables })

const dotsIn = (core: TestCore): readonly string[] =>
  core.log
    .read(0, Number.MAX_SAFE_INTEGER)
    .entries.map(({ dot }) => `${dot.replica}:${dot.counter}`)

/** The changes that the log must hold: those above the floor. */
const dotsAboveFloor = (core: TestCore): readonly string[] =>
  [...core.state().heads].flatMap(([replica, { counter }]) => {
    const from = core.floor().get(replica)?.counter ?? 0
    return Array.from({ length: counter - from }, (_, index) => `${replica}:${from + index + 1}`)
  })

describe('any life of three cores that fold', () => {
  test('ends in the same documents, rows and digest at all of them', () => {
    fc.assert(
      fc.property(fc.array(stepWithFolding, { minLength: 5, maxLength: 40 }), (steps) => {
        const cores = [createTestCore(), createTestCore(), createTestCore()]
        for (const one of steps) perform(cores, one)
        const [alice, bob, carol] = cores as [TestCore, TestCore, TestCore]
        for (const [from, to] of [
          [alice, bob],
          [bob, carol],
          [carol, alice],
          [alice, bob],
        ] as const) {
          meet(from, to)
        }
        expectEqual(alice, bob)
        expectEqual(bob, carol)
        expect(bob.log.vector()).toEqual(alice.log.vector())
        for (const core of cores) core.store.close()
      }),
      { numRuns },
    )
  })

  test('keeps exactly the changes above the floor, and what a rebuild derives', () => {
    fc.assert(
      fc.property(fc.array(stepWithFolding, { minLength: 5, maxLength: 30 }), (steps) => {
        const cores = [createTestCore(), createTestCore(), createTestCore()]
        for (const one of steps) perform(cores, one)
        for (const core of cores) {
          const { store } = core
          expect(new Set(dotsIn(core))).toEqual(new Set(dotsAboveFloor(core)))
          const before = { rows: core.rows(), state: core.state(), histories: historiesOf(core) }
          expect(store.readState()).toEqual(before.state)
          expect(store.readFloor()).toEqual(core.floor())
          rebuild(store, [noteKind])
          expect(core.rows()).toEqual(before.rows)
          expect(store.readState()).toEqual(before.state)
          expect(historiesOf(core)).toEqual(before.histories)
          store.close()
        }
      }),
      { numRuns },
    )

    function historiesOf({ store }: TestCore) {
      return ['n', 'm'].map((id) =>
        [...store.readHistory('note', id)].map(({ position }) => position),
      )
    }
  })

  test('leaves directories that verify proves', () => {
    fc.assert(
      fc.property(fc.array(stepWithFolding, { minLength: 5, maxLength: 30 }), (steps) => {
        const directory = temporaryDirectory()
        const cores = [
          createTestCore({ file: databaseFileOf(directory) }),
          createTestCore(),
          createTestCore(),
        ]
        refresh(cores[0]!.store, [noteKind])
        for (const one of steps) perform(cores, one)
        const digest = cores[0]!.digest()
        for (const core of cores) core.store.close()
        expect(verifyNotes(directory)).toMatchObject({ findings: [], digest })
      }),
      { numRuns: isFull ? 300 : 15 },
    )
  })
})

test('a fold changes no document and moves no clock, and reads stay what they were', () => {
  const alice = createTestCore()
  alice.run(rename('n', 'milk')())
  alice.run(tag('n', 'a')())
  const before = { state: alice.state(), rows: alice.rows() }
  foldAll(alice)
  expect({ state: alice.state(), rows: alice.rows() }).toEqual(before)
  expect(titleOf(alice.read(note, 'n'))).toBe('milk')
  expect(dotsIn(alice)).toEqual([])
  alice.run(tag('n', 'b')())
  expect(tagsOf(alice.read(note, 'n'))).toEqual(['a', 'b'])
})

test('positions never go back, whatever was folded, and not over a restart', () => {
  const file = databaseFileOf(temporaryDirectory())
  const alice = createTestCore({ file })
  for (const word of ['a', 'b', 'c']) alice.run(tag('n', word)())
  const end = alice.log.end()
  foldAll(alice)
  expect(alice.log.end()).toBe(end)
  alice.run(tag('n', 'd')())
  expect(alice.log.read(end, 1_000).entries).toHaveLength(1)
  foldAll(alice)
  alice.store.close()
  const again = createTestCore({ file })
  expect(again.log.end()).toBe(end + 1)
  again.run(tag('n', 'e')())
  expect(again.log.read(end + 1, 1_000).entries).toHaveLength(1)
})

test('a step takes no more changes than it may, and goes on where it was', () => {
  const alice = createTestCore()
  const bob = createTestCore()
  for (let index = 0; index < 5; index++) {
    alice.run(tag('n', `a${index}`)())
    bob.run(tag('n', `b${index}`)())
  }
  send(bob, alice)
  const upTo = new Map([
    [alice.replica(), 4],
    [bob.replica(), 3],
  ])
  const taken: number[] = []
  for (;;) {
    const { changes, isMore } = alice.fold({ upTo, changesMax: 3 })
    taken.push(changes)
    if (!isMore) break
  }
  expect(taken).toEqual([3, 3, 1])
  expect(dotsIn(alice)).toHaveLength(3)
  expect(alice.fold({ upTo, changesMax: 3 })).toMatchObject({ changes: 0, isMore: false })
})

test('what a peer sends again is known, though it was folded', () => {
  const alice = createTestCore()
  const bob = createTestCore()
  bob.run(tag('n', 'a')())
  bob.run(tag('n', 'b')())
  const changes = bob.changes()
  alice.receive(changes)
  foldAll(alice)
  expect(alice.receive(changes)).toEqual({ taken: 0, alreadyKnown: 2, problems: [] })
  bob.run(tag('n', 'c')())
  send(bob, alice)
  expect(tagsOf(alice.read(note, 'n'))).toEqual(['a', 'b', 'c'])
})

test('the link at the floor can still be compared', () => {
  const alice = createTestCore()
  alice.run(tag('n', 'a')())
  alice.run(tag('n', 'b')())
  const head = alice.log.heads().get(alice.replica())!
  foldAll(alice)
  expect(alice.log.hashAt({ replica: alice.replica(), counter: 2 })).toEqual(head.hash)
  expect(alice.log.hashAt({ replica: alice.replica(), counter: 1 })).toBeUndefined()
  expect(alice.log.floor()).toEqual(new Map([[alice.replica(), head]]))
})

test('a request is known as long as a change that answered it is in the log', () => {
  const request = { id: 'r', fingerprint: '' }
  const alice = createTestCore()
  const bob = createTestCore()
  alice.run(stock('n', 1)(request))
  bob.run(stock('n', 1)(request))
  send(bob, alice)
  expect(alice.findReceipt('r')?.change).toBe(`${alice.replica()}:1`)
  alice.fold({ upTo: new Map([[alice.replica(), 1]]), changesMax: 9 })
  expect(alice.findReceipt('r')?.change).toBe(`${bob.replica()}:1`)
  foldAll(alice)
  expect(alice.isAnswered('r')).toBe(false)
})

describe('a change that this release does not read', () => {
  const withStranger = (bytes: Uint8Array): Uint8Array => {
    const made = change.decode(bytes)
    const stranger = { kind: 'hologram', id: 'h', bytes: Uint8Array.of(1, 2, 3) }
    return change.encode({ ...made, deltas: [...made.deltas, stranger] })
  }

  test('stays, and so does all that its replica wrote after it', () => {
    const alice = createTestCore()
    const bob = createTestCore()
    for (const word of ['a', 'b', 'c']) bob.run(tag('n', word)())
    const [first, second, third] = bob.changes()
    alice.receive([first!, withStranger(second!), third!])
    alice.run(tag('n', 'd')())
    foldAll(alice)
    expect(dotsIn(alice)).toEqual([`${bob.replica()}:2`, `${bob.replica()}:3`])
    expect(alice.floor().get(bob.replica())?.counter).toBe(1)
  })
})
