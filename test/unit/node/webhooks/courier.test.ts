/** What becomes of deliveries over days, on virtual time. */

import { describe, expect, it, onTestFinished } from 'vitest'
import { deriveEvents } from '../../../../node/events/derive.ts'
import { openEventFile } from '../../../../node/events/event-file.ts'
import { createCourier } from '../../../../node/webhooks/courier.ts'
import { openDeliveries } from '../../../../node/webhooks/deliveries.ts'
import { attemptsMax } from '../../../../node/webhooks/limits.ts'
import type { Post } from '../../../../node/webhooks/post.ts'
import * as change from '../../../../sync/change.ts'
import { createTimeline } from '../../../simulation/world/timeline.ts'
import { createRegion, productInput } from '../catalog/region.ts'

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
}

const eventsOf = (count: number) => {
  const region = createRegion()
  for (let number = 0; number < count; number++) region.create(productInput({ sku: `S${number}` }))
  return region.log
    .read(0, Infinity)
    .entries.flatMap(
      ({ bytes }) =>
        deriveEvents(change.decode(bytes), { accountOfSession: () => undefined }).events,
    )
}

const open = (post: Post, targets = ['https://one.example/']) => {
  const timeline = createTimeline()
  const file = openEventFile(':memory:')
  const deliveries = openDeliveries(file)
  const subscriptions = targets.map((url, index) => ({
    id: `wh_${index}`,
    url,
    types: ['*'],
    isPaused: false,
    createdMs: 0,
    secret: 'secret',
  }))
  const errors: unknown[] = []
  const courier = createCourier({
    deliveries,
    subscriptions: () => subscriptions,
    post,
    rule: { allowsLoopback: false },
    clock: { now: () => timeline.nowMs(), monotonic: () => timeline.nowMs() },
    timers: { after: (ms, work) => timeline.at(timeline.nowMs() + ms, work) },
    random: () => new Uint8Array(4).fill(128),
    observe: () => undefined,
    failed: (error) => errors.push(error),
  })
  onTestFinished(async () => {
    await courier.close()
    file.close()
    expect(errors).toEqual([])
  })
  const pass = async (ms: number): Promise<void> => {
    const limit = timeline.nowMs() + ms
    await turns()
    while (timeline.runNext(limit)) await turns()
  }
  return { deliveries, courier, pass, timeline }
}

const day = 24 * 60 * 60_000

describe('a delivery', () => {
  it('that fails for days is tried less and less often, then is dead, and can be replayed', async () => {
    const [event] = eventsOf(1)
    if (!event) throw new Error('There is an event')
    const tries: number[] = []
    let isWell = false
    const { deliveries, courier, pass, timeline } = open(() => {
      tries.push(timeline.nowMs())
      return Promise.resolve(isWell ? 200 : 503)
    })
    deliveries.add('wh_0', event, 0)
    courier.wake()
    await pass(4 * day)
    expect(tries).toHaveLength(attemptsMax)
    const waits = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
    expect(waits).toEqual(waits.toSorted((a, b) => a - b))
    expect(deliveries.list('wh_0', 'dead', '', 10)).toMatchObject([
      { event: event.id, attempts: attemptsMax, outcome: 'It answered 503' },
    ])
    isWell = true
    expect(deliveries.replay('wh_0', event.id, timeline.nowMs())).toBe(1)
    courier.wake()
    await pass(0)
    expect(deliveries.list('wh_0', 'delivered', '', 10)).toHaveLength(1)
    expect(deliveries.counts()).toEqual({ waiting: 0, delivered: 1, dead: 0 })
  })

  it('that hangs is ended at the deadline, and others went on meanwhile', async () => {
    const events = eventsOf(20)
    const sent: string[] = []
    const { deliveries, courier, pass, timeline } = open(
      ({ url, signal }) => {
        sent.push(url.host)
        if (url.host === 'two.example') return Promise.resolve(200)
        return new Promise((_, fail) => {
          signal.addEventListener('abort', () => fail(new Error('Aborted')))
        })
      },
      ['https://one.example/', 'https://two.example/'],
    )
    for (const event of events) {
      deliveries.add('wh_0', event, 0)
      deliveries.add('wh_1', event, 0)
    }
    courier.wake()
    await turns()
    for (let round = 0; round < 20; round++) await turns()
    expect(timeline.nowMs()).toBe(0)
    expect(deliveries.list('wh_1', 'delivered', '', 100)).toHaveLength(20)
    expect(sent.filter((host) => host === 'one.example')).toHaveLength(4)
    await pass(10_000)
    expect(deliveries.list('wh_0', 'waiting', '', 100)[0]?.outcome).toBe(
      'There was no answer in 10 s',
    )
  })

  it('is made once, although its event is told twice', () => {
    const [event] = eventsOf(1)
    if (!event) throw new Error('There is an event')
    const { deliveries } = open(() => Promise.resolve(200))
    deliveries.add('wh_0', event, 0)
    deliveries.add('wh_0', event, 1)
    expect(deliveries.counts().waiting).toBe(1)
  })
})
