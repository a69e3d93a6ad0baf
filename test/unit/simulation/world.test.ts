/** The simulated world: time, chance, and a network that delivers in order or not at all. */

import { describe, expect, test } from 'vitest'
import type { Connection } from '../../../sync/connection.ts'
import { createDisk } from '../../simulation/world/disk.ts'
import { createNetwork, type Host, type NetworkConditions } from '../../simulation/world/network.ts'
import { createRandom } from '../../simulation/world/random.ts'
import { createTimeline } from '../../simulation/world/timeline.ts'
import { createTrace } from '../../simulation/world/trace.ts'

describe('time', () => {
  test('runs events in order, and those of one moment in the order asked for', () => {
    const timeline = createTimeline()
    const seen: string[] = []
    const random = createRandom(1)
    const times = Array.from({ length: 200 }, () => random.below(20))
    times.forEach((atMs, index) => timeline.at(atMs, () => seen.push(`${atMs} ${index}`)))
    while (timeline.runNext(100));
    const expected = times
      .map((atMs, index) => ({ atMs, index }))
      .sort((a, b) => a.atMs - b.atMs || a.index - b.index)
      .map(({ atMs, index }) => `${atMs} ${index}`)
    expect(seen).toEqual(expected)
    expect(timeline.nowMs()).toBe(100)
  })

  test('passes over what was cancelled, and runs nothing beyond the limit', () => {
    const timeline = createTimeline()
    const seen: number[] = []
    const cancel = timeline.at(5, () => seen.push(5))
    timeline.at(6, () => seen.push(6))
    timeline.at(11, () => seen.push(11))
    cancel()
    while (timeline.runNext(10));
    expect(seen).toEqual([6])
  })
})

describe('chance', () => {
  test('is the same for the same seed, and no stream shifts another', () => {
    const draw = (before: number) => {
      const random = createRandom(7)
      for (let drawn = 0; drawn < before; drawn++) random.fraction()
      const own = random.split('disk')
      return [own.fraction(), own.below(10), ...own.bytes(3)]
    }
    expect(draw(0)).toEqual(draw(9))
    expect(createRandom(7).split('disk').fraction()).not.toBe(
      createRandom(8).split('disk').fraction(),
    )
  })

  test('spreads over its range', () => {
    const random = createRandom(3)
    const counts = Array.from({ length: 10 }, () => 0)
    for (let drawn = 0; drawn < 10_000; drawn++) counts[random.below(10)]!++
    expect(Math.min(...counts)).toBeGreaterThan(850)
    expect(Math.max(...counts)).toBeLessThan(1_150)
  })
})

describe('the network', () => {
  const calm = { latencyMsMin: 1, latencyMsMax: 50, loss: 0, duplication: 0, bytesPerMs: 0 }

  const meet = (conditions: NetworkConditions = calm) => {
    const timeline = createTimeline()
    const counts = new Map<string, number>()
    const network = createNetwork({
      timeline,
      trace: createTrace({ keep: 0 }, timeline.nowMs),
      random: createRandom(5),
      conditions,
      count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
    })
    const hostOf = (name: string, number: number): Host & { over: boolean } => {
      const host = {
        name,
        number,
        over: false,
        isOver: () => host.over,
        timeMs: timeline.nowMs,
        perform: (work: () => void) => {
          if (!host.over) work()
        },
      }
      return host
    }
    const [alice, bob] = [hostOf('alice', 0), hostOf('bob', 1)]
    const received: number[] = []
    const ended: string[] = []
    const listenerOf = (name: string) => ({
      opened: () => {},
      received: (bytes: Uint8Array) => void received.push(bytes[0] ?? -1),
      drained: () => {},
      closed: () => void ended.push(name),
    })
    let far: Connection | undefined
    network.listen(bob, (connection) => {
      far = connection
      connection.listen(listenerOf('bob'))
    })
    const near = network.dial(alice, 'bob')
    near.listen(listenerOf('alice'))
    const pass = (ms: number) => {
      const limitMs = timeline.nowMs() + ms
      while (timeline.runNext(limitMs));
    }
    pass(100)
    return { network, alice, bob, near, far: () => far, received, ended, pass, counts }
  }

  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

  test('keeps the order within a connection', () => {
    const { near, received, pass } = meet()
    for (const number of numbers(50)) near.send(Uint8Array.of(number))
    pass(200)
    expect(received).toEqual(numbers(50))
  })

  test('loses and doubles as often as it is told to', () => {
    const { near, received, pass } = meet({ ...calm, loss: 0.5, duplication: 0.5 })
    for (const number of numbers(200)) near.send(Uint8Array.of(number))
    pass(1_000)
    expect(new Set(received).size).toBeGreaterThan(60)
    expect(new Set(received).size).toBeLessThan(140)
    expect(received.length).toBeGreaterThan(new Set(received).size)
  })

  test('passes nothing one way and everything the other', () => {
    const { network, near, far, received, pass } = meet()
    network.block('alice', 'bob')
    near.send(Uint8Array.of(1))
    far()?.send(Uint8Array.of(2))
    pass(200)
    expect(received).toEqual([2])
    network.unblock('alice', 'bob')
    near.send(Uint8Array.of(3))
    pass(200)
    expect(received).toEqual([2, 3])
  })

  test('tells both ends of a connection that was cut, or one, who then sends to nobody', () => {
    const both = meet()
    both.network.sever('alice', 'bob', 'both')
    expect(both.ended.sort()).toEqual(['alice', 'bob'])
    const one = meet()
    one.network.sever('alice', 'bob', 'one')
    expect(one.ended).toEqual(['alice'])
    one.far()?.send(Uint8Array.of(1))
    one.pass(200)
    expect(one.received).toEqual([])
  })

  test('tells of a process that was killed, and not of one that lost its power', () => {
    const killed = meet()
    killed.bob.over = true
    killed.network.gone(killed.bob, 'closed')
    killed.pass(200)
    expect(killed.ended).toEqual(['alice'])
    const cut = meet()
    cut.bob.over = true
    cut.network.gone(cut.bob, 'silent')
    cut.pass(200)
    expect(cut.ended).toEqual([])
  })

  test('withholds what is paused, and counts what a slow line has not passed', () => {
    const { near, far, received, pass } = meet({ ...calm, bytesPerMs: 1 })
    far()?.pause()
    near.send(new Uint8Array(500).fill(7))
    expect(near.bufferedBytes()).toBe(500)
    pass(1_000)
    expect(near.bufferedBytes()).toBe(0)
    expect(received).toEqual([])
    far()?.resume()
    pass(1)
    expect(received).toEqual([7])
  })
})

describe('a disk', () => {
  const written = (count: number, fate: ReturnType<typeof createDisk>): void => {
    for (let at = 0; at < count; at++) {
      fate.disk.append(new Uint8Array(8).fill(at + 1))
      fate.disk.sync()
    }
  }
  const changed = (fate: ReturnType<typeof createDisk>): readonly number[] =>
    fate.disk.chunks().flatMap((chunk, at) => (chunk.every((byte) => byte === at + 1) ? [] : [at]))

  test('flips a bit only where something whole follows', () => {
    for (let seed = 0; seed < 200; seed++) {
      const fate = createDisk()
      written(3, fate)
      expect(fate.flipBit(createRandom(`${seed}`))).toBe(true)
      expect([0, 1]).toContain(changed(fate)[0])
    }
  })

  test('flips none in what only a torn write follows, which would look like part of the torn', () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = createRandom(`${seed}`)
      const fate = createDisk()
      written(2, fate)
      fate.disk.append(new Uint8Array(8).fill(3))
      fate.losePower(random)
      const torn = changed(fate)
      expect(fate.flipBit(random)).toBe(true)
      expect(changed(fate)).toEqual([0, ...torn])
    }
  })
})
