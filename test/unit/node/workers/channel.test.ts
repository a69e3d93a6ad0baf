import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { createLocalMemory } from '../../../../native/fallback/local-memory.ts'
import { loadMemory } from '../../../../native/load.ts'
import type { Memory } from '../../../../native/memory.ts'
import { soon } from '../../../../node/system.ts'
import { createChannel, openReceiver, openSender } from '../../../../node/workers/channel.ts'

const memories: readonly (readonly [string, () => Memory])[] = [
  ['the twin', createLocalMemory],
  ['the memory of this machine', () => loadMemory().memory],
]

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => soon(resolve))
}

describe.each(memories)('a channel in %s', (_name, memoryOf) => {
  test('brings every item, in the order of each sender, whatever its length', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), { maxLength: 40 }),
        async (items) => {
          const memory = memoryOf()
          const channel = createChannel(memory, 64)
          const received: Uint8Array[] = []
          const receiver = openReceiver(memory, channel.ids, {
            received: (bytes) => received.push(new Uint8Array(bytes)),
            soon,
          })
          const sender = openSender(memory, channel.ids)
          for (const item of items) expect(sender.send(item)).toBe(true)
          for (let round = 0; round < 200 && received.length < items.length; round++) await turns(5)
          expect(received).toEqual(items)
          sender.close()
          receiver.close()
          channel.close()
        },
      ),
      { numRuns: 25 },
    )
  })

  test('brings an item that is longer than all that is taken out at once', async () => {
    const memory = memoryOf()
    const channel = createChannel(memory, 4)
    const lengths: number[] = []
    const receiver = openReceiver(memory, channel.ids, {
      received: (bytes) => lengths.push(bytes.length),
      soon,
    })
    const sender = openSender(memory, channel.ids)
    sender.send(new Uint8Array(700_000))
    sender.send(new Uint8Array(1))
    for (let round = 0; round < 200 && lengths.length < 2; round++) await turns(5)
    expect(lengths).toEqual([700_000, 1])
    receiver.close()
  })

  test('says at once that it is full, and takes more when there is room', async () => {
    const memory = memoryOf()
    const channel = createChannel(memory, 4)
    const sender = openSender(memory, channel.ids)
    const item = new Uint8Array([7])
    expect([1, 2, 3, 4, 5].map(() => sender.send(item))).toEqual([true, true, true, true, false])
    let received = 0
    const receiver = openReceiver(memory, channel.ids, { received: () => received++, soon })
    await turns(5)
    expect(received).toBe(4)
    expect(sender.send(item)).toBe(true)
    receiver.close()
  })

  test('brings what was sent while its receiver was awake, asleep or falling asleep', async () => {
    const memory = memoryOf()
    const channel = createChannel(memory, 1_024)
    let received = 0
    const receiver = openReceiver(memory, channel.ids, {
      spinUs: 20,
      received: () => received++,
      soon,
    })
    const sender = openSender(memory, channel.ids)
    let sent = 0
    for (let round = 0; round < 200; round++) {
      sender.send(new Uint8Array([1]))
      sent++
      await turns(round % 5)
    }
    await vi.waitFor(() => expect(received).toBe(sent))
    receiver.close()
  })

  test('receives nothing more when it was closed, even in the middle of a round', async () => {
    const memory = memoryOf()
    const channel = createChannel(memory, 16)
    const sender = openSender(memory, channel.ids)
    for (let item = 0; item < 3; item++) sender.send(new Uint8Array([item]))
    const receiver = openReceiver(memory, channel.ids, { received: () => undefined, soon })
    receiver.close()
    sender.send(new Uint8Array([9]))
    await turns(5)
    expect(() => receiver.waiting()).toThrow(expect.objectContaining({ code: 'closed' }))
  })
})
