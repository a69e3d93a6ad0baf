/** Frames for tests: one fixed sample of every kind, and arbitrary ones. */

import * as fc from 'fast-check'
import { replicaIdOf, type ReplicaId } from '../../../crdt/dot.ts'
import type { Frame } from '../../../sync/frame.ts'

const alice = replicaIdOf(Uint8Array.from([0xa1, 0, 0, 0, 0, 0, 0, 1]))
const bob = replicaIdOf(Uint8Array.from([0xb0, 0, 0, 0, 0, 0, 0, 2]))

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
      digest: 'c0ffee',
      schemas: new Map([
        ['product', 2],
        ['cart', 1],
      ]),
    },
    hex: `03 02 a100000000000001 01 ${'33'.repeat(32)} b000000000000002 ac02 ${'44'.repeat(32)} 06 633066666565 02 04 63617274 01 07 70726f64756374 02`,
  },
  changes: {
    frame: {
      kind: 'changes',
      run: 1,
      offset: 128,
      changes: [Uint8Array.from([1, 2]), Uint8Array.from([3])],
    },
    hex: '04 01 8001 02 02 0102 01 03',
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
}

export const bytesOfHex = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

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
const digest = fc.uint8Array({ maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'))
const name = fc.stringMatching(/^[a-z0-9-]{1,32}$/)
const address = fc
  .tuple(
    fc.constantFrom('ws', 'wss'),
    fc.stringMatching(/^[a-z]{1,20}$/),
    fc.integer({ min: 1, max: 65_535 }),
  )
  .map(([scheme, host, port]) => `${scheme}://${host}:${port}`)

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
  fc.record({
    kind: fc.constant('ready' as const),
    heads: fc
      .array(fc.tuple(replica, fc.record({ counter, hash: fixed })), { maxLength: 4 })
      .map((items) => new Map(items)),
    digest,
    schemas: fc
      .array(fc.tuple(fc.stringMatching(/^[a-z][a-z0-9_-]{0,63}$/), number), { maxLength: 4 })
      .map((items) => new Map(items)),
  }),
  fc.record({
    kind: fc.constant('changes' as const),
    run: number,
    offset: number,
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
)
