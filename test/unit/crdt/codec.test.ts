/** The binary readers and writers: one way to say a thing, and no way to make them misbehave. */

import * as encoding from 'lib0/encoding'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as codec from '../../../crdt/codec.ts'
import { parseReplicaId, replicaIdOf } from '../../../crdt/dot.ts'
import { runs } from './histories.ts'

const bytesOf = (write: (encoder: codec.Encoder) => void) => codec.encode(write)

describe('an integer', () => {
  it('comes back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = bytesOf((encoder) => codec.writeUint(encoder, value))
        expect(codec.decode(bytes, codec.readUint)).toBe(value)
      }),
      runs(300),
    )
  })

  it.each([
    ['not in its shortest form', [0x80, 0x00]],
    ['2 ** 53, the first that is not exact', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['past all doubles', Array.from({ length: 200 }, () => 0xff)],
    ['cut short', [0xff]],
    ['nothing', []],
    ['followed by more', [0x01, 0x00]],
  ])('is refused: %s', (_name, bytes) => {
    expect(() => codec.decode(Uint8Array.from(bytes), codec.readUint)).toThrow(codec.DecodeError)
  })
})

describe('a text', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'binary-ascii', maxLength: 40 }),
    fc.string({ maxLength: 12 }).map((text) => `${text}é`),
    fc.constantFrom('\uFEFF', 'é'.repeat(12), 'a'.repeat(32), 'a'.repeat(33), 'x'.repeat(20_000)),
  )

  it('comes back, in the bytes of UTF-8 after their number', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = bytesOf((encoder) => codec.writeText(encoder, text))
        const plainly = encoding.encode((encoder) => {
          encoding.writeVarUint8Array(encoder, new TextEncoder().encode(text))
        })
        expect(Buffer.from(bytes).equals(plainly)).toBe(true)
        expect(codec.decode(bytes, codec.readText)).toBe(text)
      }),
      runs(500),
    )
  })

  it('comes back from the midst of others, wherever the writer has to make room', () => {
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 40 }), (all) => {
        const bytes = bytesOf((encoder) => {
          for (const text of all) codec.writeText(encoder, text)
        })
        const read = codec.decode(bytes, (decoder) => all.map(() => codec.readText(decoder)))
        expect(read).toEqual(all)
      }),
      runs(200),
    )
  })

  it.each([
    ['half a surrogate pair in UTF-8', [3, 0xed, 0xa0, 0x80]],
    ['an overlong form', [2, 0xc0, 0x80]],
    ['a byte of no text', [1, 0xff]],
    ['longer than what follows', [5, 0x61]],
    ['a length that nobody could send', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('is refused: %s', (_name, bytes) => {
    expect(() => codec.decode(Uint8Array.from(bytes), codec.readText)).toThrow(codec.DecodeError)
  })

  it('with half a surrogate pair is our own mistake: written, it would be another text', () => {
    const write = (text: string) => () => bytesOf((encoder) => codec.writeText(encoder, text))
    expect(write('\ud800')).toThrow('Broken invariant')
    expect(write(`${'a'.repeat(40)}\udc00`)).toThrow('Broken invariant')
  })
})

describe('a replica id', () => {
  it('comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (random) => {
        const replica = replicaIdOf(random)
        expect(replica).toBe(Buffer.from(random).toString('hex'))
        expect(parseReplicaId(replica)).toBe(replica)
        const bytes = bytesOf((encoder) => codec.writeReplica(encoder, replica))
        expect([...bytes]).toEqual([...random])
        expect(codec.decode(bytes, codec.readReplica)).toBe(replica)
      }),
      runs(200),
    )
  })

  it('is refused if cut short', () => {
    expect(() => codec.decode(new Uint8Array(7), codec.readReplica)).toThrow(codec.DecodeError)
  })
})

describe('items in ascending order', () => {
  const read = (bytes: readonly number[]) =>
    codec.decode(Uint8Array.from(bytes), (decoder) =>
      codec.readAscending(decoder, {
        count: codec.readCount(decoder),
        read: codec.readUint,
        key: (item) => item,
        compare: (a, b) => a - b,
      }),
    )

  it('are read', () => {
    expect(read([3, 1, 5, 9])).toEqual([1, 5, 9])
  })

  it('are refused if two are equal, one stands too early, or more are claimed than follow', () => {
    expect(() => read([2, 5, 5])).toThrow(codec.DecodeError)
    expect(() => read([2, 5, 4])).toThrow(codec.DecodeError)
    expect(() => read([9, 1, 2])).toThrow(codec.DecodeError)
  })
})
