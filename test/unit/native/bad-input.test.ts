/** Whatever is handed over, the answer is a value or an error with a code; never a crash. */

import * as fc from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { loadAddon } from '../../../native/addon.ts'
import * as limits from '../../../native/limits.ts'
import { closing, memories, outcomeOf } from './memories.ts'

/** A value of another type, as plain JavaScript may hand it over. */
const wrong = (value: unknown) => value as never

const detached = (): Uint8Array => {
  const bytes = new Uint8Array(16)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}

describe.each(memories)('%s', (_name, memory) => {
  const queue = () => closing(memory.queues.create({ capacity: 4 }))
  const map = () => closing(memory.maps.create({ expected: 0 }))
  const gates = () => closing(memory.gates.create({ count: 2 }))
  const bytes = new Uint8Array(16)

  test.each<readonly [string, () => unknown]>([
    ['a capacity of one', () => memory.queues.create({ capacity: 1 })],
    ['a huge capacity', () => memory.queues.create({ capacity: limits.queueCapacityMax + 1 })],
    ['a capacity that is no number', () => memory.queues.create({ capacity: NaN })],
    ['a capacity between two numbers', () => memory.queues.create({ capacity: 2.5 })],
    ['nothing to be pushed', () => queue().push(wrong(undefined))],
    ['nothing for a length', () => queue().push(bytes, wrong(null))],
    ['nothing for a key', () => map().get(wrong(undefined), bytes)],
    ['no room for lengths', () => queue().popMany(bytes, wrong(undefined))],
    ['a text to be pushed', () => queue().push(wrong('text'), 1)],
    ['numbers of another type', () => queue().push(wrong(new Uint16Array(2)), 1)],
    ['a length beyond the buffer', () => queue().push(bytes, 17)],
    ['a negative length', () => queue().push(bytes, -1)],
    ['an item that is too long', () => queue().push(new Uint8Array(limits.itemBytesMax + 1))],
    ['a spin without end', () => queue().awaitItem(Infinity)],
    ['a key that is too long', () => map().set(new Uint8Array(limits.keyBytesMax + 1), bytes)],
    ['a value that is too long', () => map().set(bytes, new Uint8Array(limits.valueBytesMax + 1))],
    ['a text for a key', () => map().get(wrong('key'), bytes)],
    ['a gate that is none', () => gates().take(2, 1)],
    ['a gate below the first', () => gates().take(-1, 1)],
    ['half a unit', () => gates().take(0, 0.5)],
    ['units below nothing', () => gates().refill(0, -1)],
    ['more units than can be counted', () => gates().set(0, limits.unitsMax * 2)],
    ['no gates', () => memory.gates.create({ count: 0 })],
    [
      'buckets without tokens',
      () => memory.tokenBuckets.create({ count: 1, burst: 0, perSecond: 1 }),
    ],
    ['a listener that is no function', () => closing(memory.bells.create()).listen(wrong(7))],
  ])('%s is refused', (_what, call) => {
    expect(outcomeOf(call)).toEqual({ refused: 'bad_argument' })
  })

  test('a detached buffer is an empty one', () => {
    const own = queue()
    expect(outcomeOf(() => own.push(detached(), 1))).toEqual({ refused: 'bad_argument' })
    expect(own.push(bytes)).toBe(true)
    expect(own.popMany(detached(), new Uint32Array(1))).toBe(0)
    expect(own.popMany(bytes, new Uint32Array(1))).toBe(1)
  })

  test('what was closed is closed for good', () => {
    const closed = memory.queues.create({ capacity: 2 })
    closed.close()
    closed.close()
    const other = queue()
    expect(outcomeOf(() => closed.push(bytes))).toEqual({ refused: 'closed' })
    expect(outcomeOf(() => memory.queues.open(closed.id))).toEqual({ refused: 'closed' })
    // Nor does it become another one.
    expect(other.size()).toBe(0)
  })

  test('an id opens its own kind only', () => {
    const { id } = queue()
    expect(outcomeOf(() => memory.maps.open(id))).toEqual({ refused: 'closed' })
    expect(outcomeOf(() => memory.queues.open(id + 1_000_000))).toEqual({ refused: 'closed' })
  })

  test('a full queue says so, and takes again what it has room for', () => {
    const own = closing(memory.queues.create({ capacity: 2 }))
    expect([own.push(bytes), own.push(bytes), own.push(bytes)]).toEqual([true, true, false])
    own.popMany(bytes, new Uint32Array(1))
    expect(own.push(bytes)).toBe(true)
  })

  test('a gate holds no more than can be told exactly', () => {
    const own = gates()
    own.set(0, limits.unitsMax - 1)
    expect(own.refill(0, 1)).toBe(limits.unitsMax)
    expect(outcomeOf(() => own.refill(0, 1))).toEqual({ refused: 'bad_argument' })
    expect(own.read(0)).toBe(limits.unitsMax)
  })

  test('a full map says so, keeps what it has, and takes again what it has room for', () => {
    const own = map()
    const value = new Uint8Array(100_000).fill(7)
    const key = (number: number) => new Uint8Array([number, number >> 8])
    onTestFinished(() => memory.limit(2 ** 30))
    memory.collect()
    memory.limit(memory.usage().reservedBytes + 2_000_000)
    const write = (number: number) => outcomeOf(() => own.set(key(number), value))
    let written = 0
    let outcome = write(0)
    for (; outcome === true && written < 1_000; outcome = write(written)) written++
    expect(outcome).toEqual({ refused: 'no_memory' })
    expect(written).toBeGreaterThan(5)
    expect(written).toBeLessThan(25)
    expect(own.size()).toBe(written)
    const target = new Uint8Array(value.length)
    for (let number = 0; number < written; number++) {
      expect(own.get(key(number), target)).toBe(value.length)
    }
    expect(Buffer.compare(target, value)).toBe(0)
    // A queue's items that are longer than a slot share the limit.
    expect(outcomeOf(() => queue().push(value))).toEqual({ refused: 'no_memory' })
    for (const number of [0, 1]) own.remove(key(number))
    memory.collect()
    expect(own.set(key(0), value)).toBe(true)
  })

  test('what is closed makes room for more than was ever open at once', () => {
    const held = memory.usage().askedBytes
    for (let round = 0; round < 3_000; round++) {
      const short = memory.queues.create({ capacity: 2 })
      short.push(bytes)
      short.close()
    }
    expect(memory.usage().askedBytes - held).toBeLessThan(10_000)
  })

  test('closing one handle of a bell leaves the listener of another', async () => {
    const bell = closing(memory.bells.create())
    const other = memory.bells.open(bell.id)
    let wakes = 0
    bell.listen(() => wakes++)
    other.close()
    bell.sleep()
    expect(bell.ring()).toBe(true)
    await vi.waitFor(() => expect(wakes).toBe(1))
    const listening = memory.bells.open(bell.id)
    bell.stopListening()
    listening.listen(() => wakes++)
    listening.close()
    bell.sleep()
    expect(bell.ring()).toBe(false)
  })

  test('who listens after a bell was rung in vain is asleep still', () => {
    const bell = closing(memory.bells.create())
    bell.sleep()
    expect(bell.ring()).toBe(false)
    bell.listen(() => undefined)
    expect(bell.ring()).toBe(true)
  })

  test('a bell has one listener', () => {
    const bell = closing(memory.bells.create())
    bell.listen(() => undefined)
    expect(outcomeOf(() => bell.listen(() => undefined))).toEqual({ refused: 'busy' })
    bell.stopListening()
    bell.listen(() => undefined)
  })
})

const addon = loadAddon()
const numRuns = process.env['ATOLL_TEST_SIZE'] === 'full' ? 1_000_000 : 20_000

test.skipIf('missing' in addon)('the module takes any arguments at all', () => {
  if ('missing' in addon) return
  // What is of the whole process is left out, and what would fill it by chance.
  const functions = Object.entries(addon).filter(
    ([name]) => name !== 'limitPool' && !name.startsWith('create'),
  ) as [string, (...given: never) => unknown][]
  let calls = 0
  const places = [
    addon.createQueue(4),
    addon.createUnbounded(),
    addon.createMap(0),
    addon.createGates(2),
    addon.createBuckets(2, 5, 5),
    addon.createBell(),
  ]
  const argument = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...places) },
    { weight: 4, arbitrary: fc.nat(20) },
    { weight: 4, arbitrary: fc.uint8Array({ maxLength: 64 }) },
    fc.uint32Array({ maxLength: 8 }),
    fc.bigUint64Array({ maxLength: 3 }),
    fc.float64Array({ maxLength: 4 }),
    fc.constantFrom(detached(), NaN, -1, Infinity, 2 ** 31, 2 ** 53, () => undefined),
    fc.anything(),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...functions),
      fc.array(argument, { maxLength: 7 }),
      ([, call], given) => {
        // Any other error is thrown on, and a crash would end the process.
        outcomeOf(() => Reflect.apply(call, undefined, given) as unknown)
        calls++
      },
    ),
    { numRuns },
  )
  expect(calls).toBe(numRuns)
})
