import { describe, expect, test } from 'vitest'
import type { Command, Core } from '../../../../node/core/core.ts'
import {
  batchCommandsMax,
  batchCommandsMin,
  queuedCommandsMax,
} from '../../../../node/core/limits.ts'
import { createPipeline } from '../../../../node/core/pipeline.ts'
import { Fault } from '../../../../node/fault.ts'
import { fail, note, spend, stock, tag, unitsOf } from './note.ts'
import { createTestCore } from './test-core.ts'

const createTestPipeline = (core: Pick<Core, 'execute' | 'receive'>) => {
  const turns: (() => void)[] = []
  const groups: number[] = []
  const broken: unknown[] = []
  const clock = { ms: 0 }
  const pipeline = createPipeline({
    core,
    soon: (flush) => turns.push(flush),
    monotonic: () => clock.ms,
    observe: ({ commands }) => groups.push(commands),
    broken: (error) => broken.push(error),
  })
  return { pipeline, groups, broken, clock, turn: () => turns.shift()?.() }
}

const failing = (code: 'storage_full' | 'storage_failed'): Pick<Core, 'execute' | 'receive'> => {
  const refuse = () => {
    throw new Fault(code, 'the disk says no')
  }
  return { execute: refuse, receive: refuse }
}

/** A core that does nothing, in the time it is told to take. */
const idle = (take: (commands: readonly Command[]) => void): Pick<Core, 'execute' | 'receive'> => ({
  execute: (commands) => {
    take(commands)
    return commands.map(() => ({ thrown: 'idle' }))
  },
  receive: () => ({ taken: 0, alreadyKnown: 0, problems: [] }),
})

test('commands that wait together are one transaction, and each gets its own answer', async () => {
  const alice = createTestCore()
  const { pipeline, groups, turn } = createTestPipeline(alice)
  const outcomes = Promise.allSettled([
    pipeline.submit(stock('n', 1)()),
    pipeline.submit(spend('n', 2)()),
    pipeline.submit(fail('a mistake')),
    pipeline.submit(tag('n', 'a')()),
  ])
  expect(alice.exists(note, 'n')).toBe(false)
  turn()
  expect(await outcomes).toMatchObject([
    { value: { ok: true } },
    { value: { ok: false, refusal: { code: 'quantity_out_of_range' } } },
    { status: 'rejected', reason: 'a mistake' },
    { value: { ok: true } },
  ])
  expect(groups).toEqual([4])
  expect(unitsOf(alice.read(note, 'n'))).toBe(1)
})

test('a group that took too long is followed by smaller ones, down to a floor', async () => {
  const test = createTestPipeline(idle(() => (test.clock.ms += 50)))
  const all = Promise.allSettled(
    Array.from({ length: 3 * batchCommandsMax }, () => test.pipeline.submit(tag('n', 'a')())),
  )
  for (let index = 0; index < 60; index++) test.turn()
  await all
  expect(test.groups.slice(0, 5)).toEqual([1_024, 512, 256, 128, 64])
  expect(Math.min(...test.groups)).toBe(batchCommandsMin)
})

test('quick groups grow again', async () => {
  let ms = 50
  const test = createTestPipeline(idle(() => (test.clock.ms += ms)))
  const all = Promise.allSettled(
    Array.from({ length: 4 * batchCommandsMax }, () => test.pipeline.submit(tag('n', 'a')())),
  )
  for (let index = 0; index < 5; index++) test.turn()
  ms = 1
  for (let index = 0; index < 60; index++) test.turn()
  await all
  expect(test.groups.slice(4, 8)).toEqual([64, 64, 128, 256])
})

describe('when the disk fails', () => {
  test('a full one rejects the group and nothing else', async () => {
    const { pipeline, broken, turn } = createTestPipeline(failing('storage_full'))
    const outcome = Promise.allSettled([pipeline.submit(tag('n', 'a')())])
    turn()
    expect(await outcome).toMatchObject([{ reason: { code: 'storage_full' } }])
    expect(broken).toEqual([])
  })

  test('a full one has no room for what a peer sent, which may send it again', async () => {
    const { pipeline, broken, turn } = createTestPipeline(failing('storage_full'))
    const report = pipeline.receive([Uint8Array.of(1)])
    turn()
    expect(await report).toEqual({ taken: 0, alreadyKnown: 0, problems: [{ kind: 'no_room' }] })
    expect(broken).toEqual([])
  })

  test('any other way, the process is told to end', async () => {
    const { pipeline, broken, turn } = createTestPipeline(failing('storage_failed'))
    const outcome = Promise.allSettled([pipeline.submit(tag('n', 'a')()), pipeline.receive([])])
    turn()
    turn()
    expect(await outcome).toMatchObject([
      { reason: { code: 'storage_failed' } },
      { reason: { code: 'storage_failed' } },
    ])
    expect(broken).toHaveLength(2)
  })
})

test('more commands than may wait are refused at once', async () => {
  const { pipeline } = createTestPipeline(idle(() => {}))
  for (let index = 0; index < queuedCommandsMax; index++) {
    pipeline.submit(tag('n', 'a')()).catch(() => {})
  }
  await expect(pipeline.submit(tag('n', 'a')())).rejects.toMatchObject({ code: 'overloaded' })
})

test('what arrives from a peer waits a turn, so that more may join it, and is not taken after the end', async () => {
  const { pipeline, turn, broken } = createTestPipeline(failing('storage_failed'))
  const arriving = pipeline.receive([])
  await pipeline.close()
  turn()
  await expect(arriving).rejects.toMatchObject({ code: 'shutting_down' })
  expect(broken).toEqual([])
})

test('closing finishes what was submitted and takes nothing more', async () => {
  const alice = createTestCore()
  const { pipeline, turn } = createTestPipeline(alice)
  const before = pipeline.submit(tag('n', 'a')())
  let isClosed = false
  const closing = pipeline.close().then(() => (isClosed = true))
  await expect(pipeline.submit(tag('n', 'b')())).rejects.toMatchObject({ code: 'shutting_down' })
  await expect(pipeline.receive([])).rejects.toMatchObject({ code: 'shutting_down' })
  expect(isClosed).toBe(false)
  turn()
  expect(await before).toMatchObject({ ok: true })
  expect(await closing).toBe(true)
})
