import { expect, test } from 'vitest'
import { createMeshCopies } from '../../../../node/replication/mesh-copies.ts'
import { createVirtualTime } from '../../sync/virtual-time.ts'
import { replicaOf } from '../../sync/memory-log.ts'

const alice = replicaOf(1)
const dot = { replica: alice, counter: 5 }

const createTest = (names: readonly string[], gone: readonly string[] = []) => {
  const time = createVirtualTime()
  const counters = new Map(names.map((name) => [name, 0]))
  const cut = new Set<string>()
  const copies = createMeshCopies({
    mesh: () => ({
      durability: () =>
        names.map((name) => ({
          name,
          isConnected: !cut.has(name),
          durable: new Map([[alice, counters.get(name) ?? 0]]),
        })),
    }),
    isGone: (name) => gone.includes(name),
    timers: time.timers,
  })
  const acknowledge = (name: string, counter: number) => {
    counters.set(name, counter)
    copies.acknowledged()
  }
  return { time, copies, cut, acknowledge }
}

test('who waits is told as soon as one other node has the change', async () => {
  const { copies, acknowledge } = createTest(['bob', 'carol'])
  const waiting = copies.waitForCopy(dot, 250)
  acknowledge('bob', 4)
  expect(copies.copies(dot)).toBe(0)
  acknowledge('carol', 5)
  expect(await waiting).toBe(1)
  acknowledge('bob', 9)
  expect(copies.copies(dot)).toBe(2)
  expect(await copies.waitForCopy(dot, 250)).toBe(2)
})

test('who waits is told that there is none when the time is over', async () => {
  const { time, copies } = createTest(['bob'])
  const waiting = copies.waitForCopy(dot, 250)
  await time.advance(250)
  expect(await waiting).toBe(0)
})

test('who is cut off from everybody does not wait', async () => {
  const { copies, cut } = createTest(['bob'])
  cut.add('bob')
  expect(await copies.waitForCopy(dot, 250)).toBe(0)
  expect(await createTest([]).copies.waitForCopy(dot, 250)).toBe(0)
})

test('what a node has that was declared gone is no copy', async () => {
  const { copies, acknowledge } = createTest(['bob'], ['bob'])
  acknowledge('bob', 9)
  expect(copies.copies(dot)).toBe(0)
  expect(await copies.waitForCopy(dot, 250)).toBe(0)
})
