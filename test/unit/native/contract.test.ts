/** One contract for both memories: each does what a simple model does, whatever comes. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Memory } from '../../../native/memory.ts'
import { bytesOf, memories, outcomeOf, textOf } from './memories.ts'

// Lengths around what a slot holds itself, and a few far beyond.
const item = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 12 }),
  fc.integer({ min: 230, max: 250 }).map((length) => 'i'.repeat(length)),
  fc.constantFrom('x'.repeat(5_000), 'y'.repeat(70_000)),
)

/** What a structure answered, beside what its model says. */
const createComparison = () => {
  const answers: unknown[] = []
  const expected: unknown[] = []
  return {
    add: (answer: unknown, model: unknown) => {
      answers.push(answer)
      expected.push(model)
    },
    answers,
    expected,
  }
}

describe.each(memories)('%s', (_name, memory) => {
  test('a queue is a bounded list', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 9 }),
        fc.array(
          fc.oneof(
            { weight: 3, arbitrary: fc.record({ push: item }) },
            { weight: 2, arbitrary: fc.record({ pop: fc.nat(6), room: fc.nat(80_000) }) },
          ),
          { maxLength: 60 },
        ),
        (capacity, steps) => {
          const queue = memory.queues.create({ capacity })
          const same = createComparison()
          const model: string[] = []
          same.add(queue.capacity, 2 ** Math.ceil(Math.log2(capacity)))
          for (const step of steps) {
            if ('push' in step) {
              const isPushed = queue.push(bytesOf(step.push))
              same.add(isPushed, model.length < queue.capacity)
              if (isPushed) model.push(step.push)
            } else {
              same.add(popMany(queue, step.room, step.pop), takeFitting(model, step))
            }
            same.add(queue.size(), model.length)
            same.add(queue.nextLength(), model[0]?.length)
            same.add(queue.awaitItem(0), model.length > 0)
          }
          queue.close()
          expect(same.answers).toEqual(same.expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('an unbounded queue is a list', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.record({ push: item }), fc.record({ room: fc.nat(6_000) })), {
          maxLength: 60,
        }),
        (steps) => {
          const queue = memory.unboundedQueues.create()
          const same = createComparison()
          const model: string[] = []
          for (const step of steps) {
            if ('push' in step) {
              queue.push(bytesOf(step.push))
              model.push(step.push)
            } else if ((model[0]?.length ?? 0) > step.room) {
              const refused = outcomeOf(() => queue.pop(new Uint8Array(step.room)))
              same.add(refused, { refused: 'too_long' })
            } else {
              const target = new Uint8Array(step.room)
              const length = queue.pop(target)
              same.add(length === undefined ? undefined : textOf(target, length), model.shift())
            }
            same.add(queue.size(), model.length)
          }
          queue.close()
          expect(same.answers).toEqual(same.expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a map is a map, through growth and removals', () => {
    const key = fc.oneof(
      fc.nat(40).map((number) => `product/${number}`),
      fc.string({ unit: 'binary-ascii', maxLength: 40 }),
    )
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            { weight: 4, arbitrary: fc.record({ set: key, value: item }) },
            { weight: 2, arbitrary: fc.record({ remove: key }) },
            { weight: 2, arbitrary: fc.record({ get: key, room: fc.nat(6_000) }) },
          ),
          { maxLength: 250 },
        ),
        (steps) => {
          const map = memory.maps.create({ expected: 0 })
          const same = createComparison()
          const model = new Map<string, string>()
          for (const step of steps) {
            if ('set' in step) {
              same.add(map.set(bytesOf(step.set), bytesOf(step.value)), !model.has(step.set))
              model.set(step.set, step.value)
            } else if ('remove' in step) {
              same.add(map.remove(bytesOf(step.remove)), model.delete(step.remove))
            } else {
              const target = new Uint8Array(step.room)
              const value = model.get(step.get)
              same.add(map.get(bytesOf(step.get), target), value?.length)
              const isCopied = value !== undefined && value.length <= step.room
              same.add(textOf(target), (isCopied ? value : '').padEnd(step.room, '\0'))
            }
          }
          same.add(map.size(), model.size)
          same.add(
            map.bytes(),
            [...model].reduce((sum, [name, value]) => sum + 8 + name.length + value.length, 0),
          )
          same.add(new Map(entriesOf(map)), model)
          map.close()
          expect(same.answers).toEqual(same.expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('gates take what is there and no more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(
          fc.record({
            act: fc.constantFrom('take', 'refill', 'set'),
            gate: fc.nat(2),
            units: fc.nat(20),
          }),
          { maxLength: 60 },
        ),
        (count, steps) => {
          const gates = memory.gates.create({ count })
          const same = createComparison()
          const model = Array.from({ length: count }, () => 0)
          same.add(gates.count, count)
          for (const { act, gate: any, units } of steps) {
            const gate = any % count
            const left = model[gate]!
            if (act === 'take') {
              const after = left >= units ? left - units : undefined
              same.add(gates.take(gate, units), after)
              model[gate] = after ?? left
            } else if (act === 'refill') {
              same.add(gates.refill(gate, units), left + units)
              model[gate] = left + units
            } else {
              gates.set(gate, units)
              model[gate] = units
            }
            same.add(
              model.map((_, index) => gates.read(index)),
              [...model],
            )
          }
          gates.close()
          expect(same.answers).toEqual(same.expected)
        },
      ),
    )
  })

  test('a token bucket never gives more than its burst and its rate, nor less to who waits', () => {
    fc.assert(
      fc.property(
        fc.record({
          burst: fc.integer({ min: 1, max: 20 }),
          perSecond: fc.integer({ min: 1, max: 3_000 }),
        }),
        fc.array(fc.nat(400), { minLength: 1, maxLength: 80 }),
        (rate, pauses) => {
          const buckets = memory.tokenBuckets.create({ count: 1, ...rate })
          const same = createComparison()
          let nowMs = 0
          let given = 0
          for (const pause of pauses) {
            nowMs += pause
            const waitMs = buckets.take(0, nowMs)
            if (waitMs === 0) given++
            else {
              // It is no wait for nothing, and long enough.
              same.add(waitMs > 0, true)
              nowMs += waitMs
              same.add(buckets.take(0, nowMs), 0)
              given++
            }
            same.add(given <= rate.burst + (nowMs * rate.perSecond) / 1_000, true)
          }
          buckets.close()
          expect(same.answers).toEqual(same.expected)
        },
      ),
    )
  })

  test('time that goes back gains a bucket nothing', () => {
    const buckets = memory.tokenBuckets.create({ count: 2, burst: 1, perSecond: 10 })
    expect(buckets.take(0, 1_000)).toBe(0)
    expect(buckets.take(0, 500)).toBe(100)
    expect(buckets.take(0, 1_099)).toBe(1)
    expect(buckets.take(0, 1_100)).toBe(0)
    // Another bucket is full.
    expect(buckets.take(1, 0)).toBe(0)
  })
})

const popMany = (
  queue: ReturnType<Memory['queues']['create']>,
  room: number,
  itemsMax: number,
): readonly string[] => {
  const target = new Uint8Array(room)
  const lengths = new Uint32Array(itemsMax)
  const count = queue.popMany(target, lengths)
  let at = 0
  return [...lengths.subarray(0, count)].map((length) => {
    at += length
    return textOf(target.subarray(at - length), length)
  })
}

const takeFitting = (
  model: string[],
  { pop, room }: { readonly pop: number; readonly room: number },
): readonly string[] => {
  const taken: string[] = []
  let used = 0
  while (taken.length < pop && model[0] !== undefined && used + model[0].length <= room) {
    used += model[0].length
    taken.push(model.shift()!)
  }
  return taken
}

const entriesOf = (map: ReturnType<Memory['maps']['create']>): readonly [string, string][] => {
  const entries: [string, string][] = []
  map.scan((key, value) => entries.push([textOf(key), textOf(value)]))
  return entries
}
