import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import * as digest from '../../../../node/core/digest.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })

const sumOf = (hashes: readonly Uint8Array[]) => {
  const sum = digest.sumFrom(digest.empty())
  for (const one of hashes) sum.add(one)
  return sum
}

test('the order of hashes does not matter', () => {
  fc.assert(
    fc.property(fc.array(hash, { maxLength: 8 }), (hashes) => {
      expect(sumOf(hashes.toReversed()).bytes()).toEqual(sumOf(hashes).bytes())
    }),
  )
})

test('what is subtracted was never added', () => {
  fc.assert(
    fc.property(fc.array(hash, { maxLength: 8 }), hash, (hashes, one) => {
      const sum = sumOf([one, ...hashes])
      sum.subtract(one)
      expect(sum.bytes()).toEqual(sumOf(hashes).bytes())
    }),
  )
})

test('a sum leaves the bytes it began at as they were', () => {
  const start = digest.empty()
  digest.sumFrom(start).add(new Uint8Array(32).fill(7))
  expect(start).toEqual(digest.empty())
})

test('an id does not run into the bytes behind it', () => {
  const split = (id: string, bytes: number[]) =>
    digest.toHex(digest.documentHash('note', id, Uint8Array.from(bytes)))
  expect(split('a', [0, 98])).not.toBe(split('a\0', [98]))
  expect(split('a', [98])).not.toBe(split('ab', []))
})
