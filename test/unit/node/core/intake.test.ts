import { describe, expect, test } from 'vitest'
import * as causalContext from '../../../../crdt/causal-context.ts'
import { dotKey, type ReplicaId } from '../../../../crdt/dot.ts'
import * as hlc from '../../../../crdt/hybrid-logical-clock.ts'
import * as change from '../../../../sync/change.ts'
import type { Change } from '../../../../sync/change.ts'
import { note, rename, tag, tagsOf } from './note.ts'
import { createTestCore, send, type TestCore } from './test-core.ts'

const madeBy = (core: TestCore, count: number): readonly Uint8Array[] => {
  for (let index = 0; index < count; index++) core.run(tag('n', `${index}`)())
  return core.changes()
}

const rewrite = (bytes: Uint8Array, edit: (made: Change) => Partial<Change>): Uint8Array => {
  const made = change.decode(bytes)
  return change.encode({ ...made, ...edit(made) })
}

test('what is new is taken in order, and what is known is passed over', () => {
  const alice = createTestCore()
  const bob = createTestCore()
  const changes = madeBy(alice, 3)
  expect(bob.receive(changes.slice(0, 2))).toEqual({ taken: 2, alreadyKnown: 0, problems: [] })
  expect(bob.receive([...changes, ...changes])).toEqual({
    taken: 1,
    alreadyKnown: 5,
    problems: [],
  })
  expect(bob.digest()).toBe(alice.digest())
  expect(bob.log.heads()).toEqual(alice.log.heads())
})

test('a gap stops its replica and no other', () => {
  const alice = createTestCore()
  const bob = createTestCore()
  const carol = createTestCore()
  const [first, , third] = madeBy(alice, 3)
  const [other] = madeBy(bob, 1)
  const dot = { replica: alice.replica(), counter: 3 }
  expect(carol.receive([first!, third!, third!, other!])).toEqual({
    taken: 2,
    alreadyKnown: 0,
    problems: [{ kind: 'gap', dot }],
  })
})

test('nothing is taken after bytes that are no change, or not as they were written', () => {
  const [alice, bob] = [createTestCore(), createTestCore()]
  alice.run(rename('n', 'milk')())
  alice.run(rename('n', 'bread')())
  const [first, second] = alice.changes()
  const flipped = Uint8Array.from(second!)
  flipped[20]! ^= 1
  for (const wrong of [flipped, new Uint8Array()]) {
    const report = bob.receive([first!, wrong, second!])
    expect(report.taken + report.alreadyKnown).toBe(1)
    expect(report.problems).toMatchObject([{ kind: 'corrupt' }])
  }
  expect(bob.receive([second!])).toMatchObject({ taken: 1, problems: [] })
  expect(bob.digest()).toBe(alice.digest())
})

describe('a change from the future', () => {
  test('is held back with all that follow it, and leaves the clock where it was', () => {
    const alice = createTestCore()
    const bob = createTestCore()
    const [now] = madeBy(alice, 1)
    alice.clock.ms += hlc.driftMsMax + 5
    alice.run(tag('n', 'later')())
    alice.run(tag('n', 'later still')())
    bob.receive([now!])
    const before = bob.state().clock
    expect(bob.receive(alice.changes())).toMatchObject({
      taken: 0,
      alreadyKnown: 1,
      problems: [
        { kind: 'too_far_ahead', dot: { replica: alice.replica(), counter: 2 }, aheadMs: 60_005 },
      ],
    })
    expect(bob.state().clock).toEqual(before)
  })

  test('holds back what may be its effect, even when the time of that has come', () => {
    const alice = createTestCore()
    const bob = createTestCore()
    const carol = createTestCore()
    alice.clock.ms += hlc.driftMsMax + 5
    const [cause] = madeBy(alice, 1)
    carol.clock.ms += hlc.driftMsMax
    carol.receive([cause!])
    const effect = madeBy(carol, 1).at(-1)!
    const [held] = bob.receive([cause!]).problems
    if (held?.kind !== 'too_far_ahead') throw new Error('The cause is held')
    // Time comes up with both, and the stream goes on before it is asked for anew.
    bob.clock.ms += 100
    expect(bob.receive([effect], { heldFrom: held.time })).toMatchObject({
      taken: 0,
      problems: [{ kind: 'too_far_ahead', dot: { replica: carol.replica() } }],
    })
    expect(bob.receive([cause!, effect])).toMatchObject({ taken: 2, problems: [] })
  })

  test('leaves alone what is earlier, and so no effect of it', () => {
    const alice = createTestCore()
    const bob = createTestCore()
    const carol = createTestCore()
    alice.clock.ms += hlc.driftMsMax + 5
    const [held] = bob.receive(madeBy(alice, 1)).problems
    if (held?.kind !== 'too_far_ahead') throw new Error('The change is held')
    expect(bob.receive(madeBy(carol, 1), { heldFrom: held.time })).toMatchObject({
      taken: 1,
      problems: [],
    })
  })

  test('is taken when its time has come', () => {
    const alice = createTestCore()
    const bob = createTestCore()
    alice.clock.ms += hlc.driftMsMax + 5
    const changes = madeBy(alice, 2)
    bob.receive(changes)
    bob.clock.ms += 5
    expect(bob.receive(changes)).toMatchObject({ taken: 2, problems: [] })
    expect(bob.state().clock).toEqual(alice.state().clock)
  })
})

test('a bit that flipped on our own disk is no second history', () => {
  const alice = createTestCore()
  const bob = createTestCore({
    wrap: (store) => ({
      ...store,
      readChange: (dot) => {
        const stored = store.readChange(dot)
        const bytes = stored?.bytes.slice()
        if (bytes) bytes[bytes.length - 9]! ^= 1
        return stored && bytes ? { ...stored, bytes } : stored
      },
    }),
  })
  const changes = madeBy(alice, 2)
  bob.receive(changes)
  expect(bob.receive(changes)).toEqual({ taken: 0, alreadyKnown: 2, problems: [] })
  expect(bob.store.readQuarantine()).toEqual(new Set())
})

describe('two histories under one replica', () => {
  const forked = () => {
    const alice = createTestCore()
    const bob = createTestCore()
    const [first] = madeBy(alice, 1)
    alice.run(rename('n', 'ours')())
    const theirs = rewrite(alice.changes()[1]!, () => ({ type: 'note.forged' }))
    const after = rewrite(theirs, ({ dot }) => ({ dot: { ...dot, counter: 3 } }))
    return { alice, bob, first: first!, theirs, after }
  }

  test('are found, and nothing more is taken of either, ever', () => {
    const { alice, bob, theirs, after } = forked()
    send(alice, bob)
    const { digest } = bob.log
    const before = digest()
    const dot = { replica: alice.replica(), counter: 2 }
    expect(bob.receive([theirs, after])).toMatchObject({ problems: [{ kind: 'fork', dot }] })
    expect(bob.receive([after])).toMatchObject({
      taken: 0,
      problems: [{ kind: 'quarantined', replica: alice.replica() }],
    })
    expect(digest()).toBe(before)
    expect([...bob.store.readQuarantine()]).toEqual([alice.replica()])
  })

  test('are found where only what they continue tells, though the numbers follow', () => {
    const { alice, bob, theirs, after } = forked()
    send(alice, bob)
    const carol = createTestCore()
    const [first, ours] = alice.changes()
    carol.receive([first!, ours!])
    const continued = (link: Uint8Array) => ({ continued: new Map([[dotKey(dot), link]]) })
    const dot = { replica: alice.replica(), counter: 3 }
    const link = change.chainHash(change.chainHash(change.chainStart, first!), theirs)
    expect(bob.receive([after], continued(link))).toMatchObject({
      taken: 0,
      problems: [{ kind: 'fork', dot }],
    })
    expect([...bob.store.readQuarantine()]).toEqual([alice.replica()])
    // What continues our own history is taken.
    const head = carol.state().heads.get(alice.replica())!
    expect(carol.receive([after], continued(head.hash))).toMatchObject({ taken: 1, problems: [] })
  })

  test('are found inside one batch', () => {
    const { alice, bob, first, theirs } = forked()
    expect(bob.receive([first, theirs, alice.changes()[1]!])).toMatchObject({
      taken: 2,
      problems: [{ kind: 'fork' }],
    })
  })

  test('one of which is ours make us take another name', () => {
    const { alice, first, theirs, after } = forked()
    const before = alice.replica()
    expect(alice.receive([first, theirs])).toMatchObject({ problems: [{ kind: 'fork' }] })
    expect(alice.replica()).not.toBe(before)
    expect(alice.receive([after])).toMatchObject({ problems: [{ kind: 'quarantined' }] })
    alice.run(tag('n', 'under another name')())
  })

  test('are found when somebody goes on under our name', () => {
    const { alice, after } = forked()
    const before = alice.replica()
    expect(alice.receive([after])).toMatchObject({ taken: 0, problems: [{ kind: 'fork' }] })
    expect(alice.replica()).not.toBe(before)
  })
})

describe('a change that its replica cannot have made', () => {
  const forge = (from: TestCore, dots: readonly [ReplicaId, number][]) => {
    const [bytes] = madeBy(from, 1)
    return rewrite(bytes!, ({ deltas }) => {
      const delta = note.decode(deltas[0]!.bytes)
      const claimed = dots.map(([replica, counter]) => ({ replica, counter }))
      const context = causalContext.join(delta.context, causalContext.of(...claimed))
      return { deltas: [{ ...deltas[0]!, bytes: note.encode({ ...delta, context }) }] }
    })
  }

  test('writes under dots of another', () => {
    const alice = createTestCore()
    const bob = createTestCore()
    const [bytes] = madeBy(alice, 1)
    const stolen = rewrite(bytes!, ({ dot }) => ({
      dot: { ...dot, replica: createTestCore().replica() },
    }))
    expect(bob.receive([stolen])).toMatchObject({ taken: 0, problems: [{ kind: 'corrupt' }] })
    expect(bob.exists(note, 'n')).toBe(false)
  })

  test.each([1, 7])('has seen what we never wrote, dot %i', (counter) => {
    const alice = createTestCore()
    const bob = createTestCore()
    const forged = forge(alice, [[bob.replica(), counter]])
    expect(bob.receive([forged])).toMatchObject({ taken: 0, problems: [{ kind: 'corrupt' }] })
    bob.run(tag('n', 'mine')())
    expect(tagsOf(bob.read(note, 'n'))).toEqual(['mine'])
  })

  test('has seen what we did write, and so is honest', () => {
    const alice = createTestCore()
    const bob = createTestCore()
    bob.run(tag('n', '0')())
    send(bob, alice)
    alice.run(tag('n', '0')())
    expect(bob.receive(alice.changes())).toMatchObject({ taken: 1, problems: [] })
  })
})

describe('a change that only a later release understands', () => {
  test('is kept and forwarded as it is, and what is known of it applies', () => {
    const alice = createTestCore()
    const bob = createTestCore()
    const carol = createTestCore()
    const [bytes] = madeBy(alice, 1)
    const later = rewrite(bytes!, ({ deltas }) => ({
      deltas: [
        { kind: 'hologram', id: 'h', bytes: Uint8Array.of(1, 2, 3) },
        { kind: 'note', id: 'unknown field', bytes: Uint8Array.of(1, 0, 1, 99, 0) },
        ...deltas,
      ],
    }))
    expect(bob.receive([later])).toEqual({ taken: 1, alreadyKnown: 0, problems: [] })
    expect(tagsOf(bob.read(note, 'n'))).toEqual(['0'])
    expect(bob.store.countDocuments()).toBe(1)
    send(bob, carol)
    expect(carol.changes().map((bytes) => new Uint8Array(bytes))).toEqual([later])
  })
})

test('a document that arrived in the wrong order exists', () => {
  const alice = createTestCore()
  const bob = createTestCore()
  const carol = createTestCore()
  alice.run(tag('n', 'first')())
  send(alice, bob)
  bob.run(tag('n', 'second')())
  // Carol hears of the second dot of nobody, and of bob's before alice's.
  const [, bobs] = bob.changes()
  const alone = rewrite(bobs!, ({ deltas }) => {
    const delta = note.decode(deltas[0]!.bytes)
    const beyond = causalContext.of({ replica: alice.replica(), counter: 5 })
    return {
      deltas: [{ ...deltas[0]!, bytes: note.encode({ ...note.bottom, context: beyond }) }],
      details: delta.context.vector.size,
    }
  })
  carol.receive([alone])
  expect(carol.exists(note, 'n')).toBe(true)
})
