/** Values in their one binary form. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as codec from '../../../crdt/codec.ts'
import * as value from '../../../crdt/value.ts'
import type { Value } from '../../../crdt/value.ts'
import { runs } from './histories.ts'
import { values } from './values.ts'

const encode = (given: Value) => codec.encode((encoder) => value.write(encoder, given))
const decode = (bytes: Uint8Array) => codec.decode(bytes, (decoder) => value.read(decoder))

describe('a value', () => {
  it('comes back', () => {
    fc.assert(
      fc.property(values, (given) => {
        const read = decode(encode(given))
        expect(read).toEqual(given)
        expect(value.equals(read, given)).toBe(true)
      }),
      runs(1_000),
    )
  })

  it('has other bytes exactly if it is another', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(Buffer.from(encode(a)).equals(encode(b))).toBe(value.equals(a, b))
      }),
      runs(1_000),
    )
  })

  it('has the same bytes whatever the order of its keys', () => {
    const one = encode({ b: 1, a: { d: 2, c: 3 } })
    expect(encode({ a: { c: 3, d: 2 }, b: 1 })).toEqual(one)
  })

  it('may have a key that is the name of something every object has', () => {
    const given = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":1}') as Value
    const read = decode(encode(given))
    expect(Object.keys(read ?? {}).toSorted()).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect(read).not.toHaveProperty('isAdmin')
    expect(value.equals(read, {})).toBe(false)
    expect(value.equals({}, read)).toBe(false)
  })

  it('of bytes that nobody wrote is read exactly or not at all', () => {
    const outcomeOf = (bytes: Uint8Array) => {
      try {
        return Buffer.from(encode(decode(bytes))).equals(bytes) ? 'exact' : 'inexact'
      } catch (error) {
        if (error instanceof codec.DecodeError) return 'refused'
        throw error
      }
    }
    const likely = fc.array(fc.oneof(fc.nat({ max: 8 }), fc.nat({ max: 255 })), { maxLength: 24 })
    fc.assert(
      fc.property(likely, (bytes) => {
        expect(outcomeOf(Uint8Array.from(bytes))).not.toBe('inexact')
      }),
      runs(5_000),
    )
  })
})

describe('refused are', () => {
  const float = (number: number) => {
    const bytes = new Uint8Array(9)
    bytes[0] = 5
    new DataView(bytes.buffer).setFloat64(1, number)
    return [...bytes]
  }
  it.each([
    ['a tag that nobody writes', [9]],
    ['a negative zero', [4, 0]],
    ['NaN', float(Number.NaN)],
    ['infinity', float(Number.POSITIVE_INFINITY)],
    ['a whole number as a float', float(7)],
    ['a negative zero as a float', float(-0)],
    ['keys out of order', [8, 2, 1, 0x62, 0, 1, 0x61, 0]],
    ['a key twice', [8, 2, 1, 0x61, 0, 1, 0x61, 0]],
    ['more items than bytes', [7, 3, 0]],
    ['17 lists in each other', [...Array.from({ length: 17 }, () => [7, 1]).flat(), 0]],
  ])('%s', (_name, bytes) => {
    expect(() => decode(Uint8Array.from(bytes))).toThrow(codec.DecodeError)
  })

  it('lists that each claim all that follows, without room being made for them', () => {
    const length = 1 << 21
    const bytes = new Uint8Array(length)
    let at = 0
    for (let depth = 0; depth < value.depthMax; depth++) {
      const claim = codec.encode((encoder) => {
        codec.writeByte(encoder, 7)
        codec.writeUint(encoder, length - at - 5)
      })
      bytes.set(claim, at)
      at += claim.length
    }
    bytes[at] = 9
    const before = process.memoryUsage().heapUsed
    expect(() => decode(bytes)).toThrow(codec.DecodeError)
    // Room for every claim would be 16 bytes × 16 lists for each byte sent.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(16 * length)
  })
})

describe('our own mistake is to write', () => {
  it.each([
    ['NaN', Number.NaN],
    ['infinity', Number.NEGATIVE_INFINITY],
    ['half a surrogate pair', '\ud83d'],
    ['17 lists in each other', JSON.parse(`${'['.repeat(17)}0${']'.repeat(17)}`) as Value],
  ])('%s, which no replica could read', (_name, given) => {
    expect(() => encode(given)).toThrow('Broken invariant')
  })

  it('while 16 lists in each other are read again', () => {
    const deep = JSON.parse(`${'['.repeat(16)}0${']'.repeat(16)}`) as Value
    expect(decode(encode(deep))).toEqual(deep)
  })
})
