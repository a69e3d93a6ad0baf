/** Two cores where one has folded what the other lacks: the documents make up for the changes. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as causalContext from '../../../../crdt/causal-context.ts'
import * as documents from '../../../../crdt/document.ts'
import * as hlc from '../../../../crdt/hybrid-logical-clock.ts'
import * as lwwRegister from '../../../../crdt/lww-register.ts'
import * as orSet from '../../../../crdt/or-set.ts'
import { documentKind } from '../../../../node/core/capability.ts'
import { databaseFileOf } from '../../../../node/core/data-directory.ts'
import { createDocumentExchange } from '../../../../node/core/document-exchange.ts'
import { rebuild, refresh } from '../../../../node/core/rebuild.ts'
import { verify } from '../../../../node/core/verify.ts'
import type { DocumentExchange } from '../../../../sync/document-exchange.ts'
import { hashBytes, type DocumentIndex } from '../../../../sync/document-index.ts'
import { note, noteKind, noteSql, noteTables, rename, tag, tagsOf, untag } from './note.ts'
import { command, expectEqual, foldShare } from './steps.ts'
import { createTestCore, meet, send, temporaryDirectory, type TestCore } from './test-core.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'

const exchangeOf = (core: TestCore): DocumentExchange =>
  createDocumentExchange({
    core,
    store: core.store,
    soon: (work) => queueMicrotask(work),
    monotonic: () => performance.now(),
    assertOpen: () => undefined,
    broken: (error) => {
      throw error
    },
  })

/** The keys under which one side has another document than the other, or one more. */
const differing = (ours: DocumentIndex, theirs: DocumentIndex): readonly number[] => {
  const have = new Set(entriesOf(ours).map(({ entry }) => entry))
  const keys = entriesOf(theirs).filter(({ entry }) => !have.has(entry))
  return [...new Set(keys.map(({ key }) => key))]
}

const entriesOf = ({ keys, hashes, count }: DocumentIndex) =>
  Array.from({ length: count }, (_, at) => {
    const key = keys[at]!
    const words = hashes.subarray((at * hashBytes) / 4, ((at + 1) * hashBytes) / 4)
    return { key, entry: `${key} ${words.join()}` }
  })

/** What a session does: survey, compare, fetch, join, adopt. */
const pull = async (server: DocumentExchange, client: DocumentExchange) => {
  const [theirs, ours] = [await server.survey(), await client.survey()]
  let keys = differing(ours.index, theirs.index)
  while (keys.length > 0) {
    const slice = server.read(keys, 200)
    expect(slice.keysRead).toBeGreaterThan(0)
    keys = keys.slice(slice.keysRead)
    expect((await client.join(slice.documents)).problems).toEqual([])
  }
  return client.adopt(theirs.floor, theirs.clock)
}

const foldAll = (core: TestCore) => foldShare(core, { share: 1, changesMax: 1_000 })

test('any two histories meet, with nothing lost and nothing back that was removed', async () => {
  const life = fc.array(command, { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        shared: life,
        alices: life,
        bobs: life,
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        bobFolds: fc.double({ min: 0, max: 1, noNaN: true }),
        during: life,
      }),
      async ({ shared, alices, bobs, share, bobFolds, during }) => {
        const directories = [temporaryDirectory(), temporaryDirectory()]
        const [alice, bob] = directories.map((directory) =>
          createTestCore({ file: databaseFileOf(directory) }),
        ) as [TestCore, TestCore]
        // Carol hears of every change itself, and folds nothing.
        const carol = createTestCore()
        for (const { store } of [alice, bob]) refresh(store, [noteKind])
        for (const one of shared) alice.execute([one])
        send(alice, bob)
        for (const one of alices) alice.execute([one])
        for (const one of bobs) bob.execute([one])
        for (const core of [alice, bob]) send(core, carol)
        foldShare(alice, { share, changesMax: 3 })
        foldShare(bob, { share: bobFolds, changesMax: 3 })

        const own = bob.log.vector().get(bob.replica())
        expect(await pull(exchangeOf(alice), exchangeOf(bob))).toEqual({ kind: 'adopted' })
        expect(bob.log.vector().get(bob.replica())).toBe(own)
        for (const one of during) bob.execute([one])
        send(bob, carol)
        send(alice, bob)
        meet(bob, alice)
        expectEqual(carol, bob)
        expectEqual(carol, alice)
        expect(bob.log.vector()).toEqual(alice.log.vector())
        const { state, digest } = { state: bob.state(), digest: carol.digest() }
        for (const core of [alice, bob]) {
          rebuild(core.store, [noteKind])
          expect(core.store.readState()).toEqual(core.state())
        }
        expect(bob.store.readState()).toEqual(state)
        for (const core of [alice, bob, carol]) core.store.close()
        for (const directory of directories) {
          const report = verify(directory, [noteKind], { sql: noteSql, tables: noteTables })
          expect(report).toMatchObject({ findings: [], digest })
        }
      },
    ),
    { numRuns: isFull ? 500 : 20 },
  )
})

test('a pull that is cut leaves what it joined and no claim to the rest', async () => {
  const alice = createTestCore()
  const bob = createTestCore()
  for (const id of ['n', 'm', 'o']) alice.run(tag(id, 'a')())
  foldAll(alice)
  const survey = await exchangeOf(alice).survey()
  expect(survey.index.count).toBe(3)
  const bobs = exchangeOf(bob)
  await bobs.join([...alice.store.scanDocuments()].slice(0, 1))
  expect(bob.log.vector()).toEqual(new Map())
  expect(tagsOf(bob.read(note, 'n'))).toEqual(['a'])
  const rest = differing((await bobs.survey()).index, survey.index)
  expect(rest).toHaveLength(2)
  rebuild(bob.store, [noteKind])
  expect(bob.store.readState()).toEqual(bob.state())
})

test('a survey lets others have their turn, and claims no more than was there when it began', async () => {
  const alice = createTestCore()
  alice.execute(Array.from({ length: 300 }, (_, at) => tag(`n${at}`, 'a')()))
  foldShare(alice, { share: 0.5, changesMax: 1_000 })
  const before = { floor: alice.log.floor(), clock: alice.state().clock }
  let turns = 0
  let ms = 0
  const exchange = createDocumentExchange({
    core: alice,
    store: alice.store,
    soon: (work) => {
      if (turns++ === 1) {
        alice.run(tag('n0', 'meanwhile')())
        alice.run(tag('another', 'meanwhile')())
        foldAll(alice)
      }
      queueMicrotask(work)
    },
    monotonic: () => (ms += 3),
    assertOpen: () => undefined,
    broken: () => undefined,
  })
  const survey = await exchange.survey()
  expect(turns).toBeGreaterThan(3)
  expect({ floor: survey.floor, clock: survey.clock }).toEqual(before)
  const read = exchange.read([...survey.index.keys], Number.MAX_SAFE_INTEGER)
  expect(read.keysRead).toBe(survey.index.count)
  expect(new Set(read.documents.map(({ id }) => id)).size).toBe(survey.index.count)
})

test('a survey ends when the node does', async () => {
  const alice = createTestCore()
  alice.execute(Array.from({ length: 300 }, (_, at) => tag(`n${at}`, 'a')()))
  let ms = 0
  const exchange = createDocumentExchange({
    core: alice,
    store: alice.store,
    soon: (work) => queueMicrotask(work),
    monotonic: () => (ms += 10),
    assertOpen: () => {
      throw new Error('closed')
    },
    broken: () => undefined,
  })
  await expect(exchange.survey()).rejects.toThrow('closed')
  await expect(exchange.join([])).rejects.toThrow('closed')
  await expect(exchange.adopt(new Map(), hlc.bottom)).rejects.toThrow('closed')
})

test('both may pull from each other at once', async () => {
  const alice = createTestCore()
  const bob = createTestCore()
  alice.run(tag('n', 'a')())
  bob.run(tag('n', 'b')())
  for (const core of [alice, bob]) foldAll(core)
  const [alices, bobs] = [exchangeOf(alice), exchangeOf(bob)]
  await Promise.all([pull(alices, bobs), pull(bobs, alices)])
  expectEqual(alice, bob)
  expect(alice.log.heads()).toEqual(bob.log.heads())
  expect(alice.log.floor()).toEqual(bob.log.floor())
})

test('what was removed stays removed at who had it, and the clock is not behind the peer', async () => {
  const alice = createTestCore()
  const bob = createTestCore()
  alice.run(tag('n', 'old')())
  send(alice, bob)
  alice.clock.ms += 30_000
  alice.run(untag('n', 'old')())
  foldAll(alice)
  await pull(exchangeOf(alice), exchangeOf(bob))
  expect(tagsOf(bob.read(note, 'n'))).toEqual([])
  expect(hlc.later(bob.state().clock, alice.state().clock)).toEqual(bob.state().clock)
})

test('a document that was written a little ahead of our clock moves it on', async () => {
  const alice = createTestCore()
  const bob = createTestCore()
  alice.clock.ms += 10_000
  alice.run(rename('n', 'milk')())
  foldAll(alice)
  await exchangeOf(bob).join([...alice.store.scanDocuments()])
  expect(bob.state().clock).toEqual({ wallMs: alice.clock.ms, logical: 0 })
  expect(bob.store.readHorizon()).toEqual(bob.state().clock)
  bob.run(rename('n', 'bread')())
  expect(bob.rows()).toMatchObject({ notes: [{ title: 'bread', siblings: 1 }] })
})

test('read models, requests and caches follow what was joined', async () => {
  const alice = createTestCore()
  const changed: string[] = []
  const bob = createTestCore({
    committed: (documents) => changed.push(...documents.map(({ id }) => id)),
  })
  bob.run(rename('n', 'bread')())
  expect(tagsOf(bob.read(note, 'n'))).toEqual([])
  alice.clock.ms += 1
  alice.run(rename('n', 'milk')())
  alice.run(tag('n', 'a')())
  foldAll(alice)
  await pull(exchangeOf(alice), exchangeOf(bob))
  expect(tagsOf(bob.read(note, 'n'))).toEqual(['a'])
  expect(bob.rows()).toMatchObject({ notes: [{ id: 'n', title: 'milk', siblings: 2 }] })
  expect(changed).toEqual(['n', 'n'])
})

describe('a document that', () => {
  const documentOf = (core: TestCore, id: string) => {
    const { bytes } = core.store.readDocument('note', id)!
    return { kind: 'note', id, bytes }
  }

  test('claims dots of ours that we never wrote is forged', async () => {
    const alice = createTestCore()
    const bob = createTestCore()
    alice.run(tag('n', 'a')())
    const state = note.decode(documentOf(alice, 'n').bytes)
    for (const counters of [[1], [3]]) {
      const dots = counters.map((counter) => ({ replica: bob.replica(), counter }))
      const context = causalContext.join(state.context, causalContext.of(...dots))
      const forged = { kind: 'note', id: 'n', bytes: note.encode({ ...state, context }) }
      const report = await exchangeOf(bob).join([forged])
      expect(report).toMatchObject({ joined: 0, problems: [{ kind: 'forged' }] })
    }
    expect(bob.exists(note, 'n')).toBe(false)
    bob.run(tag('n', 'b')())
    send(bob, alice)
    expect((await exchangeOf(bob).join([documentOf(alice, 'n')])).problems).toEqual([])
    expect(tagsOf(bob.read(note, 'n'))).toEqual(['a', 'b'])
  })

  test('is none of its kind is corrupt, and leaves the others alone', async () => {
    const alice = createTestCore()
    const bob = createTestCore()
    for (const id of ['n', 'm']) alice.run(tag(id, 'a')())
    const torn = { ...documentOf(alice, 'n'), bytes: documentOf(alice, 'n').bytes.subarray(1) }
    const empty = { kind: 'note', id: 'o', bytes: note.encode(note.bottom) }
    const report = await exchangeOf(bob).join([torn, empty, documentOf(alice, 'm')])
    expect(report).toMatchObject({
      joined: 1,
      problems: [
        { kind: 'corrupt', detail: expect.stringMatching(/^note\/n: /) },
        { kind: 'corrupt', detail: 'note/o: it is empty' },
      ],
    })
    expect(bob.store.countDocuments()).toBe(1)
  })

  test('has a field of a later release is unknown, and must not be half joined', async () => {
    const wider = documents.schema('note', 2, { ...note.fields, colour: [9, orSet.shape] })
    const delta = documents.edit(wider, wider.bottom, {
      colour: (set) => orSet.add(set, createTestCore().replica(), 'red'),
    })
    const bob = createTestCore()
    const report = await exchangeOf(bob).join([
      { kind: 'note', id: 'n', bytes: wider.encode(delta) },
    ])
    expect(report).toMatchObject({ joined: 0, problems: [{ kind: 'unknown' }] })
    expect(bob.store.countDocuments()).toBe(0)
  })

  test('was written in the future is not joined', async () => {
    const alice = createTestCore({ startMs: Date.UTC(2030, 0) })
    const bob = createTestCore()
    alice.run(rename('n', 'from tomorrow')())
    const report = await exchangeOf(bob).join([documentOf(alice, 'n')])
    expect(report).toMatchObject({ joined: 0, problems: [{ kind: 'too_far_ahead' }] })
    expect(bob.exists(note, 'n')).toBe(false)
  })
})

describe('a kind that only a later release knows', () => {
  const memo = documents.schema('memo', 1, { text: [1, lwwRegister.shape((v) => v !== null)] })
  const memoKind = documentKind({ schema: memo, tables: [], project: () => ({}) })
  const write = (text: string) => ({
    actor: 'admin/alice',
    input: undefined,
    decide: (world: Parameters<Parameters<TestCore['execute']>[0][number]['decide']>[0]) => ({
      ok: true as const,
      value: {
        type: 'memo.written',
        answer: null,
        deltas: [
          {
            schema: memo as never,
            id: 'm',
            delta: documents.edit(memo, world.read(memo, 'm'), {
              text: (register) => lwwRegister.write(register, world.time, text),
            }) as never,
          },
        ],
      },
    }),
  })
  const both = [noteKind, memoKind]
  const later = () => createTestCore({ kinds: both })

  test('is kept, sent on, and a document once this release knows it', async () => {
    const alice = later()
    const carol = later()
    const bob = createTestCore()
    for (const [core, text] of [
      [alice, 'one'],
      [carol, 'two'],
    ] as const) {
      core.run(write(text))
      core.run(tag('n', text)())
      foldAll(core)
    }
    for (const core of [alice, carol]) await pull(exchangeOf(core), exchangeOf(bob))
    expect(bob.store.countDocuments()).toBe(1)
    expect([...bob.store.scanUnread()]).toHaveLength(2)

    const dave = later()
    await pull(exchangeOf(bob), exchangeOf(dave))
    meet(alice, carol)
    expect(dave.digest()).toBe(carol.digest())

    refresh(bob.store, both)
    expect(bob.store.readState().digest).toEqual(carol.state().digest)
    expect([...bob.store.scanUnread()]).toEqual([])
    refresh(bob.store, [noteKind])
    expect([...bob.store.scanUnread()]).toHaveLength(1)
    refresh(bob.store, both)
    expect(bob.store.readState().digest).toEqual(carol.state().digest)
  })

  test('does not keep a floor from being adopted over changes that nobody here could read', async () => {
    const alice = later()
    const bob = createTestCore()
    alice.run(write('one'))
    alice.run(tag('n', 'a')())
    send(alice, bob)
    foldAll(bob)
    expect(bob.log.floor()).toEqual(new Map())
    foldAll(alice)
    expect(await pull(exchangeOf(alice), exchangeOf(bob))).toEqual({ kind: 'adopted' })
    expect(bob.log.floor()).toEqual(alice.log.floor())
    refresh(bob.store, both)
    expect(bob.store.readState().digest).toEqual(alice.state().digest)
  })
})

describe('a floor is not adopted', () => {
  const foldedFloor = (core: TestCore) => {
    core.run(tag('n', 'a')())
    foldAll(core)
    return core.log.floor()
  }

  test('from a peer whose clock is far ahead of ours', async () => {
    const alice = createTestCore()
    const bob = createTestCore()
    const floor = foldedFloor(alice)
    const clock = { wallMs: bob.clock.ms + hlc.driftMsMax + 5, logical: 0 }
    const report = await exchangeOf(bob).adopt(floor, clock)
    expect(report).toEqual({ kind: 'too_far_ahead', aheadMs: hlc.driftMsMax + 5 })
    expect(bob.log.vector()).toEqual(new Map())
  })

  test('if our log or our floor has another change there', async () => {
    const alice = createTestCore()
    const bob = createTestCore()
    alice.run(tag('n', 'a')())
    send(alice, bob)
    const { replica } = { replica: alice.replica() }
    const other = new Map([[replica, { counter: 1, hash: new Uint8Array(32).fill(1) }]])
    const fork = { kind: 'fork', dots: [{ replica, counter: 1 }] }
    expect(await exchangeOf(bob).adopt(other, hlc.bottom)).toEqual(fork)
    foldAll(bob)
    expect(await exchangeOf(bob).adopt(other, hlc.bottom)).toEqual(fork)
  })

  test('if it goes beyond what we ourselves have written', async () => {
    const bob = createTestCore()
    const beyond = new Map([[bob.replica(), { counter: 1, hash: new Uint8Array(32) }]])
    expect(await exchangeOf(bob).adopt(beyond, hlc.bottom)).toMatchObject({ kind: 'fork' })
  })

  test('of a replica that is in quarantine; of the others it is', async () => {
    const alice = createTestCore()
    const mallory = createTestCore()
    const { store } = createTestCore()
    const floor = new Map([...foldedFloor(alice), ...foldedFloor(mallory)])
    const dot = { replica: mallory.replica(), counter: 1 }
    store.transact(() => store.quarantine(dot, Uint8Array.of(1)))
    const bob = { ...createTestCore({ wrap: () => store }), store }
    expect(await exchangeOf(bob).adopt(floor, alice.state().clock)).toEqual({ kind: 'adopted' })
    expect([...bob.floor().keys()]).toEqual([alice.replica()])
  })
})
