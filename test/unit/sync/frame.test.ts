/** Frames: canonical, total, and with the bytes that the protocol's page promises. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../../crdt/codec.ts'
import { isAddress } from '../../../sync/address.ts'
import * as frame from '../../../sync/frame.ts'
import * as limits from '../../../sync/limits.ts'
import {
  anyFrame,
  bytesOfHex,
  golden,
  goldenChangesOfVersion2,
  goldenReadyOfVersion1,
} from './frame-samples.ts'
import { replicaOf } from './memory-log.ts'

/** The frame in `bytes`, or undefined if they are refused as they should be. */
const tryDecode = (bytes: Uint8Array): frame.Frame | undefined => {
  try {
    return frame.decode(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError)
    return undefined
  }
}

describe('a frame', () => {
  test('comes back from its bytes as it was', () => {
    fc.assert(
      fc.property(anyFrame, (sample) => {
        expect(frame.decode(frame.encode(sample))).toEqual(sample)
      }),
    )
  })

  test('has one form: what decodes encodes to the same bytes', () => {
    const mutated = fc
      .tuple(
        anyFrame,
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
      )
      .map(([sample, edits]) => {
        const bytes = frame.encode(sample).slice()
        for (const [at, byte] of edits) bytes[at % bytes.length] = byte
        return bytes
      })
    fc.assert(
      fc.property(mutated, (bytes) => {
        const decoded = tryDecode(bytes)
        expect(decoded ? frame.encode(decoded) : bytes).toEqual(bytes)
      }),
      { numRuns: 2_000 },
    )
  })

  test('decodes or is refused, whatever the bytes', () => {
    const garbage = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.uint8Array({ maxLength: 200 }))
      .map(([kind, rest]) => Uint8Array.from([kind, ...rest]))
    fc.assert(
      fc.property(fc.oneof(garbage, fc.uint8Array()), (bytes) => {
        const decoded = tryDecode(bytes)
        expect(decoded ? frame.encode(decoded) : bytes).toEqual(bytes)
      }),
      { numRuns: 2_000 },
    )
  })

  test('is refused when it is cut short or goes on', () => {
    for (const { hex } of Object.values(golden)) {
      const bytes = bytesOfHex(hex)
      for (let length = 0; length < bytes.length; length++) {
        expect(tryDecode(bytes.subarray(0, length))).toBeUndefined()
      }
      expect(tryDecode(Uint8Array.from([...bytes, 0]))).toBeUndefined()
    }
  })

  test.each(Object.entries(golden))('%s has its golden bytes', (_, { frame: sample, hex }) => {
    expect(Buffer.from(frame.encode(sample)).toString('hex')).toBe(hex.replaceAll(' ', ''))
    expect(frame.decode(bytesOfHex(hex))).toEqual(sample)
  })

  test.each([
    ['ready', 'version 1 when it says nothing of a floor', goldenReadyOfVersion1],
    ['changes', 'version 2 when they do not say what they continue', goldenChangesOfVersion2],
  ])('%s has the form of %s', (_kind, _version, { frame: sample, hex }) => {
    expect(Buffer.from(frame.encode(sample)).toString('hex')).toBe(hex.replaceAll(' ', ''))
    expect(frame.decode(bytesOfHex(hex))).toEqual(sample)
  })

  test('fits its limit when it names as many replicas as it may', () => {
    const heads = new Map(
      Array.from({ length: limits.replicasMax }, (_, number) => [
        replicaOf(number),
        { counter: 2 ** 53 - 1, hash: new Uint8Array(32) },
      ]),
    )
    const vector = new Map([...heads.keys()].map((id) => [id, 2 ** 53 - 1] as const))
    const schemas = new Map([['product', 1]])
    const digest = 'ff'.repeat(32)
    const level = limits.surveyLevelMax
    const samples: frame.Frame[] = [
      { kind: 'ready', heads, floor: vector, digest, schemas },
      { kind: 'behind', floor: vector },
      {
        kind: 'survey',
        pull: 1,
        floor: heads,
        clock: { wallMs: 2 ** 45, logical: 0 },
        level,
        fingerprints: new Uint8Array(8 * 2 ** level),
      },
    ]
    for (const sample of samples) {
      expect(frame.encode(sample).length).toBeLessThanOrEqual(limits.frameBytesMax)
    }
  })

  test('may be 256 KiB and no longer', () => {
    const changes = (length: number): frame.Frame => ({
      kind: 'changes',
      run: 0,
      offset: 0,
      continued: new Map([[replicaOf(1), new Uint8Array(32)]]),
      changes: [new Uint8Array(length)],
    })
    expect(frame.encode(changes(limits.changeBytesMax)).length).toBeLessThan(limits.frameBytesMax)
    expect(() => frame.encode(changes(limits.frameBytesMax))).toThrow('within its limit')
    expect(() => frame.decode(new Uint8Array(limits.frameBytesMax + 1))).toThrow('too long')
  })

  test('of greeting fits its limit at its largest', () => {
    const host = 'a'.repeat(limits.addressBytesMax - 'wss://:65535'.length)
    const hello: frame.Frame = {
      kind: 'hello',
      versions: { from: 1, to: 2 ** 53 - 1 },
      capabilities: Array.from({ length: limits.capabilitiesMax }, (_, index) =>
        `${index}`.repeat(limits.capabilityCharsMax),
      ),
      name: 'a'.repeat(32),
      replica: replicaOf(0),
      nonce: new Uint8Array(32),
      addresses: Array.from({ length: limits.ownAddressesMax }, () => `wss://${host}:65535`),
    }
    const bytes = frame.encode(hello)
    expect(bytes.length).toBeLessThanOrEqual(limits.greetingBytesMax)
    expect(frame.decode(bytes)).toEqual(hello)
  })

  test.each([
    ['a number over 2^53 - 1', '06 ffffffffffffff7f 00'],
    ['a number not in its shortest form', '06 8200 00'],
    ['the counter 0', '09 b000000000000002 00'],
    ['replicas out of order', '05 00 02 b000000000000002 01 a100000000000001 01'],
    ['a replica twice', '05 00 02 a100000000000001 01 a100000000000001 02'],
    ['a name in capitals', `01 01 01 00 02 4555 a100000000000001 ${'11'.repeat(32)} 00`],
    ['versions in the wrong order', `01 02 01 00 02 6575 a100000000000001 ${'11'.repeat(32)} 00`],
    ['no changes', '04 00 00 00'],
    ['an empty change', '04 00 00 01 00 00'],
    ['a sentence of two lines', '0a 03 637574 03 4e0a2e'],
    ['an address with a path', '08 01 02 7573 09 77733a2f2f612f6262'],
    ['a count beyond the bytes', '05 00 ffffffff0f'],
    ['a digest in capitals', '07 00 00 00 00 01 43'],
    ['a floor above its head', `0b 01 a100000000000001 01 ${'33'.repeat(32)} 02 00 00`],
    ['ranges that overlap', '10 01 01 02 01 00 02 01'],
    ['ranges out of order', '10 01 01 02 01 01 01 00'],
    ['a range that is none', '10 01 01 01 01 02'],
    ['a level beyond the keys', '10 01 01 01 31 00'],
    ['no ranges', '10 01 01 00'],
    ['an entry out of its range', '12 01 01 00 01 08 00 01 010102030405 a1a2a3a4a5a6a7a8'],
    [
      'the same entry twice',
      '12 01 01 00 01 08 00 02 000102030405 a1a2a3a4a5a6a7a8 000102030405 a1a2a3a4a5a6a7a8',
    ],
    ['a part beyond its document', '13 01 01 00 01 00 01 04 63617274 02 6331 02 01 02 0102'],
    ['an empty part', '13 01 01 00 01 00 01 04 63617274 02 6331 02 00 00'],
    ['a document too large', '13 01 01 00 01 00 01 04 63617274 02 6331 81808002 00 01 00'],
    ['a key beyond the last', '13 01 01 00 01 81808080808040 00'],
    ['a survey cut too finely', '0f 01 00 00 00 0c'],
    ['a denial without a reason', '16 01 00'],
    ['an unknown kind', '17'],
  ])('with %s is refused', (_, hex) => {
    expect(tryDecode(bytesOfHex(hex))).toBeUndefined()
  })
})

test.each([
  ['ws://127.0.0.1:4001', true],
  ['wss://[::1]:4001', true],
  ['wss://eu.example', true],
  ['http://127.0.0.1:4001', false],
  ['ws://127.0.0.1:99999', false],
  ['ws://user@host:1', false],
  ['ws://host:1/path', false],
  ['', false],
])('%s is an address: %s', (text, expected) => {
  expect(isAddress(text)).toBe(expected)
})
