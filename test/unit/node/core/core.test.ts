import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { schema as makeSchema } from '../../../../crdt/document.ts'
import * as hlc from '../../../../crdt/hybrid-logical-clock.ts'
import type { Value } from '../../../../crdt/value.ts'
import * as change from '../../../../sync/change.ts'
import { draftDelta, type Draft, type DraftDelta } from '../../../../node/core/capability.ts'
import type { Command, CommandResult } from '../../../../node/core/core.ts'
import type { Store } from '../../../../node/core/store.ts'
import { ok } from '../../../../node/result.ts'
import { fail, note, rename, spend, stock, tag, tagsOf, titleOf, unitsOf } from './note.ts'
import { createTestCore, send, temporaryDirectory } from './test-core.ts'

const request = (id: string, fingerprint = 'as asked') => ({ id, fingerprint })

const kindOfResult = (result: CommandResult) =>
  'thrown' in result ? 'thrown' : result.ok ? 'done' : result.refusal.code

describe('a batch of commands', () => {
  test('leaves out the refused and the faulty and does the others', () => {
    const alice = createTestCore()
    const results = alice.execute([
      stock('n', 2)(),
      fail(new Error('a mistake')),
      spend('n', 1)(),
      spend('n', 5)(),
      rename('n', 'milk')(),
    ])
    expect(results.map(kindOfResult)).toEqual([
      'done',
      'thrown',
      'done',
      'quantity_out_of_range',
      'done',
    ])
    expect(unitsOf(alice.read(note, 'n'))).toBe(1)
    expect(titleOf(alice.read(note, 'n'))).toBe('milk')
    expect(alice.log.vector().get(alice.replica())).toBe(3)
  })

  test('shows each rule what those before it did', () => {
    const alice = createTestCore()
    const results = alice.execute([stock('n', 3)(), spend('n', 2)(), spend('n', 2)()])
    expect(results.map(kindOfResult)).toEqual(['done', 'done', 'quantity_out_of_range'])
  })

  test('gives every change a time of its own, later than those before', () => {
    const alice = createTestCore()
    const times = alice
      .execute([tag('n', 'a')(), tag('n', 'b')(), tag('n', 'c')()])
      .map((result) => ('ok' in result && result.ok ? result.value.receipt.hlc : ''))
    expect([...times].sort()).toEqual(times)
    expect(new Set(times).size).toBe(3)
  })

  test('of refusals only leaves log and clock as they were', () => {
    const alice = createTestCore()
    alice.run(stock('n', 1)())
    const before = alice.state()
    alice.clock.ms += 1_000
    alice.execute([spend('n', 2)(), fail(new Error('a mistake'))])
    expect(alice.state()).toBe(before)
  })
})

describe('a rule that makes what no node could read', () => {
  const draftOf = (made: Partial<Draft<Value>>): Command => ({
    actor: 'admin/alice',
    input: undefined,
    decide: () => ok({ type: 'note.broken', deltas: [], answer: null, ...made }),
  })
  const nested = (depth: number): Value => (depth === 0 ? 1 : [nested(depth - 1)])
  const alien = (): DraftDelta => {
    const { deltas } = expectDraft(tag('n', 'a')())
    return { ...deltas[0]!, schema: makeSchema('alien', 1, {}) }
  }
  const expectDraft = ({ decide, input }: Command): Draft<Value> => {
    const alice = createTestCore()
    const decided = decide(
      {
        ...alice,
        replica: alice.replica(),
        lineage: alice.lineage(),
        time: { ...hlc.bottom, replica: alice.replica() },
      },
      input,
    )
    if (!decided.ok) throw new Error('refused')
    return decided.value
  }

  test.each([
    ['a number that is none', () => draftOf({ answer: Number.NaN })],
    ['nesting without end', () => draftOf({ details: nested(40) })],
    ['a document of no registered kind', () => draftOf({ deltas: [alien()] })],
    ['dots of another replica', () => draftOf({ deltas: expectDraft(tag('n', 'a')()).deltas })],
  ])('is a mistake that costs its own command: %s', (_name, commandOf) => {
    const alice = createTestCore()
    const results = alice.execute([commandOf(), tag('n', 'a')()])
    expect(results.map(kindOfResult)).toEqual(['thrown', 'done'])
    expect(alice.isBroken()).toBe(false)
  })
})

test('a delta that says nothing is left out of its change', () => {
  const alice = createTestCore()
  alice.run({
    actor: 'admin/alice',
    input: undefined,
    decide: () =>
      ok({ type: 'note.kept', deltas: [draftDelta(note, 'n', note.bottom)], answer: null }),
  })
  const [bytes] = alice.changes()
  expect(change.decode(bytes!).deltas).toEqual([])
  expect(alice.store.countDocuments()).toBe(0)
})

test('two deltas on one document in one change are one piece of its history', () => {
  const alice = createTestCore()
  const twice: Command = {
    actor: 'admin/alice',
    input: undefined,
    decide: (world) => {
      const first = tag('n', 'a')().decide(world, undefined)
      if (!first.ok) return first
      const delta = first.value.deltas[0]!
      return ok({ ...first.value, deltas: [delta, delta] })
    },
  }
  alice.run(twice)
  expect(tagsOf(alice.read(note, 'n'))).toEqual(['a'])
  expect([...alice.store.readHistory('note', 'n')]).toHaveLength(1)
})

describe('a request', () => {
  test('sent again is answered as it was, and done once', () => {
    const alice = createTestCore()
    const first = alice.run(stock('n', 5)(request('r1')))
    const again = alice.run(stock('n', 5)(request('r1')))
    expect(again).toEqual({ ...first, isRepeat: true })
    expect(unitsOf(alice.read(note, 'n'))).toBe(5)
  })

  test('sent twice in one batch is done once', () => {
    const alice = createTestCore()
    const [first, again] = alice.execute([
      stock('n', 5)(request('r1')),
      stock('n', 5)(request('r1')),
    ])
    expect(first).toMatchObject({ value: { isRepeat: false } })
    expect(again).toMatchObject({ value: { isRepeat: true } })
    expect(unitsOf(alice.read(note, 'n'))).toBe(5)
  })

  test('under the id of another is refused', () => {
    const alice = createTestCore()
    alice.run(stock('n', 5)(request('r1')))
    const [result] = alice.execute([stock('n', 6)(request('r1', 'something else'))])
    expect(result).toMatchObject({ refusal: { code: 'idempotency_key_reused' } })
  })

  test('sent again to another node is answered there as it was here', () => {
    const alice = createTestCore()
    const bob = createTestCore()
    const first = alice.run(stock('n', 5)(request('r1')))
    send(alice, bob)
    expect(bob.run(stock('n', 5)(request('r1')))).toEqual({ ...first, isRepeat: true })
    expect(bob.isAnswered('r1')).toBe(true)
    expect(bob.findReceipt('r1')).toEqual(first.receipt)
  })

  test('that was refused may be sent again and is decided anew', () => {
    const alice = createTestCore()
    expect(alice.execute([spend('n', 1)(request('r1'))]).map(kindOfResult)).toEqual([
      'quantity_out_of_range',
    ])
    alice.run(stock('n', 1)())
    expect(alice.run(spend('n', 1)(request('r1'))).isRepeat).toBe(false)
  })

  test('answered by a change without an answer of ours is refused, not fatal', () => {
    const alice = createTestCore()
    const bob = createTestCore()
    bob.receive([
      change.encode({
        dot: { replica: alice.replica(), counter: 1 },
        time: { wallMs: bob.clock.ms, logical: 0 },
        actor: 'node/later',
        type: 'note.later',
        requests: ['r1'],
        details: null,
        deltas: [],
      }),
    ])
    const results = bob.execute([stock('n', 5)(request('r1')), tag('n', 'a')()])
    expect(results.map(kindOfResult)).toEqual(['idempotency_key_reused', 'done'])
  })
})

describe('when the disk is full', () => {
  const failing = (code: string) => {
    let isFailing = false
    const wrap = (store: Store): Store => ({
      ...store,
      transact: (work) =>
        store.transact(() => {
          const result = work()
          if (isFailing) throw Object.assign(new Error('the disk says no'), { code })
          return result
        }),
    })
    return { wrap, set: (value: boolean) => (isFailing = value) }
  }

  test('nothing of the batch is kept, and the core goes on under a new replica', () => {
    const disk = failing('SQLITE_FULL')
    const alice = createTestCore({ wrap: disk.wrap })
    const bob = createTestCore()
    alice.run(tag('n', 'before')())
    const before = { replica: alice.replica(), digest: alice.digest(), rows: alice.rows() }

    disk.set(true)
    expect(() => alice.execute([tag('n', 'lost')(), tag('m', 'lost')()])).toThrow(
      expect.objectContaining({ code: 'storage_full' }),
    )
    expect(tagsOf(alice.read(note, 'n'))).toEqual(['before'])
    expect(alice.exists(note, 'm')).toBe(false)
    expect({ digest: alice.digest(), rows: alice.rows() }).toMatchObject({
      digest: before.digest,
      rows: before.rows,
    })
    expect(alice.replica()).not.toBe(before.replica)
    expect(alice.isBroken()).toBe(false)

    disk.set(false)
    alice.run(tag('n', 'after')())
    send(alice, bob)
    expect(tagsOf(bob.read(note, 'n'))).toEqual(['after', 'before'])
    expect(bob.digest()).toBe(alice.digest())
  })

  test('a batch of a peer can be sent again', () => {
    const disk = failing('SQLITE_FULL')
    const alice = createTestCore({ wrap: disk.wrap })
    const bob = createTestCore()
    bob.run(tag('n', 'a')())
    disk.set(true)
    expect(() => alice.receive(bob.changes())).toThrow(
      expect.objectContaining({ code: 'storage_full' }),
    )
    disk.set(false)
    expect(alice.receive(bob.changes())).toMatchObject({ taken: 1, problems: [] })
    expect(alice.digest()).toBe(bob.digest())
  })

  test('any other failure breaks the core for good', () => {
    const disk = failing('SQLITE_IOERR_FSYNC')
    const alice = createTestCore({ wrap: disk.wrap })
    disk.set(true)
    expect(() => alice.execute([tag('n', 'a')()])).toThrow(
      expect.objectContaining({ code: 'storage_failed' }),
    )
    disk.set(false)
    expect(alice.isBroken()).toBe(true)
    expect(() => alice.execute([tag('n', 'a')()])).toThrow(
      expect.objectContaining({ code: 'storage_failed' }),
    )
    expect(() => alice.receive([])).toThrow(expect.objectContaining({ code: 'storage_failed' }))
  })

  test('a failure of the store inside a rule is no mistake of the rule', () => {
    const alice = createTestCore()
    const failure = Object.assign(new Error('the disk says no'), { code: 'SQLITE_IOERR_READ' })
    expect(() => alice.execute([fail(failure)])).toThrow(
      expect.objectContaining({ code: 'storage_failed' }),
    )
  })
})

describe('a restart', () => {
  test('mints a new replica and goes on from what was kept', () => {
    const file = join(temporaryDirectory(), 'atoll.db')
    const first = createTestCore({ file })
    first.run(tag('n', 'a')())
    const kept = { digest: first.digest(), rows: first.rows(), state: first.state() }
    first.store.close()

    const second = createTestCore({ file })
    expect(second.replica()).not.toBe(first.replica())
    expect({ digest: second.digest(), rows: second.rows() }).toEqual({
      digest: kept.digest,
      rows: kept.rows,
    })
    expect(second.state().clock).toEqual(kept.state.clock)
    second.run(tag('n', 'b')())
    expect([...second.log.vector().values()]).toEqual([1, 1])
  })

  test('with the wall clock set back still gives later times', () => {
    const file = join(temporaryDirectory(), 'atoll.db')
    const first = createTestCore({ file, startMs: 1_000_000 })
    const before = first.run(tag('n', 'a')()).receipt.hlc
    first.store.close()
    const second = createTestCore({ file, startMs: 1 })
    expect(second.run(tag('n', 'b')()).receipt.hlc > before).toBe(true)
  })

  test('continues the clock that a peer has moved', () => {
    const file = join(temporaryDirectory(), 'atoll.db')
    const ahead = createTestCore({ startMs: 50_000 })
    const stamp = ahead.run(tag('n', 'a')()).receipt.hlc
    const first = createTestCore({ file, startMs: 1_000 })
    send(ahead, first)
    first.store.close()
    const second = createTestCore({ file, startMs: 1_000 })
    expect(second.run(tag('n', 'b')()).receipt.hlc > stamp).toBe(true)
  })
})

test('a clock that tells fractions gives changes times of whole milliseconds', () => {
  const alice = createTestCore({ startMs: 1_000.75 })
  alice.run(tag('n', 'a')())
  expect(alice.state().clock).toEqual({ wallMs: 1_000, logical: 0 })
})

test('documents that were changed are told once they are durable', () => {
  const told: string[][] = []
  const alice = createTestCore({ committed: (changed) => told.push(changed.map(({ id }) => id)) })
  alice.execute([tag('n', 'a')(), tag('m', 'a')(), tag('n', 'b')(), spend('n', 1)()])
  alice.execute([spend('n', 1)()])
  expect(told).toEqual([['n', 'm']])
})

test('reading more documents than the cache holds does not fill the memory', () => {
  const alice = createTestCore()
  alice.run(tag('kept', 'a')())
  for (let index = 0; index < 10_000; index++) alice.read(note, `n${index}`)
  alice.run(tag('kept', 'b')())
  expect(tagsOf(alice.read(note, 'kept'))).toEqual(['a', 'b'])
})
