/** The session machine, event by event, without a network. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { proofKeysOf, type Role } from '../../../sync/auth.ts'
import * as changes from '../../../sync/change.ts'
import type { ReplicaId } from '../../../crdt/dot.ts'
import type { VersionVector } from '../../../crdt/version-vector.ts'
import type { JoinProblem } from '../../../sync/document-exchange.ts'
import { keyEnd } from '../../../sync/document-index.ts'
import type { Effect, LocalEvent } from '../../../sync/event.ts'
import * as frames from '../../../sync/frame.ts'
import type { Frame } from '../../../sync/frame.ts'
import * as limits from '../../../sync/limits.ts'
import { fingerprintsOf } from '../../../sync/ranges.ts'
import { receive, step } from '../../../sync/session.ts'
import { begin, type Session, type SessionConfig, type Step } from '../../../sync/session-state.ts'
import { builtIndexOf, indexOf } from './document-sets.ts'
import { anyFrame, anyPullFrame, golden } from './frame-samples.ts'
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
  versionMax: 3,
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

const frameKinds: ReadonlySet<string> = new Set(Object.keys(golden))
const isFrame = (event: LocalEvent | Frame): event is Frame => frameKinds.has(event.kind)

const helloFrom = (name: string, options?: Partial<SessionConfig>): Frame => {
  const [hello] = sentBy(step(begin(configOf(name, options), 0), { kind: 'opened' }, 0))
  if (!hello) throw new Error('No hello was sent')
  return hello
}

/** A floor under which nothing was folded. */
const none: VersionVector = new Map()

/** Alice's session up to where bob has proved himself. */
const proven = (options: Partial<SessionConfig> = {}): Session => {
  const bobSide = tell(begin(configOf('bob', options), 0), helloFrom('alice', options))
  const aliceSide = tell(begin(configOf('alice', options), 0), helloFrom('bob', options))
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
  floor: new Map(),
  digest: 'aa',
  schemas: new Map([['product', 1]]),
})

/** Alice's session, live, with bob at `counters` and her log at its start. */
const live = (
  counters: Readonly<Record<string, number>> = {},
  logEnd = 0,
  options: Partial<SessionConfig> = {},
): Step =>
  play(proven(options), [
    { kind: 'admitted', heads: new Map(), floor: new Map(), digest: 'bb' },
    ready(counters),
    { kind: 'heads_compared', forks: [], vector: new Map() },
    { kind: 'sought', position: 0, end: logEnd, below: undefined },
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
  continued: new Map(),
  changes: list,
})

const entry = (replica: typeof alice, counter: number, bytes?: number) => ({
  dot: { replica, counter },
  wallMs: 1,
  bytes: changeOf(replica, counter, bytes),
  hash: new Uint8Array(32).fill(counter),
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
    const outcome = tell(begin(configOf('alice'), 0), { ...hello, versions: { from: 4, to: 5 } })
    expect(effectOf(outcome, 'close')).toMatchObject({ problem: { code: 'bad_version' } })
    const newer = tell(begin(configOf('alice'), 0), { ...hello, versions: { from: 1, to: 4 } })
    expect(newer.session.peer?.version).toBe(3)
    const older = tell(begin(configOf('alice', { versionMax: 1 }), 0), hello)
    expect(older.session.peer?.version).toBe(1)
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

/** Alice's session with questions about three documents of her own under way in both directions. */
const pulling = async (): Promise<Session> => {
  const index = await builtIndexOf(['a', 'b', 'c'])
  const survey = { floor: new Map(), clock: { wallMs: 1, logical: 0 }, index }
  const vector = new Map<ReplicaId, number>()
  const bobs = await builtIndexOf(['a', 'b', 'd'])
  return play(live().session, [
    { kind: 'pull', pull: 1 },
    { kind: 'surveyed', of: { kind: 'peer', pull: 1 }, survey },
    { kind: 'behind', floor: new Map([[bob, 5]]) },
    { kind: 'turn_came', vector },
    { kind: 'surveyed', of: { kind: 'us' }, survey },
    {
      kind: 'survey',
      pull: 1,
      floor: new Map([[bob, { counter: 5, hash: new Uint8Array(32) }]]),
      clock: { wallMs: 1, logical: 0 },
      level: 0,
      fingerprints: fingerprintsOf(bobs, { level: 0, place: 0 }, 0),
    },
    { kind: 'floor_checked', forks: [], isBelow: true },
  ]).session
}

describe('whatever comes', () => {
  test('it is a step, and a closed session stays closed and silent', async () => {
    const starts = [begin(configOf('alice'), 0), proven(), live().session, await pulling()]
    fc.assert(
      fc.property(
        fc.constantFrom(...starts),
        fc.array(
          fc.oneof(anyFrame.map(frames.encode), anyPullFrame.map(frames.encode), fc.uint8Array()),
          { maxLength: 8 },
        ),
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
      { numRuns: 1_000 },
    )
  })

  test('of version 2 ends a session of version 1', () => {
    const older = play(
      tell(begin(configOf('alice', { versionMax: 1 }), 0), helloFrom('bob', { versionMax: 1 }))
        .session,
      sentBy(
        tell(begin(configOf('bob', { versionMax: 1 }), 0), helloFrom('alice', { versionMax: 1 })),
      ),
    )
    const admitted = { kind: 'admitted', heads: new Map(), floor: new Map(), digest: 'bb' } as const
    const greeted = play(older.session, [admitted])
    expect(sentBy(greeted)).toMatchObject([{ kind: 'ready', floor: undefined }])
    expect(tell(greeted.session, ready()).session.state).toBe('closed')
    const first = tell(greeted.session, { ...ready(), floor: undefined } as Frame)
    expect(first.session.state).toBe('live')
    for (const { frame } of Object.values(golden)) {
      if (!versionTwo.has(frame.kind)) continue
      expect(tell(first.session, frame).session.state).toBe('closed')
    }
  })
})

const versionTwo: ReadonlySet<string> = new Set<Frame['kind']>([
  'behind',
  'have',
  'pull',
  'survey',
  'compare',
  'summary',
  'fetch',
  'documents',
  'took',
  'done',
  'deny',
])

describe('a pull', () => {
  test('asks for what differs, once the floor is found to be of one history', async () => {
    const session = await pulling()
    expect(session.pull).toMatchObject({ stage: 'fetching', number: 1, round: 1 })
    expect(session.pull?.question).toMatchObject({ kind: 'fetch', listings: [{ level: 0 }] })
  })

  test('of a floor with another history joins nothing', () => {
    const start = play(live().session, [
      { kind: 'behind', floor: new Map([[bob, 5]]) },
      { kind: 'turn_came', vector: new Map() },
    ])
    const dot = { replica: carol, counter: 3 }
    const survey = { floor: new Map(), clock: { wallMs: 1, logical: 0 }, index: indexOf([]) }
    const outcome = play(start.session, [
      { kind: 'surveyed', of: { kind: 'us' }, survey },
      { ...golden.survey.frame, pull: 1 } as Frame,
      { kind: 'floor_checked', forks: [dot], isBelow: true },
    ])
    expect(sentBy(outcome)).toEqual([
      { kind: 'fork', dot },
      { kind: 'done', pull: 1 },
    ])
    expect(outcome.session.pull).toBeUndefined()
    // Nor is it tried again while the two are known to differ.
    const again = play(outcome.session, [{ kind: 'behind', floor: new Map() }], 700_000)
    expect(effectOf(again, 'ask_turn')).toBeUndefined()
  })

  test('of documents that could not all be joined does not adopt the floor', async () => {
    const part = { kind: 'note', id: 'd', size: 1, at: 0, bytes: Uint8Array.of(1) }
    const documents: Frame = {
      kind: 'documents',
      pull: 1,
      round: 1,
      offset: 0,
      count: 1,
      next: keyEnd,
      parts: [part],
    }
    const start = play(await pulling(), [documents])
    expect(effectOf(start, 'join')?.documents).toMatchObject([{ id: 'd' }])
    const joined = (problems: JoinProblem[]): LocalEvent => ({
      kind: 'joined',
      pull: 1,
      report: { joined: 1, problems },
    })
    const first = play(await pulling(), [{ ...documents, next: 5 }])
    const flawed = play(first.session, [
      joined([{ kind: 'forged', detail: 'note/d' }]),
      { ...documents, offset: 1, parts: [{ ...part, id: 'e' }] },
      joined([]),
    ])
    expect(effectOf(flawed, 'adopt')).toBeUndefined()
    expect(effectOf(flawed, 'report')).toMatchObject({
      problem: { code: 'not_reconciled', detail: expect.stringContaining('note/d') as string },
    })
    const full = play(start.session, [joined([{ kind: 'no_room', detail: '' }])])
    expect(full.session.state).toBe('live')
    expect(sentBy(full)).toEqual([{ kind: 'done', pull: 1 }])
    const good = play(start.session, [joined([])])
    expect(sentBy(good)).toEqual([{ kind: 'took', pull: 1, round: 1, offset: 1 }])
    expect(effectOf(good, 'adopt')?.floor.get(bob)?.counter).toBe(5)
  })

  test('is acknowledged only after what came is durable', async () => {
    const frame = golden.documents.frame
    if (frame.kind !== 'documents') throw new Error('Not documents')
    const [part] = frame.parts
    if (!part) throw new Error('No part')
    const start = play(await pulling(), [
      { ...frame, pull: 1, round: 1, offset: 0, next: 5, parts: [part] },
    ])
    expect(sentBy(start)).toEqual([])
    expect(effectOf(start, 'join')).toBeDefined()
  })

  test('is served by one answer to each question, however often it comes', async () => {
    const question: Frame = {
      kind: 'fetch',
      pull: 1,
      round: 2,
      from: 0,
      listings: [{ level: 0, place: 0, entries: new Uint8Array() }],
    }
    const asked = play(await pulling(), [question, question, { ...question, round: 1 }])
    const reads = asked.effects.filter(({ kind }) => kind === 'read_documents')
    expect(reads).toMatchObject([{ pull: 1, round: 2, keys: { length: 3 } }])
    const next = play(asked.session, [{ ...question, round: 3 }])
    expect(effectOf(next, 'read_documents')).toMatchObject({ round: 3 })
  })

  test('of which the survey is gone is denied', async () => {
    const over = play(await pulling(), [
      { kind: 'done', pull: 1 },
      { kind: 'compare', pull: 1, round: 1, ranges: [{ level: 0, place: 0 }] },
    ])
    expect(sentBy(over)).toEqual([{ kind: 'deny', pull: 1, code: 'survey_dropped' }])
    expect(over.session.serving?.index).toBeUndefined()
    // Nor is it kept for a peer that has forgotten it.
    const idle = { ...(await pulling()), lastHeardMs: 400_000, pull: undefined }
    expect(step(idle, { kind: 'ticked' }, 400_000).session.serving?.index).toBeUndefined()
  })

  test('that is over brings the stream of changes at once', async () => {
    const start = await pulling()
    const adopting = { ...start, pull: start.pull && { ...start.pull, stage: 'adopting' as const } }
    const vector = new Map([[bob, 5]])
    const outcome = play(adopting, [
      { kind: 'adopted', pull: 1, report: { kind: 'adopted' } },
      { kind: 'applied', report: noReport, vector },
    ])
    expect(sentBy(outcome)).toEqual([
      { kind: 'done', pull: 1 },
      { kind: 'want', run: 1, vector },
    ])
    expect(effectOf(outcome, 'end_turn')).toBeDefined()
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
        slice: {
          entries: [entry(bob, 5), entry(alice, 1), entry(bob, 6)],
          next: 3,
          continued: new Map(),
        },
        end: 3,
        floor: none,
      },
      0,
    )
    const continued = new Map([[bob, entry(bob, 5).hash]])
    expect(sentBy(outcome)).toEqual([
      { ...changesFrom(0, changeOf(alice, 1), changeOf(bob, 6)), continued },
    ])
    expect(effectOf(outcome, 'read_log')).toBeUndefined()
  })

  test('says what it continues, once a frame for each replica', () => {
    const before = new Uint8Array(32).fill(0xbe)
    const large = 150_000
    const entries = [
      entry(alice, 1),
      entry(bob, 7),
      entry(bob, 8, large),
      entry(bob, 9, large),
      entry(alice, 2),
    ]
    const continued = new Map([
      [alice, changes.chainStart],
      [bob, before],
    ])
    const read = {
      kind: 'log_read',
      position: 0,
      slice: { entries, next: 5, continued },
      end: 5,
      floor: none,
    } as const
    expect(sentBy(step(live({}, 5).session, read, 0))).toMatchObject([
      { continued: new Map([[bob, before]]) },
      {
        continued: new Map([
          [bob, new Uint8Array(32).fill(8)],
          [alice, new Uint8Array(32).fill(1)],
        ]),
      },
    ])
    const older = sentBy(step(live({}, 5, { versionMax: 2 }).session, read, 0))
    expect(older).toMatchObject([{ continued: undefined }, { continued: undefined }])
  })

  test('does not go back to where it came from', () => {
    const start = play(live().session, [changesFrom(0, changeOf(bob, 1))])
    const outcome = play(start.session, [
      { kind: 'applied', report: { ...noReport, taken: 1 }, vector: new Map([[bob, 1]]) },
      { kind: 'log_grew', end: 1 },
      {
        kind: 'log_read',
        position: 0,
        slice: { entries: [entry(bob, 1)], next: 1, continued: new Map() },
        end: 1,
        floor: none,
      },
    ])
    expect(sentBy(outcome).map(({ kind }) => kind)).toEqual(['ack'])
  })

  test('starts anew where the peer wants it, and an older read is of no account', () => {
    const vector = new Map([[alice, 1]])
    const outcome = play(live({}, 2).session, [
      { kind: 'want', run: 1, vector },
      {
        kind: 'log_read',
        position: 0,
        slice: { entries: [entry(alice, 1)], next: 1, continued: new Map() },
        end: 2,
        floor: none,
      },
      { kind: 'sought', position: 1, end: 2, below: undefined },
      {
        kind: 'log_read',
        position: 1,
        slice: { entries: [entry(alice, 2)], next: 2, continued: new Map() },
        end: 2,
        floor: none,
      },
    ])
    expect(effectOf(outcome, 'seek')?.vector).toEqual(vector)
    expect(sentBy(outcome)).toEqual([{ ...changesFrom(0, changeOf(alice, 2)), run: 1 }])
  })

  test('is split so that each frame is within its limit', () => {
    const entries = [1, 2, 3].map((counter) => entry(alice, counter, 200_000))
    const outcome = step(
      live({}, 3).session,
      {
        kind: 'log_read',
        position: 0,
        slice: { entries, next: 3, continued: new Map() },
        end: 3,
        floor: none,
      },
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
      {
        kind: 'log_read',
        position: 0,
        slice: { entries, next: 3, continued: new Map() },
        end: 3,
        floor: none,
      },
      0,
    )
    expect(sentBy(outcome)).toEqual([changesFrom(0, changeOf(carol, 1))])
    expect(effectOf(outcome, 'report')).toMatchObject({ problem: { code: 'unsendable' } })
  })

  test('ends where our floor has risen over what the peer lacks, after all that is on the way', () => {
    const first = { entries: [entry(alice, 1)], next: 1, continued: new Map() }
    const sent = step(
      live({}, 1).session,
      { kind: 'log_read', position: 0, slice: first, end: 1, floor: none },
      0,
    )
    // A pull from somebody else has brought the documents of carol's first change, and then its effect.
    const floor = new Map([[carol, 1]])
    const risen = { kind: 'log_read', position: 1, end: 2, floor } as const
    const grown = play(sent.session, [
      { kind: 'log_grew', end: 2 },
      { ...risen, slice: { entries: [entry(bob, 1)], next: 2, continued: new Map() } },
    ])
    expect(sentBy(grown)).toEqual([])
    const acked = tell(grown.session, {
      kind: 'ack',
      offset: changeOf(alice, 1).length,
      vector: new Map([[alice, 1]]),
    })
    expect(effectOf(acked, 'read_log')).toMatchObject({ position: 1 })
    const withheld = step(
      acked.session,
      { ...risen, slice: { entries: [], next: 2, continued: new Map() } },
      0,
    )
    expect(sentBy(withheld)).toEqual([{ kind: 'behind', floor }])
    const has = tell(withheld.session, { kind: 'want', run: 1, vector: new Map([[carol, 1]]) })
    expect(effectOf(has, 'seek')).toBeDefined()
  })

  test('must not be acknowledged before it was sent', () => {
    const outcome = tell(live().session, { kind: 'ack', offset: 1, vector: new Map() })
    expect(outcome.session.state).toBe('closed')
  })
})

describe('what is taken', () => {
  test('is passed on with what each change continues by the sender’s account', () => {
    const before = new Uint8Array(32).fill(0xbe)
    const list = [changeOf(bob, 4), changeOf(carol, 1), changeOf(bob, 5)]
    const frame = { ...changesFrom(0, ...list), continued: new Map([[bob, before]]) } as Frame
    expect(effectOf(tell(live().session, frame), 'apply')?.account.continued).toEqual(
      new Map([
        [`${bob}:4`, before],
        [`${bob}:5`, changes.chainHash(before, list[0]!)],
      ]),
    )
  })

  test('must be of the session’s version', () => {
    const frame = changesFrom(0, changeOf(bob, 1))
    const unsaid = { ...frame, continued: undefined } as Frame
    expect(tell(live().session, frame).session.state).toBe('live')
    expect(tell(live().session, unsaid).session.state).toBe('closed')
    const older = live({}, 0, { versionMax: 2 }).session
    expect(tell(older, frame).session.state).toBe('closed')
    expect(tell(older, unsaid).session.state).toBe('live')
  })

  test('is acknowledged once it is durable, and several frames share one batch', () => {
    const [one, two, three] = [1, 2, 3].map((counter) => changeOf(bob, counter))
    if (!one || !two || !three) throw new Error('Three changes')
    const start = play(live().session, [
      changesFrom(0, one),
      changesFrom(one.length, two),
      changesFrom(one.length + two.length, three),
    ])
    const applies = start.effects.filter(({ kind }) => kind === 'apply')
    expect(applies).toMatchObject([{ kind: 'apply', changes: [one] }])
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
      time: { wallMs: 61_000, logical: 0 },
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

  test('passes over what comes after a hole until the stream is asked for anew', () => {
    const [one, two] = [changeOf(bob, 1), changeOf(carol, 1)]
    const bytes = one.length
    const applied = { kind: 'applied', report: noReport, vector: new Map() } as const
    const changes = (run: number, offset: number, change: Uint8Array): Frame => ({
      kind: 'changes',
      run,
      offset,
      continued: new Map(),
      changes: [change],
    })
    // The first hole is asked about at once, the second one a second later.
    const asked = play(live().session, [changes(0, bytes, two), applied])
    expect(sentBy(asked)).toContainEqual({ kind: 'want', run: 1, vector: new Map() })
    const torn = play(
      asked.session,
      [changes(1, 3 * bytes, two), applied, changes(1, 4 * bytes, two), applied],
      100,
    )
    expect(sentBy(torn).filter(({ kind }) => kind === 'want')).toEqual([])
    const all = torn.effects.filter((effect) => effect.kind === 'apply')
    expect(all.flatMap((effect) => effect.changes)).toEqual([])
    const again = play(torn.session, [{ kind: 'ticked' }, applied], 1_000)
    expect(sentBy(again)).toContainEqual({ kind: 'want', run: 2, vector: new Map() })
    const anew = play(again.session, [changes(2, 5 * bytes, one)], 1_100)
    expect(effectOf(anew, 'apply')?.changes).toEqual([one])
  })

  test('holds what may be an effect of a held change until that is asked for again', () => {
    const time = { wallMs: 61_000, logical: 0 }
    const dot = { replica: bob, counter: 1 }
    const ahead = { kind: 'too_far_ahead', dot, time, aheadMs: 61_000 } as const
    const [one, two] = [changeOf(bob, 1), changeOf(carol, 1)]
    const held = play(live().session, [
      changesFrom(0, one),
      { kind: 'applied', report: { ...noReport, problems: [ahead] }, vector: new Map() },
      changesFrom(one.length, two),
    ])
    expect(held.effects.filter(({ kind }) => kind === 'apply')).toEqual([
      { kind: 'apply', changes: [one], account: { continued: new Map() } },
      { kind: 'apply', changes: [two], account: { heldFrom: time, continued: new Map() } },
    ])
    const applied = { kind: 'applied', report: noReport, vector: new Map() } as const
    const asked = play(held.session, [applied, { kind: 'ticked' }, applied], 5_000)
    expect(sentBy(asked)).toContainEqual({ kind: 'want', run: 1, vector: new Map() })
    expect(asked.session.inbox.heldFrom).toBeUndefined()
  })

  test('asks again for what a full disk had no room for, and the session goes on meanwhile', () => {
    const noRoom = { ...noReport, problems: [{ kind: 'no_room' }] } as const
    const full = { kind: 'applied', report: noRoom, vector: new Map() } as const
    const done = { kind: 'applied', report: noReport, vector: new Map() } as const
    const [first, second] = [changeOf(bob, 1), changeOf(bob, 2)]
    const refused = play(live().session, [changesFrom(0, first), full])
    expect(refused.session.state).toBe('live')
    expect(effectOf(refused, 'report')).toMatchObject({ problem: { code: 'no_room' } })
    // What still comes of this run could not follow: it is acknowledged and passed over.
    const more = play(refused.session, [changesFrom(first.length, second)])
    expect(effectOf(more, 'apply')?.changes).toEqual([])
    const settled = play(more.session, [done])
    const early = step(settled.session, { kind: 'ticked' }, limits.noRoomRetryMs - 1)
    expect(effectOf(early, 'apply')).toBeUndefined()
    const later = play(settled.session, [{ kind: 'ticked' }, done], limits.noRoomRetryMs)
    expect(sentBy(later).filter(({ kind }) => kind === 'want')).toMatchObject([{ run: 1 }])
    // It is full still, and was reported already.
    const offset = first.length + second.length
    const again: Frame = {
      kind: 'changes',
      run: 1,
      offset,
      continued: new Map(),
      changes: [first],
    }
    const stillFull = play(later.session, [again, full])
    expect(effectOf(stillFull, 'report')).toBeUndefined()
    const room = { ...done, report: { ...noReport, taken: 1 } }
    const healed = play(later.session, [again, room])
    expect(healed.session.inbox.fullAtRun).toBeUndefined()
  })
})

test('both roles run the same machine', () => {
  const roles: Role[] = ['initiator', 'acceptor']
  for (const role of roles) {
    expect(sentBy(step(begin(configOf('bob', { role }), 0), { kind: 'opened' }, 0))).toHaveLength(1)
  }
})
