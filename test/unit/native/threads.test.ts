/** Real threads on one memory: nothing is lost, doubled, torn or missed, and a thread's end harms no other. */

import { describe, expect, test } from 'vitest'
import { closing, sharedMemory } from './memories.ts'
import { flag, run, start } from './start-thread.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'

describe.skipIf(!sharedMemory)('threads', () => {
  const memory = sharedMemory!

  test('a queue keeps each producer in order, and loses and doubles nothing', async () => {
    const queue = closing(memory.queues.create({ capacity: 64 }))
    const items = isFull ? 2_000_000 : 50_000
    const stop = flag()
    const consumers = [1, 2].map(() => start({ kind: 'consume', queue: queue.id, stop }))
    await run([1, 2].map((producer) => ({ kind: 'produce', queue: queue.id, producer, items })))
    Atomics.store(new Int32Array(stop), 0, 1)
    const popped = (await Promise.all(consumers.map(({ done }) => done))) as number[][]
    const seen = new Map<number, number[]>([1, 2].map((producer) => [producer, []]))
    for (const own of popped) {
      const last = new Map<number, number>()
      for (let at = 0; at < own.length; at += 2) {
        const [producer = 0, number = 0] = own.slice(at, at + 2)
        if (number <= (last.get(producer) ?? 0)) throw new Error('Out of order')
        last.set(producer, number)
        seen.get(producer)?.push(number)
      }
    }
    for (const numbers of seen.values()) {
      expect(numbers).toHaveLength(items)
      expect(new Set(numbers).size).toBe(items)
    }
  })

  test('readers of a map see whole values and miss no key, while it is written and grows', async () => {
    const map = closing(memory.maps.create({ expected: 0 }))
    const keys = 50
    const stop = flag()
    // The keys are there before anybody reads.
    await run([{ kind: 'write', map: map.id, keys, rounds: 1, stop: flag() }])
    const [, ...readers] = await run<{ reads: number; misses: number; torn: number } | undefined>([
      { kind: 'write', map: map.id, keys, rounds: isFull ? 200_000 : 4_000, stop },
      { kind: 'read', map: map.id, keys, stop },
      { kind: 'read', map: map.id, keys, stop },
    ])
    for (const reader of readers) {
      expect(reader).toMatchObject({ misses: 0, torn: 0 })
      expect(reader?.reads).toBeGreaterThan(1_000)
    }
  })

  test('a gate lets through as many as there are, and never goes below zero', async () => {
    const gates = closing(memory.gates.create({ count: 1 }))
    const units = 70_000
    gates.set(0, units)
    const takers = await run<{ taken: number; least: number }>(
      [1, 2, 3].map(() => ({
        kind: 'take',
        gates: gates.id,
        attempts: isFull ? 30_000_000 : 40_000,
      })),
    )
    expect(takers.reduce((sum, { taken }) => sum + taken, 0)).toBe(units)
    expect(takers.map(({ least }) => least)).toEqual([0, 0, 0])
    expect(gates.read(0)).toBe(0)
  })

  test('a sleeping listener is woken, once for a burst, and misses nothing', async () => {
    const queue = closing(memory.queues.create({ capacity: 1_024 }))
    const bell = closing(memory.bells.create())
    const target = new Uint8Array(64 * 32)
    const lengths = new Uint32Array(64)
    const items = 20_000
    let popped = 0
    let wakes = 0
    const all = new Promise<void>((resolve) => {
      const drain = () => {
        wakes++
        do {
          for (let count = -1; count !== 0; popped += count) count = queue.popMany(target, lengths)
          bell.sleep()
          // Once more: whoever pushed before we said so did not ring.
        } while (queue.nextLength() !== undefined)
        if (popped === items) resolve()
      }
      bell.listen(drain)
      drain()
    })
    const [woken] = await run<number>([{ kind: 'rush', bell: bell.id, queue: queue.id, items }])
    await all
    expect(popped).toBe(items)
    // The first drain was not a wake.
    expect(wakes - 1).toBeLessThanOrEqual(woken!)
  })

  test('threads may be terminated in the middle of anything', { timeout: 600_000 }, async () => {
    const queue = closing(memory.queues.create({ capacity: 256 }))
    const map = closing(memory.maps.create({ expected: 0 }))
    const before = memory.usage()
    for (let cycle = 0; cycle < (isFull ? 1_000 : 12); cycle++) {
      const workers = [1, 2].map(
        () => start({ kind: 'churn', queue: queue.id, map: map.id }).worker,
      )
      await Promise.all(
        workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))),
      )
      await Promise.all(workers.map((worker) => worker.terminate()))
    }
    // The structures go on, and what the threads held was given back.
    map.set(new Uint8Array(3), new Uint8Array(5))
    expect(map.get(new Uint8Array(3), new Uint8Array(5))).toBe(5)
    expect(map.size()).toBeLessThanOrEqual(65)
    expect(memory.usage().usedBytes - before.usedBytes).toBeLessThan(2_000_000)
  })
})
