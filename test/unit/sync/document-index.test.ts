/** The index of documents: sorted, and summed up over any range. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashWords, keyEnd, keyOf, rankOf, sumOf } from '../../../sync/document-index.ts'
import { anyKey, builtIndexOf, hashOf, indexOf, type Item } from './document-sets.ts'

const anyItems = fc.array(fc.record({ key: anyKey, text: fc.string({ maxLength: 3 }) }))

describe('an index', () => {
  test('has the documents in the order of their keys, whatever the order in which they came', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.string(), { maxLength: 300 }), async (names) => {
        const index = await builtIndexOf(names)
        expect([...index.keys]).toEqual(
          names.map((name) => keyOf('note', name)).toSorted((a, b) => a - b),
        )
        expect(await builtIndexOf(names.toReversed())).toEqual(index)
      }),
    )
  })

  test('gives others their turn while it is made', async () => {
    let breaths = 0
    const names = Array.from({ length: 50_000 }, (_, number) => `${number}`)
    const index = await builtIndexOf(names, () => {
      breaths++
      return Promise.resolve()
    })
    expect(index.count).toBe(50_000)
    expect(breaths).toBeGreaterThan(15)
  })

  test('sums up any range as adding one by one does', () => {
    fc.assert(
      fc.property(anyItems, fc.nat(), fc.nat(), (items, one, other) => {
        const index = indexOf(items)
        const [from, to] = [one % (items.length + 1), other % (items.length + 1)].toSorted(
          (a, b) => a - b,
        ) as [number, number]
        const sum = new Uint32Array(hashWords)
        for (let at = from; at < to; at++) {
          for (let lane = 0; lane < hashWords; lane++) {
            sum[lane] = (sum[lane] ?? 0) + (index.hashes[at * hashWords + lane] ?? 0)
          }
        }
        expect(sumOf(index, from, to)).toEqual(sum)
      }),
    )
  })

  test('ranks a key by how many are below it', () => {
    fc.assert(
      fc.property(anyItems, fc.oneof(anyKey, fc.constant(keyEnd)), (items, key) => {
        const below = items.filter((item) => item.key < key).length
        expect(rankOf(indexOf(items), key)).toBe(below)
      }),
    )
  })

  test('has the hashes as they came', async () => {
    const index = await builtIndexOf(['a'])
    const item: Item = { key: 1, text: 'a' }
    expect(indexOf([item]).hashes[0]).toBe(Buffer.from(hashOf(item)).readUInt32BE(0))
    expect(index.keys[0]).toBe(keyOf('note', 'a'))
    // The key is part of the protocol.
    expect(keyOf('product', 'apple')).toBe(0x84cd0edbd647)
  })
})
