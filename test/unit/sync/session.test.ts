/** The session machine, event by event, without a network. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { proofKeysOf, type Role } from '../../../sync/auth.ts'
import * as changes from '../../../sync/change.ts'
import type { Effect, LocalEvent } from '../../../sync/event.ts'
import * as frames from '../../../sync/frame.ts'
import type { Frame } from '../../../sync/frame.ts'
import * as limits from '../../../sync/limits.ts'
import { receive, step } from '../../../sync/session.ts'
import { begin, type Session, type SessionConfig, type Step } from '../../../sync/session-state.ts'
import { anyFrame } from './frame-samples.ts'
import { replicaOf } from './memory-log.ts'

const alice = replicaOf(1)
const bob = replicaOf(2)
const carol = replicaOf(3)
const noReport = { taken: 0, alreadyKnown: 0, problems: [] }

const configOf = (name: string, options: Partial<SessionConfig> = {}): SessionConfig => ({
  role: name === 'alice' ? 'initiator' : 'acceptor',
  name,
  replica: name === 'alice' ? alice : bob,
  addresses: [],
  nonce: new Uint8Array(32).fill(name.length),
  keys: proofKeysOf(new Uint8Array(32)),
  schemas: new Map([['product', 1]]),
  ...options,
})

const sentBy = ({ effects }: Step): Frame[] =>
  effects.flatMap((effect) => (effect.kind === 'send' ? [effect.frame] : []))

const effectOf = <K extends Effect['kind']>(
  { effects }: Step,
  kind: K,
): Extract<Effect, { kind: K }> | undefined =>
  effects.find((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind)

const tell = (session: Session, frame: Frame, nowMs = 0): Step =>
  receive(session, frames.encode(frame), nowMs)

/** Tells all of it, in order; gives the last step, with the effects of all. */
const play = (session: Session, events: readonly (LocalEvent | Frame)[], nowMs = 0): Step => {
  let all: Step = { session, effects: [] }
  for (const event of events) {
    const next = isFrame(event) ? tell(all.session, event, nowMs) : step(all.session, event, nowMs)
    all = { session: next.session, effects: [...all.effects, ...next.effects] }
  }
  return all
}

const frameKinds: ReadonlySet<string> = new Set<Frame['kind']>([
  'hello',
  'prove',
  'ready',
  'changes',
  'ack',
  'want',
  'beat',
  'peers',
  'fork',
  'refuse',
])
const isFrame = (event: LocalEvent | Frame): event is Frame => frameKinds.has(event.kind)

const helloFrom = (name: string, options?: Partial<SessionConfig>): Frame => {
  const [hello] = sentBy(step(begin(configOf(name, options), 0), { kind: 'opened' }, 0))
  if (!hello) throw new Error('No hello was sent')
  return hello
}

/** Alice's session up to where bob has proved himself. */
const proven = (): Session => {
  const bobSide = tell(begin(configOf('bob'), 0), helloFrom('alice'))
  const aliceSide = tell(begin(configOf('alice'), 0), helloFrom('bob'))
  const [proof] = sentBy(bobSide)
  if (!proof) throw new Error('No proof was sent')
  return tell(aliceSide.session, proof).session
}

const ready = (counters: Readonly<Record<string, number>> = {}): Frame => ({
  kind: 'ready',
  heads: new Map(
    [alice, bob, carol].flatMap((replica) => {
      const counter = counters[replica]
      return counter === undefined
        ? []
        : [[replica, { counter, hash: new Uint8Array(32) }] as const]
    }),
  ),
  digest: 'aa',
  schemas: new Map([['product', 1]]),
})

/** Alice's session, live, with bob at `counters` and her log at its start. */
const live = (counters: Readonly<Record<string, number>> = {}, logEnd = 0): Step =>
  play(proven(), [
    { kind: 'admitted', heads: new Map(), digest: 'bb' },
    ready(counters),
    { kind: 'heads_compared', forks: [], vector: new Map() },
    { kind: 'sought', position: 0, end: logEnd },
  ])

const changeOf = (replica: typeof alice, counter: number, bytes = 10): Uint8Array =>
  changes.encode({
    dot: { replica, counter },
    time: { wallMs: 1, logical: 0 },
    actor: 'admin/alice',
    type: 'product.renamed',
    requests: [],
    details: 'x'.repeat(bytes),
    deltas: [],
  })

const changesFrom = (offset: number, ...list: readonly Uint8Array[]): Frame => ({
  kind: 'changes',
  run: 0,
  offset,
  changes: list,
})

const entry = (replica: typeof alice, counter: number, bytes?: number) => ({
  dot: { replica, counter },
  wallMs: 1,
  bytes: changeOf(replica, counter, bytes),
})

describe('the greeting', () => {
  test('ends live when both have the key', () => {
    expect(proven().state).toBe('awaiting_admission')
    expect(live().session.state).toBe('live')
  })

  test('with another key is refused with a code that says so', () => {
    const other = proofKeysOf(new Uint8Array(32).fill(9))
    const bobSide = tell(begin(configOf('bob', { keys: other }), 0), helloFrom('alice'))
    const aliceSide = tell(begin(configOf('alice'), 0), helloFrom('bob'))
    const outcome = play(aliceSide.session, sentBy(bobSide))
    expect(sentBy(outcome)).toMatchObject([{ kind: 'refuse', code: 'bad_cluster_key' }])
    expect(effectOf(outcome, 'close')).toMatchObject({ problem: { code: 'bad_cluster_key' } })
    expect(effectOf(outcome, 'admit')).toBeUndefined()
  })

  test('does not take our own proof for the peer’s', () => {
    const aliceSide = tell(begin(configOf('alice'), 0), helloFrom('bob'))
    const reflected = play(aliceSide.session, sentBy(aliceSide))
    expect(effectOf(reflected, 'close')).toMatchObject({ problem: { code: 'bad_cluster_key' } })
  })

  test('does not take a proof from another session', () => {
    const [replayed] = sentBy(
      tell(begin(configOf('bob'), 0), helloFrom('alice', { nonce: new Uint8Array(32).fill(77) })),
    )
    const aliceSide = tell(begin(configOf('alice'), 0), helloFrom('bob'))
    if (!replayed) throw new Error('No proof was sent')
    const outcome = tell(aliceSide.session, replayed)
    expect(effectOf(outcome, 'close')).toMatchObject({ problem: { code: 'bad_cluster_key' } })
  })

  test('with oneself is refused', () => {
    const outcome = tell(begin(configOf('alice'), 0), helloFrom('alice'))
    expect(effectOf(outcome, 'close')).toMatchObject({ problem: { code: 'self' } })
  })

  test('with a version that is not ours is refused', () => {
    const hello = helloFrom('bob')
    if (hello.kind !== 'hello') throw new Error('Not a hello')
    const outcome = tell(begin(configOf('alice'), 0), { ...hello, versions: { from: 2, to: 3 } })
    expect(effectOf(outcome, 'close')).toMatchObject({ problem: { code: 'bad_version' } })
    const newer = tell(begin(configOf('alice'), 0), { ...hello, versions: { from: 1, to: 3 } })
    expect(newer.session.peer?.version).toBe(1)
  })

  test('may take five seconds and no longer, whatever is sent meanwhile', () => {
    const session = tell(begin(configOf('alice'), 0), helloFrom('bob'), 4_900).session
    expect(step(session, { kind: 'ticked' }, 5_000).session.state).toBe('awaiting_proof')
    expect(effectOf(step(session, { kind: 'ticked' }, 5_001), 'close')).toMatchObject({
      problem: { code: 'late' },
    })
  })

  test('gives a stranger one kibibyte', () => {
    const outcome = receive(begin(configOf('alice'), 0), new Uint8Array(1_025), 0)
    expect(effectOf(outcome, 'close')).toMatchObject({ problem: { code: 'protocol_violation' } })
  })

  test('takes nothing but the greeting before the proof', () => {
    for (const session of [
      begin(configOf('alice'), 0),
      tell(begin(configOf('alice'), 0), helloFrom('bob')).session,
    ]) {
      for (const frame of [ready(), changesFrom(0, changeOf(bob, 1))]) {
        const outcome = tell(session, frame)
        expect(outcome.session.state).toBe('closed')
        expect(effectOf(outcome, 'apply')).toBeUndefined()
      }
    }
  })
})

describe('whatever comes', () => {
  test('it is a step, and a closed session stays closed and silent', () => {
    const starts = [begin(configOf('alice'), 0), proven(), live().session]
    fc.assert(
      fc.property(
        fc.constantFrom(...starts),
        fc.array(fc.oneof(anyFrame.map(frames.encode), fc.uint8Array()), { maxLength: 8 }),
        (start, messages) => {
          let session = start
          for (const bytes of messages) {
            const next = receive(session, bytes, 1)
            const isStill = next.session === session && next.effects.length === 0
            expect(session.state !== 'closed' || isStill).toBe(true)
            session = next.session
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('what is sent', () => {
  test('is our log from where the peer stands, without what it has', () => {
    const start = live({ [bob]: 5 }, 3)
    expect(effectOf(start, 'seek')?.vector).toEqual(new Map([[bob, 5]]))
    const outcome = step(
      start.session,
      {
        kind: 'log_read',
        position: 0,
        slice: { entries: [entry(bob, 5), entry(alice, 1), entry(bob, 6)], next: 3 },
        end: 3,
      },
      0,
    )
    expect(sentBy(outcome)).toEqual([changesFrom(0, changeOf(alice, 1), changeOf(bob, 6))])
    expect(effectOf(outcome, 'read_log')).toBeUndefined()
  })

  test('does not go back to where it came from', () => {
    const start = play(live().session, [changesFrom(0, changeOf(bob, 1))])
    const outcome = play(start.session, [
      { kind: 'applied', report: { ...noReport, taken: 1 }, vector: new Map([[bob, 1]]) },
      { kind: 'log_grew', end: 1 },
      { kind: 'log_read', position: 0, slice: { entries: [entry(bob, 1)], next: 1 }, end: 1 },
    ])
    expect(sentBy(outcome).map(({ kind }) => kind)).toEqual(['ack'])
  })

  test('starts anew where the peer wants it, and an older read is of no account', () => {
    const vector = new Map([[alice, 1]])
    const outcome = play(live({}, 2).session, [
      { kind: 'want', run: 1, vector },
      { kind: 'log_read', position: 0, slice: { entries: [entry(alice, 1)], next: 1 }, end: 2 },
      { kind: 'sought', position: 1, end: 2 },
      { kind: 'log_read', position: 1, slice: { entries: [entry(alice, 2)], next: 2 }, end: 2 },
    ])
    expect(effectOf(outcome, 'seek')?.vector).toEqual(vector)
    expect(sentBy(outcome)).toEqual([{ ...changesFrom(0, changeOf(alice, 2)), run: 1 }])
  })

  test('is split so that each frame is within its limit', () => {
    const entries = [1, 2, 3].map((counter) => entry(alice, counter, 200_000))
    const outcome = step(
      live({}, 3).session,
      { kind: 'log_read', position: 0, slice: { entries, next: 3 }, end: 3 },
      0,
    )
    const sent = sentBy(outcome)
    expect(sent).toHaveLength(3)
    for (const frame of sent)
      expect(frames.encode(frame).length).toBeLessThanOrEqual(limits.frameBytesMax)
  })

  test('stops at a change that no frame can carry, for its replica alone', () => {
    const entries = [entry(alice, 1, limits.frameBytesMax), entry(carol, 1), entry(alice, 2)]
    const outcome = step(
      live({}, 3).session,
      { kind: 'log_read', position: 0, slice: { entries, next: 3 }, end: 3 },
      0,
    )
    expect(sentBy(outcome)).toEqual([changesFrom(0, changeOf(carol, 1))])
    expect(effectOf(outcome, 'report')).toMatchObject({ problem: { code: 'unsendable' } })
  })

  test('must not be acknowledged before it was sent', () => {
    const outcome = tell(live().session, { kind: 'ack', offset: 1, vector: new Map() })
    expect(outcome.session.state).toBe('closed')
  })
})

describe('what is taken', () => {
  test('is acknowledged once it is durable, and several frames share one batch', () => {
    const [one, two, three] = [1, 2, 3].map((counter) => changeOf(bob, counter))
    if (!one || !two || !three) throw new Error('Three changes')
    const start = play(live().session, [
      changesFrom(0, one),
      changesFrom(one.length, two),
      changesFrom(one.length + two.length, three),
    ])
    const applies = start.effects.filter(({ kind }) => kind === 'apply')
    expect(applies).toEqual([{ kind: 'apply', changes: [one] }])
    expect(sentBy(start)).toEqual([])
    const vector = new Map([[bob, 1]])
    const next = play(start.session, [{ kind: 'applied', report: noReport, vector }])
    expect(sentBy(next)).toEqual([{ kind: 'ack', offset: one.length, vector }])
    expect(effectOf(next, 'apply')?.changes).toEqual([two, three])
  })

  test('once is passed over when it comes twice', () => {
    const frame = changesFrom(0, changeOf(bob, 1))
    const outcome = play(live().session, [frame, frame])
    expect(outcome.effects.filter(({ kind }) => kind === 'apply')).toHaveLength(1)
    expect(outcome.session.state).toBe('live')
  })

  test('with a hole is asked for anew', () => {
    const lost = changeOf(bob, 1)
    const outcome = play(live().session, [
      changesFrom(lost.length, changeOf(bob, 2)),
      { kind: 'applied', report: noReport, vector: new Map() },
    ])
    expect(effectOf(outcome, 'apply')?.changes).toEqual([])
    expect(sentBy(outcome).map(({ kind }) => kind)).toEqual(['ack', 'want'])
    expect(effectOf(outcome, 'report')).toMatchObject({ problem: { code: 'gap' } })
  })

  test('stops the reading of the socket when too much waits, and goes on later', () => {
    let { session } = live()
    let offset = 0
    let paused = 0
    for (let counter = 1; !session.inbox.paused; counter++) {
      const change = changeOf(bob, counter, 200_000)
      const next = tell(session, changesFrom(offset, change))
      offset += change.length
      paused += next.effects.filter(({ kind }) => kind === 'pause').length
      session = next.session
      expect(session.inbox.waitingBytes).toBeLessThan(
        limits.receivedBytesMax + limits.frameBytesMax,
      )
    }
    expect(paused).toBe(1)
    let resumed = 0
    for (let batch = 0; batch < 20; batch++) {
      const next = step(session, { kind: 'applied', report: noReport, vector: new Map() }, 60_000)
      resumed += next.effects.filter(({ kind }) => kind === 'resume').length
      session = next.session
    }
    expect(resumed).toBe(1)
    // The time in which we did not listen is not the peer's silence.
    expect(step(session, { kind: 'ticked' }, 60_001).session.state).toBe('live')
  })

  test('of a quarantined replica is dropped, the rest goes on', () => {
    const outcome = play(live().session, [
      { kind: 'fork', dot: { replica: carol, counter: 3 } },
      changesFrom(0, changeOf(carol, 4), changeOf(bob, 1)),
    ])
    expect(effectOf(outcome, 'apply')?.changes).toEqual([changeOf(bob, 1)])
    expect(effectOf(outcome, 'report')).toMatchObject({ problem: { code: 'fork' } })
  })

  test('a fork that the intake finds is told to the peer', () => {
    const dot = { replica: carol, counter: 1 }
    const outcome = play(live().session, [
      changesFrom(0, changeOf(carol, 1)),
      {
        kind: 'applied',
        report: { ...noReport, problems: [{ kind: 'fork', dot }] },
        vector: new Map(),
      },
    ])
    expect(sentBy(outcome).map(({ kind }) => kind)).toEqual(['fork', 'ack'])
    expect(outcome.session.quarantined).toEqual(new Set([carol]))
  })

  test('a corrupt change ends the session', () => {
    const outcome = play(live().session, [
      changesFrom(0, changeOf(bob, 1)),
      {
        kind: 'applied',
        report: { ...noReport, problems: [{ kind: 'corrupt', detail: 'A checksum is wrong' }] },
        vector: new Map(),
      },
    ])
    expect(sentBy(outcome)).toMatchObject([{ kind: 'refuse', code: 'corrupt_change' }])
  })
})

describe('the clock', () => {
  test('brings a beat every two seconds and an end after ten of silence', () => {
    const { session } = live()
    expect(effectOf(step(session, { kind: 'ticked' }, 1_999), 'measure')).toBeUndefined()
    expect(effectOf(step(session, { kind: 'ticked' }, 2_000), 'measure')).toBeDefined()
    const silent = step(session, { kind: 'ticked' }, 10_001)
    expect(effectOf(silent, 'close')).toMatchObject({ problem: { code: 'silent' } })
  })

  test('asks again for what was too far ahead, and not at every frame', () => {
    const ahead = {
      kind: 'too_far_ahead',
      dot: { replica: bob, counter: 1 },
      aheadMs: 61_000,
    } as const
    const gap = { kind: 'gap', dot: { replica: bob, counter: 2 } } as const
    const held = play(live().session, [
      changesFrom(0, changeOf(bob, 1), changeOf(bob, 2)),
      { kind: 'applied', report: { ...noReport, problems: [ahead, gap] }, vector: new Map() },
    ])
    expect(sentBy(held).map(({ kind }) => kind)).toEqual(['ack'])
    expect(held.session.inbox.heldChanges).toBe(2)
    const early = step({ ...held.session, lastHeardMs: 4_000 }, { kind: 'ticked' }, 4_999)
    expect(effectOf(early, 'apply')).toBeUndefined()
    const later = step(held.session, { kind: 'ticked' }, 5_000)
    expect(effectOf(later, 'apply')?.changes).toEqual([])
    const wanted = step(
      later.session,
      { kind: 'applied', report: noReport, vector: new Map() },
      5_000,
    )
    expect(sentBy(wanted)).toMatchObject([{ kind: 'want', run: 1 }])
    expect(wanted.session.inbox.heldChanges).toBe(0)
  })
})

test('both roles run the same machine', () => {
  const roles: Role[] = ['initiator', 'acceptor']
  for (const role of roles) {
    expect(sentBy(step(begin(configOf('bob', { role }), 0), { kind: 'opened' }, 0))).toHaveLength(1)
  }
})
