/** What threads saw of each structure could have happened one at a time; where it could not, the check says so. */

import { describe, expect, test } from 'vitest'
import type { Actor, Planted } from './actors.ts'
import { linearize, type Operation } from './linearizability.ts'
import { closing, sharedMemory } from './memories.ts'
import { bucketOptions, models, queueCapacity, type Recorded } from './sequential.ts'
import { flag, run } from './start-thread.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'
const rounds = isFull ? 400 : 15

describe.skipIf(!sharedMemory)('recorded histories', () => {
  const memory = sharedMemory!

  const makers: Readonly<Record<Recorded, () => { readonly id: number }>> = {
    queue: () => closing(memory.queues.create({ capacity: queueCapacity })),
    unbounded: () => closing(memory.unboundedQueues.create()),
    map: () => closing(memory.maps.create({ expected: 0 })),
    gates: () => closing(memory.gates.create({ count: 1 })),
    buckets: () => closing(memory.tokenBuckets.create(bucketOptions)),
  }

  const record = async (object: Recorded, actor: Actor): Promise<readonly Operation[]> => {
    const { id } = makers[object]()
    const gate = flag()
    const histories = await run<readonly Operation[]>(
      [1, 2].map((thread) => ({
        kind: 'record',
        actor,
        id,
        thread,
        operations: 14,
        gate,
        threads: 2,
      })),
    )
    return histories.flat()
  }

  test.each(['queue', 'unbounded', 'map', 'gates', 'buckets'] as const)(
    'what is recorded of %s could have happened one at a time',
    { timeout: 600_000 },
    async (object) => {
      let overlaps = 0
      const impossible: unknown[] = []
      // On a busy machine threads may take turns for a while, which tries nothing: then some more.
      for (let round = 0; round < rounds || (overlaps === 0 && round < 20 * rounds); round++) {
        const history = await record(object, object)
        overlaps += overlapping(history)
        if (!linearize(exact(history, object), models[object])) impossible.push(history.map(shown))
      }
      expect(impossible).toEqual([])
      // Else it was no test of concurrency.
      expect(overlaps).toBeGreaterThan(0)
    },
  )

  const planted: readonly (readonly [Planted, Recorded])[] = [
    ['late pushes', 'unbounded'],
    ['replaced in two steps', 'map'],
    ['taken in two steps', 'gates'],
    ['one each', 'buckets'],
  ]

  test.each(planted)(
    'what is recorded of %s, planted among %s, could not',
    { timeout: 600_000 },
    async (actor, object) => {
      let isFound = false
      for (let round = 0; round < 20 && !isFound; round++) {
        isFound = !linearize(await record(object, actor), models[object])
      }
      expect(isFound).toBe(true)
    },
  )
})

test('the check refuses what could not have happened', () => {
  const at = (called: number, returned: number, what: string, given: number, answered: number) => ({
    calledNs: BigInt(called),
    returnedNs: BigInt(returned),
    what,
    given,
    answered,
  })
  const pushes = [at(0, 10, 'push', 1, 1), at(20, 30, 'push', 2, 1)]
  expect(linearize([...pushes, at(40, 50, 'pop', 0, 1)], models.queue)).toBeDefined()
  expect(linearize([...pushes, at(40, 50, 'pop', 0, 2)], models.queue)).toBeUndefined()
  expect(linearize([...pushes, at(5, 50, 'pop', 0, -1)], models.queue)).toBeDefined()
  expect(linearize([...pushes, at(15, 50, 'pop', 0, -1)], models.queue)).toBeUndefined()
  const written = at(0, 10, 'set', 7, 1)
  expect(linearize([written, at(11, 12, 'get', 0, -1)], models.map)).toBeUndefined()
  expect(linearize([written, at(9, 12, 'get', 0, -1)], models.map)).toBeDefined()
  expect(
    linearize([at(0, 9, 'refill', 0, 1), at(1, 2, 'take', 0, 1)], models.gates),
  ).toBeUndefined()
})

const shown = ({ what, given, answered, calledNs, returnedNs }: Operation) =>
  `${what} ${given} = ${answered} [${calledNs % 1_000_000_000n}, ${returnedNs % 1_000_000_000n}]`

// A queue says "full" or "empty" while another thread has an item in its hands: see `queue.hpp`. Said
// when nobody else was at work, it must be so.
const exact = (history: readonly Operation[], object: Recorded): readonly Operation[] =>
  object === 'queue'
    ? history.filter((one) => !saysNo(one) || !history.some((other) => isBeside(one, other)))
    : history

const saysNo = ({ what, answered }: Operation): boolean =>
  what === 'push' ? answered === 0 : answered === -1

const isBeside = (one: Operation, other: Operation): boolean =>
  other !== one && other.calledNs < one.returnedNs && one.calledNs < other.returnedNs

const overlapping = (history: readonly Operation[]): number =>
  history.filter((one) => history.some((other) => isBeside(one, other))).length
