/**
 * Whatever two regions do to a payment, in whatever order it arrives: no more is taken than was set
 * aside, no more given back than was taken, one capture an order; and in the end everybody agrees.
 */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextWork } from '../../../../node/payments/work.ts'
import { createMemoryGateway, type MemoryGateway, type Way } from './memory-gateway.ts'
import {
  createPayingRegion,
  createTestClock,
  due,
  meet,
  orderId,
  send,
  wishes,
  type PayingRegion,
  type TestClock,
} from './paying.ts'

type Act =
  | { readonly does: 'attempt'; readonly token: string }
  | { readonly does: 'capture'; readonly minor: number }
  | { readonly does: 'refund'; readonly minor: number; readonly name: string }
  | { readonly does: 'close' | 'settle' | 'sweep' | 'send' }
  | { readonly does: 'webhook'; readonly index: number; readonly times: number }
  | { readonly does: 'wait'; readonly ms: number }

interface Step {
  readonly where: 0 | 1
  readonly act: Act
}

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'

const tokens = fc.constantFrom(
  'tok_ok',
  'tok_visa',
  'tok_declined',
  'tok_stolen',
  'tok_late',
  'tok_late_declined',
  'tok_timeout',
  'tok_timeout_before',
  'tok_error',
  'tok_capture_timeout',
  'tok_capture_fails',
  'tok_refund_timeout',
  'tok_refund_fails',
  'tok_release_timeout',
)

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('attempt' as const), token: tokens }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('capture' as const),
      minor: fc.constantFrom(due.amount, due.amount / 2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('refund' as const),
      minor: fc.integer({ min: 1, max: due.amount }),
      name: fc.constantFrom('a', 'b', 'c'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ does: 'close' as const }) },
  { weight: 4, arbitrary: fc.constant({ does: 'settle' as const }) },
  { weight: 2, arbitrary: fc.constant({ does: 'sweep' as const }) },
  { weight: 2, arbitrary: fc.constant({ does: 'send' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('webhook' as const),
      index: fc.nat({ max: 20 }),
      times: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('wait' as const),
      ms: fc.constantFrom(1_000, 3_000, 70_000, 20 * 60_000, 25 * 3_600_000),
    }),
  },
)

const step: fc.Arbitrary<Step> = fc.record({ where: fc.constantFrom(0 as const, 1 as const), act })

const ways = fc.infiniteStream(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Way>('arrives') },
    { weight: 1, arbitrary: fc.constant<Way>('lost') },
    { weight: 1, arbitrary: fc.constant<Way>('answer_lost') },
  ),
)

interface World {
  readonly clock: TestClock
  readonly gateway: MemoryGateway
  readonly regions: readonly [PayingRegion, PayingRegion]
}

const holdsAlways = ({ gateway, regions }: World) => {
  const books = gateway.books(orderId)
  expect(books.captures).toBeLessThanOrEqual(1)
  expect(books.capturedMinor).toBeLessThanOrEqual(due.amount)
  expect(books.refundedMinor).toBeLessThanOrEqual(books.capturedMinor)
  for (const { payment } of regions) {
    const { authorisedMinor, capturedMinor, refundedMinor } = payment()
    expect(capturedMinor).toBeLessThanOrEqual(authorisedMinor)
    expect(authorisedMinor).toBeLessThanOrEqual(due.amount)
    expect(refundedMinor).toBeLessThanOrEqual(capturedMinor)
    // Nobody believes in money that did not move.
    expect(capturedMinor).toBeLessThanOrEqual(books.capturedMinor)
  }
}

const doIt = (world: World, { where, act }: Step): Promise<unknown> | undefined => {
  const { clock, gateway, regions } = world
  const region = regions[where]
  const wish = wishes(region)
  switch (act.does) {
    case 'attempt':
      wish.attempt(act.token)
      return undefined
    case 'capture':
      wish.capture({ ...due, amount: act.minor })
      return undefined
    case 'refund':
      wish.refund(act.minor, act.name)
      return undefined
    case 'close':
      wish.close()
      return undefined
    case 'settle':
      return region.payments.settle(orderId)
    case 'sweep':
      return region.payments.sweep()
    case 'send':
      send(region, regions[where === 0 ? 1 : 0])
      return undefined
    case 'webhook': {
      const event = gateway.events[act.index % Math.max(1, gateway.events.length)]
      if (!event) return undefined
      const times = Array.from({ length: act.times })
      return Promise.all(times.map(() => region.payments.hear(gateway.webhook(event))))
    }
    default:
      clock.ms += act.ms
      gateway.hearLateBanks()
      return undefined
  }
}

/** The network is well again, every event arrives, and time goes by. */
const comeToRest = async ({ clock, gateway, regions }: World) => {
  for (let round = 0; round < 12; round++) {
    clock.ms += 10 * 60_000
    gateway.hearLateBanks()
    for (const event of gateway.events) await regions[0].payments.hear(gateway.webhook(event))
    meet(...regions)
    for (const { payments } of regions) {
      await payments.settle(orderId)
      await payments.sweep()
    }
    meet(...regions)
  }
}

test('no interleaving of attempts, captures, refunds, webhooks and retries loses money', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(step, { minLength: 3, maxLength: 30 }),
      ways,
      async (scheduler, steps, way) => {
        let isWell = false
        const clock = createTestClock()
        const gateway = createMemoryGateway({
          clock,
          way: () => (isWell ? 'arrives' : (way.next().value ?? 'arrives')),
          travel: () => (isWell ? Promise.resolve() : scheduler.schedule(Promise.resolve())),
        })
        const world: World = {
          clock,
          gateway,
          regions: [
            createPayingRegion(clock, gateway.provider, 'eu'),
            createPayingRegion(clock, gateway.provider, 'us'),
          ],
        }
        const underWay: Promise<unknown>[] = []
        for (const one of steps) {
          const work = doIt(world, one)
          if (work) underWay.push(work)
          // Now and then what is under way goes on for a bit.
          if (scheduler.count() > 3) await scheduler.waitOne()
          holdsAlways(world)
        }
        isWell = true
        const all = Promise.all(underWay)
        await scheduler.waitFor(all)
        holdsAlways(world)
        await comeToRest(world)
        holdsAlways(world)

        const [eu, us] = world.regions.map(({ payment }) => payment())
        expect(eu).toEqual(us)
        expect(world.regions[0].digest()).toBe(world.regions[1].digest())
        for (const { errors } of world.regions) expect(errors).toEqual([])
        const payment = world.regions[0].payment()
        const books = gateway.books(orderId)
        expect(payment.capturedMinor).toBe(books.capturedMinor)
        expect(payment.refundedMinor).toBe(books.refundedMinor)
        const isStuckByTheCard = payment.attempts.some(({ token }) =>
          ['tok_capture_timeout', 'tok_refund_timeout', 'tok_release_timeout'].includes(token),
        )
        expect(isStuckByTheCard || nextWork(payment) === undefined).toBe(true)
        const hasFailedRefund = payment.refunds.some(
          ({ state }) => state === 'failed' || state === 'refused',
        )
        const mayKeep = payment.closed === undefined || hasFailedRefund
        expect(mayKeep || books.capturedMinor - books.refundedMinor).toBeOneOf([true, 0])
        expect(mayKeep || books.authorisedMinor).toBeOneOf([true, 0])
      },
    ),
    { numRuns: isFull ? 5_000 : 200 },
  )
}, 600_000)
