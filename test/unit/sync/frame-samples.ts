/** Frames for tests: one fixed sample of every kind, and arbitrary ones. */

import * as fc from 'fast-check'
import { replicaIdOf, type ReplicaId } from '../../../crdt/dot.ts'
import { keyBits } from '../../../sync/document-index.ts'
import type { Frame } from '../../../sync/frame.ts'
import { entryBytes, type Listing } from '../../../sync/listing.ts'
import type { PullFrame } from '../../../sync/pull-frames.ts'
import { endOf, startOf, type Range } from '../../../sync/ranges.ts'

const alice = replicaIdOf(Uint8Array.from([0xa1, 0, 0, 0, 0, 0, 0, 1]))
const bob = replicaIdOf(Uint8Array.from([0xb0, 0, 0, 0, 0, 0, 0, 2]))

export const bytesOfHex = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

/** What each kind of frame looks like on the wire. These bytes are the protocol: they do not change within a version. */
export const golden: {
  readonly [K in Frame['kind']]: { readonly frame: Frame; readonly hex: string }
} = {
  hello: {
    frame: {
      kind: 'hello',
      versions: { from: 1, to: 1 },
      capabilities: ['range-repair'],
      name: 'eu',
      replica: alice,
      nonce: new Uint8Array(32).fill(0x11),
      addresses: ['ws://eu:4001'],
    },
    hex: `01 01 01 01 0c 72616e67652d726570616972 02 6575 a100000000000001 ${'11'.repeat(32)} 01 0c 77733a2f2f65753a34303031`,
  },
  prove: {
    frame: { kind: 'prove', proof: new Uint8Array(32).fill(0x22) },
    hex: `02 ${'22'.repeat(32)}`,
  },
  ready: {
    frame: {
      kind: 'ready',
      heads: new Map([
        [bob, { counter: 300, hash: new Uint8Array(32).fill(0x44) }],
        [alice, { counter: 1, hash: new Uint8Array(32).fill(0x33) }],
      ]),
      floor: new Map([[bob, 299]]),
      digest: 'c0ffee',
      schemas: new Map([
        ['product', 2],
        ['cart', 1],
      ]),
    },
    hex: `0b 02 a100000000000001 01 ${'33'.repeat(32)} 00 b000000000000002 ac02 ${'44'.repeat(32)} ab02 06 633066666565 02 04 63617274 01 07 70726f64756374 02`,
  },
  changes: {
    frame: {
      kind: 'changes',
      run: 1,
      offset: 128,
      continued: new Map([[alice, new Uint8Array(32).fill(0x55)]]),
      changes: [Uint8Array.from([1, 2]), Uint8Array.from([3])],
    },
    hex: `19 01 8001 01 a100000000000001 ${'55'.repeat(32)} 02 02 0102 01 03`,
  },
  ack: {
    frame: { kind: 'ack', offset: 131, vector: new Map([[alice, 7]]) },
    hex: '05 8301 01 a100000000000001 07',
  },
  want: {
    frame: { kind: 'want', run: 2, vector: new Map([[alice, 7]]) },
    hex: '06 02 01 a100000000000001 07',
  },
  beat: {
    frame: {
      kind: 'beat',
      run: 2,
      offset: 131,
      settled: 5,
      vector: new Map([[alice, 7]]),
      digest: 'c0ffee',
    },
    hex: '07 02 8301 05 01 a100000000000001 07 06 633066666565',
  },
  peers: {
    frame: { kind: 'peers', peers: [{ name: 'us', address: 'wss://us:4002' }] },
    hex: '08 01 02 7573 0d 7773733a2f2f75733a34303032',
  },
  fork: {
    frame: { kind: 'fork', dot: { replica: bob, counter: 3 } },
    hex: '09 b000000000000002 03',
  },
  refuse: {
    frame: { kind: 'refuse', code: 'cut', sentence: 'No.' },
    hex: '0a 03 637574 03 4e6f2e',
  },
  behind: {
    frame: { kind: 'behind', floor: new Map([[alice, 7]]) },
    hex: '0c 01 a100000000000001 07',
  },
  have: {
    frame: { kind: 'have', vector: new Map([[bob, 300]]) },
    hex: '0d 01 b000000000000002 ac02',
  },
  pull: { frame: { kind: 'pull', pull: 1 }, hex: '0e 01' },
  survey: {
    frame: {
      kind: 'survey',
      pull: 1,
      floor: new Map([[alice, { counter: 7, hash: new Uint8Array(32).fill(0x33) }]]),
      clock: { wallMs: 300, logical: 2 },
      level: 1,
      fingerprints: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]),
    },
    hex: `0f 01 01 a100000000000001 07 ${'33'.repeat(32)} ac02 02 01 0102030405060708 0000000000000000`,
  },
  compare: {
    frame: {
      kind: 'compare',
      pull: 1,
      round: 2,
      ranges: [
        { level: 1, place: 0 },
        { level: 8, place: 200 },
      ],
    },
    hex: '10 01 02 02 01 00 08 c801',
  },
  summary: {
    frame: {
      kind: 'summary',
      pull: 1,
      round: 2,
      fingerprints: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
    },
    hex: '11 01 02 08 0102030405060708',
  },
  fetch: {
    frame: {
      kind: 'fetch',
      pull: 1,
      round: 3,
      from: 300,
      listings: [
        { level: 8, place: 0, entries: bytesOfHex('00 0102030405 a1a2a3a4a5a6a7a8') },
        { level: 1, place: 1, entries: new Uint8Array() },
      ],
    },
    hex: '12 01 03 ac02 02 08 00 01 000102030405 a1a2a3a4a5a6a7a8 01 01 00',
  },
  documents: {
    frame: {
      kind: 'documents',
      pull: 1,
      round: 3,
      offset: 128,
      count: 4,
      next: 2 ** 48,
      parts: [
        { kind: 'cart', id: 'c1', size: 2, at: 0, bytes: Uint8Array.from([1, 2]) },
        { kind: 'cart', id: 'c2', size: 300, at: 299, bytes: Uint8Array.from([3]) },
      ],
    },
    hex: '13 01 03 8001 04 80808080808040 02 04 63617274 02 6331 02 00 02 0102 04 63617274 02 6332 ac02 ab02 01 03',
  },
  took: { frame: { kind: 'took', pull: 1, round: 3, offset: 131 }, hex: '14 01 03 8301' },
  done: { frame: { kind: 'done', pull: 1 }, hex: '15 01' },
  ask: {
    frame: { kind: 'ask', number: 7, topic: 'rights', body: Uint8Array.of(1, 2, 3) },
    hex: '17070672696768747303010203',
  },
  answer: {
    frame: { kind: 'answer', number: 7, body: Uint8Array.of(4, 5) },
    hex: '180701020405',
  },
  deny: {
    frame: { kind: 'deny', pull: 1, code: 'survey_dropped' },
    hex: `16 01 0e ${Buffer.from('survey_dropped').toString('hex')}`,
  },
}

/** What version 1 sends as `ready`. */
export const goldenReadyOfVersion1: { readonly frame: Frame; readonly hex: string } = {
  frame: {
    kind: 'ready',
    heads: new Map([[alice, { counter: 1, hash: new Uint8Array(32).fill(0x33) }]]),
    floor: undefined,
    digest: 'c0ffee',
    schemas: new Map([['cart', 1]]),
  },
  hex: `03 01 a100000000000001 01 ${'33'.repeat(32)} 06 633066666565 01 04 63617274 01`,
}

/** What versions 1 and 2 send as `changes`. */
export const goldenChangesOfVersion2: { readonly frame: Frame; readonly hex: string } = {
  frame: {
    kind: 'changes',
    run: 1,
    offset: 128,
    continued: undefined,
    changes: [Uint8Array.from([1, 2]), Uint8Array.from([3])],
  },
  hex: '04 01 8001 02 02 0102 01 03',
}

const replica: fc.Arbitrary<ReplicaId> = fc
  .uint8Array({ minLength: 8, maxLength: 8 })
  .map(replicaIdOf)
const counter = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.maxSafeInteger().filter((n) => n > 0),
)
const number = fc.oneof(fc.nat(300), fc.maxSafeNat())
const fixed = fc.uint8Array({ minLength: 32, maxLength: 32 })
const vector = fc.array(fc.tuple(replica, counter), { maxLength: 6 }).map((items) => new Map(items))
const links = fc.array(fc.tuple(replica, fixed), { maxLength: 6 }).map((items) => new Map(items))
const digest = fc.uint8Array({ maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'))
const name = fc.stringMatching(/^[a-z0-9-]{1,32}$/)
const address = fc
  .tuple(
    fc.constantFrom('ws', 'wss'),
    fc.stringMatching(/^[a-z]{1,20}$/),
    fc.integer({ min: 1, max: 65_535 }),
  )
  .map(([scheme, host, port]) => `${scheme}://${host}:${port}`)

const heads = fc
  .array(fc.tuple(replica, fc.record({ counter, hash: fixed })), { maxLength: 4 })
  .map((items) => new Map(items))
const documentKind = fc.stringMatching(/^[a-z][a-z0-9_-]{0,63}$/)

/** A floor that lies `below` under the heads, and is not there where that is nothing. */
const floorBelow = (all: ReadonlyMap<ReplicaId, { readonly counter: number }>, below: number) =>
  new Map(
    [...all].flatMap(([id, { counter: head }]) =>
      head > below ? [[id, head - below] as const] : [],
    ),
  )

const range: fc.Arbitrary<Range> = fc
  .integer({ min: 0, max: keyBits })
  .chain((level) =>
    fc.record({ level: fc.constant(level), place: fc.nat({ max: 2 ** Math.min(level, 30) - 1 }) }),
  )

/** Ranges as a frame may have them: rising, none within another. */
const ranges = fc.array(range, { minLength: 1, maxLength: 8 }).map((all) =>
  all
    .toSorted((a, b) => startOf(a) - startOf(b) || b.level - a.level)
    .reduce<Range[]>((kept, one) => {
      const last = kept.at(-1)
      return last && startOf(one) < endOf(last) ? kept : [...kept, one]
    }, []),
)

const listing = (inside: Range): fc.Arbitrary<Listing> =>
  fc
    .array(
      fc.tuple(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.uint8Array({ minLength: 8, maxLength: 8 }),
      ),
      { maxLength: 4 },
    )
    .map((items) => {
      const entries = items.map(([part, hash]) => {
        const key = startOf(inside) + Math.floor(part * (endOf(inside) - startOf(inside)))
        const entry = Buffer.alloc(entryBytes)
        entry.writeUIntBE(key, 0, 6)
        entry.set(hash, 6)
        return entry
      })
      const distinct = entries
        .toSorted(Buffer.compare)
        .filter((entry, at, all) => at === 0 || !entry.equals(all[at - 1] ?? entry))
      return { ...inside, entries: new Uint8Array(Buffer.concat(distinct)) }
    })

const part = fc
  .record({
    kind: documentKind,
    id: fc.string({ unit: 'grapheme', maxLength: 12 }),
    before: fc.nat(1_000),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    after: fc.nat(1_000),
  })
  .map(({ before, after, bytes, ...name }) => ({
    ...name,
    size: before + bytes.length + after,
    at: before,
    bytes,
  }))

// Often the first, so that a session that is asked out of the blue may have that very one under way.
const ordinal = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3 }), counter)
const round = { pull: ordinal, round: ordinal }

export const anyPullFrame: fc.Arbitrary<PullFrame> = fc.oneof(
  fc.record({ kind: fc.constant('pull' as const), pull: ordinal }),
  fc.nat(3).chain((level) =>
    fc.record({
      kind: fc.constant('survey' as const),
      pull: ordinal,
      floor: heads,
      clock: fc.record({ wallMs: fc.nat(), logical: fc.nat(65_535) }),
      level: fc.constant(level),
      fingerprints: fc.uint8Array({ minLength: 8 * 2 ** level, maxLength: 8 * 2 ** level }),
    }),
  ),
  fc.record({ kind: fc.constant('compare' as const), ...round, ranges }),
  fc.record({ kind: fc.constant('summary' as const), ...round, fingerprints: fc.uint8Array() }),
  ranges.chain((all) =>
    fc.record({
      kind: fc.constant('fetch' as const),
      ...round,
      from: fc.nat(),
      listings: fc.tuple(...all.map(listing)),
    }),
  ),
  fc.record({
    kind: fc.constant('documents' as const),
    ...round,
    offset: number,
    count: number,
    next: fc.nat(),
    parts: fc.array(part, { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('took' as const), ...round, offset: number }),
  fc.record({ kind: fc.constant('done' as const), pull: ordinal }),
  fc.record({
    kind: fc.constant('deny' as const),
    pull: ordinal,
    code: fc.constantFrom('survey_dropped' as const, 'document_too_large' as const),
  }),
)

export const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    versions: fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.nat(9))
      .map(([from, more]) => ({ from, to: from + more })),
    capabilities: fc
      .uniqueArray(fc.stringMatching(/^[a-z0-9_.-]{1,31}$/), { maxLength: 8 })
      .map((texts) => texts.sort()),
    name,
    replica,
    nonce: fixed,
    addresses: fc.array(address, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('prove' as const), proof: fixed }),
  fc
    .record({
      kind: fc.constant('ready' as const),
      heads,
      digest,
      schemas: fc
        .array(fc.tuple(documentKind, number), { maxLength: 4 })
        .map((items) => new Map(items)),
      below: fc.option(fc.nat(400)),
    })
    .map(({ below, ...ready }) => ({
      ...ready,
      floor: below === null ? undefined : floorBelow(ready.heads, below),
    })),
  fc.record({
    kind: fc.constant('changes' as const),
    run: number,
    offset: number,
    continued: fc.option(links, { nil: undefined }),
    changes: fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), {
      minLength: 1,
      maxLength: 9,
    }),
  }),
  fc.record({ kind: fc.constant('ack' as const), offset: number, vector }),
  fc.record({ kind: fc.constant('want' as const), run: counter, vector }),
  fc.record({
    kind: fc.constant('beat' as const),
    run: number,
    offset: number,
    settled: number,
    vector,
    digest,
  }),
  fc.record({
    kind: fc.constant('peers' as const),
    peers: fc.array(fc.record({ name, address }), { maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('fork' as const),
    dot: fc.record({ replica, counter }),
  }),
  fc.record({
    kind: fc.constant('refuse' as const),
    code: fc.stringMatching(/^[a-z_]{1,32}$/),
    sentence: fc.stringMatching(/^[ -~é☂]{0,80}$/),
  }),
  fc.record({ kind: fc.constant('behind' as const), floor: vector }),
  fc.record({ kind: fc.constant('have' as const), vector }),
  fc.record({
    kind: fc.constant('ask' as const),
    number,
    topic: fc.stringMatching(/^[a-z-]{1,32}$/),
    body: fc.uint8Array({ maxLength: 40 }),
  }),
  fc.record({
    kind: fc.constant('answer' as const),
    number,
    body: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
  }),
  { weight: 6, arbitrary: anyPullFrame },
)
