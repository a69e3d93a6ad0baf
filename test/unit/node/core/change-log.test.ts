import { expect, test } from 'vitest'
import * as change from '../../../../sync/change.ts'
import { tag } from './note.ts'
import { createTestCore, send } from './test-core.ts'

test('a position for a vector misses nothing that its holder lacks', () => {
  const alice = createTestCore()
  const bob = createTestCore()
  alice.run(tag('n', 'a')())
  bob.run(tag('n', 'b')())
  send(bob, alice)
  alice.run(tag('n', 'c')())
  const [a, b] = [alice.replica(), bob.replica()]
  expect(alice.log.positionFor(new Map())).toBe(1)
  expect(alice.log.positionFor(new Map([[a, 1]]))).toBe(2)
  expect(alice.log.positionFor(new Map([[b, 1]]))).toBe(1)
  expect(
    alice.log.positionFor(
      new Map([
        [a, 1],
        [b, 1],
      ]),
    ),
  ).toBe(3)
  expect(alice.log.positionFor(alice.log.vector())).toBe(alice.log.end())
})

test('a read stops before it grows too large, but never without a change', () => {
  const alice = createTestCore()
  for (let index = 0; index < 5; index++) alice.run(tag('n', `${index}`)())
  const sizes = alice.changes().map((bytes) => bytes.length)
  const two = alice.log.read(1, sizes[0]! + sizes[1]!)
  expect(two.entries.map(({ dot }) => dot.counter)).toEqual([1, 2])
  expect(two.next).toBe(3)
  expect(alice.log.read(3, 1).entries).toHaveLength(1)
  expect(alice.log.read(6, 1_000)).toMatchObject({ entries: [], next: 6 })
})

test('the links of a replica form a chain that ends at its head', () => {
  const alice = createTestCore()
  for (let index = 0; index < 3; index++) alice.run(tag('n', `${index}`)())
  let hash = change.chainStart
  alice.changes().forEach((bytes, index) => {
    hash = change.chainHash(hash, bytes)
    const link = alice.log.hashAt({ replica: alice.replica(), counter: index + 1 })
    expect(Buffer.from(link!)).toEqual(Buffer.from(hash))
  })
  expect(alice.log.heads().get(alice.replica())).toEqual({ counter: 3, hash })
  expect(alice.log.hashAt({ replica: alice.replica(), counter: 4 })).toBeUndefined()
})
