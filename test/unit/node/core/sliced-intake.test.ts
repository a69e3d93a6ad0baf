import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Core } from '../../../../node/core/core.ts'
import { sliceChangesMax, sliceChangesMin, sliceMsMax } from '../../../../node/core/limits.ts'
import { createSlicedIntake } from '../../../../node/core/sliced-intake.ts'
import { tag } from './note.ts'
import { createTestCore, type TestCore } from './test-core.ts'

/** Slices that each take `ms`; turns come when they are asked for. */
const createTest = (core: Pick<Core, 'receive'>, ms: () => number = () => sliceMsMax) => {
  const turns: (() => void)[] = []
  const sizes: number[] = []
  const clock = { ms: 0 }
  let isOpen = true
  const take = createSlicedIntake({
    core: {
      receive: (changes) => {
        sizes.push(changes.length)
        clock.ms += ms()
        return core.receive(changes)
      },
    },
    soon: (work) => turns.push(work),
    monotonic: () => clock.ms,
    assertOpen: () => {
      if (!isOpen) throw new Error('closed')
    },
  })
  return {
    take,
    sizes,
    turn: () => turns.shift()?.(),
    runAll: () => {
      while (turns.length > 0) turns.shift()?.()
    },
    close: () => {
      isOpen = false
    },
  }
}

/** A core that others send to, with `count` changes of its own. */
const writer = (count: number): TestCore => {
  const core = createTestCore()
  for (let made = 0; made < count; made++) core.run(tag('n', `${made}`)())
  return core
}

const idle: Pick<Core, 'receive'> = {
  receive: (changes) => ({ taken: changes.length, alreadyKnown: 0, problems: [] }),
}
const nothing = (count: number) => Array.from({ length: count }, () => new Uint8Array(20))

test('a batch comes to the same in slices as in one go, whatever is wrong with it', async () => {
  const [alice, carol] = [writer(70), writer(70)]
  const sent = [...alice.changes(), ...carol.changes()]
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(
        sent.map((_, index) => index),
        { minLength: 1 },
      ),
      fc.boolean(),
      async (chosen, isSorted) => {
        const order = isSorted ? chosen.toSorted((a, b) => a - b) : chosen
        const changes = order.map((index) => sent[index]!)
        const [whole, sliced] = [createTestCore(), createTestCore()]
        const { take, runAll } = createTest(sliced)
        const report = take(changes)
        runAll()
        expect(await report).toEqual(whole.receive(changes))
        expect(sliced.digest()).toBe(whole.digest())
        expect(sliced.changes()).toEqual(whole.changes())
      },
    ),
    { numRuns: 30 },
  )
})

test('what follows a gap is not told as another gap, slice after slice', async () => {
  const changes = writer(5 * sliceChangesMin).changes()
  const { take, runAll } = createTest(createTestCore())
  const report = take(changes.slice(1))
  runAll()
  expect((await report).problems).toHaveLength(1)
})

describe('the size of a slice', () => {
  test('grows while slices are quick, up to a bound', async () => {
    const { take, sizes, runAll } = createTest(idle, () => 1)
    const report = take(nothing(20_000))
    runAll()
    expect((await report).taken).toBe(20_000)
    expect(sizes.slice(0, 4)).toEqual([16, 32, 64, 128])
    expect(Math.max(...sizes)).toBe(sliceChangesMax)
  })

  test('shrinks while they are slow, down to a floor', async () => {
    let ms = 1
    const { take, sizes, runAll, turn } = createTest(idle, () => ms)
    const report = take(nothing(2_000))
    for (let slice = 0; slice < 5; slice++) turn()
    ms = sliceMsMax + 1
    runAll()
    await report
    expect(sizes.slice(4, 9)).toEqual([256, 512, 256, 128, 64])
    expect(Math.min(...sizes.slice(0, -1))).toBe(sliceChangesMin)
  })
})

test('others get their turn between two slices', async () => {
  const { take, sizes, turn } = createTest(idle)
  const [first, second] = [take(nothing(2 * sliceChangesMin)), take(nothing(sliceChangesMin))]
  turn()
  turn()
  await second
  expect(sizes).toHaveLength(2)
  turn()
  expect((await first).taken).toBe(2 * sliceChangesMin)
})

test('an end in the middle keeps what was taken and says that the rest was not', async () => {
  const bob = createTestCore()
  const { take, turn, close } = createTest(bob)
  const report = take(writer(2 * sliceChangesMin).changes())
  turn()
  close()
  turn()
  await expect(report).rejects.toThrow('closed')
  expect(bob.changes()).toHaveLength(sliceChangesMin)
})
