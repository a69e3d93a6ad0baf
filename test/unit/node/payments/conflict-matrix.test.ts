/** The payment's rows of the conflict matrix: two wishes that did not know of each other, in both orders. */

import { describe, expect, test } from 'vitest'
import * as lwwRegister from '../../../../crdt/lww-register.ts'
import {
  addMethod,
  methodsOf,
  paymentMethods,
  preferMethod,
  removeMethod,
} from '../../../../node/payments/method.ts'
import { payment as paymentSchema, type Payment } from '../../../../node/payments/payment.ts'
import { nextWork } from '../../../../node/payments/work.ts'
import { rowsOf } from '../../crdt/conflict-page.ts'
import { createMemoryGateway, type Books } from './memory-gateway.ts'
import {
  createPayingRegion,
  createTestClock,
  due,
  meet,
  orderId,
  wishes,
  type PayingRegion,
} from './paying.ts'

type Act = (region: PayingRegion) => unknown

const attempt =
  (token: string): Act =>
  (region) => [wishes(region).attempt(token), settle(region)]
const capture =
  (minor = due.amount): Act =>
  (region) => [wishes(region).capture({ ...due, amount: minor }), settle(region)]
const refund =
  (minor: number, name: string): Act =>
  (region) => [wishes(region).refund(minor, name), settle(region)]
const close =
  (reason = 'cancelled'): Act =>
  (region) => [wishes(region).close(reason), settle(region)]
const settle: Act = (region) => region.payments.settle(orderId)
const review =
  (verdict: 'approved' | 'rejected'): Act =>
  (region) =>
    wishes(region).review(verdict)

interface Row {
  /** What both knew of. */
  readonly given?: readonly Act[]
  readonly acts: readonly [Act, Act]
  readonly money: Partial<Books>
  readonly check?: (payment: Payment, region: PayingRegion) => void
}

const paid = [attempt('tok_ok'), capture()]

const rows: Record<string, Row> = {
  'payment: attempt x attempt': {
    acts: [attempt('tok_ok'), attempt('tok_visa')],
    money: { intents: 1, authorisedMinor: due.amount },
    check: ({ attempts }) => {
      expect(attempts.map(({ outcome }) => outcome).sort()).toEqual(['authorised', 'declined'])
      expect(attempts.find(({ outcome }) => outcome === 'declined')!.code).toBe('superseded')
    },
  },
  'payment: attempt x close': {
    acts: [attempt('tok_late'), close()],
    money: { authorisedMinor: 0, captures: 0 },
  },
  'payment: capture x capture': {
    given: [attempt('tok_ok')],
    acts: [capture(10_000), capture(4_000)],
    money: { captures: 1 },
    check: ({ capturedMinor, state }, { payment }) => {
      expect([4_000, 10_000]).toContain(capturedMinor)
      expect(state).toBe('captured')
      expect(payment().captureRefused).toBeUndefined()
    },
  },
  'payment: capture x close': {
    given: [attempt('tok_ok')],
    acts: [capture(), close()],
    money: { authorisedMinor: 0 },
    check: ({ capturedMinor, refundedMinor }) => expect(refundedMinor).toBe(capturedMinor),
  },
  'payment: refund x refund': {
    given: paid,
    acts: [refund(6_000, 'a'), refund(6_000, 'b')],
    money: { refundedMinor: 6_000 },
    check: ({ refunds }) =>
      expect(refunds.map(({ state }) => state).sort()).toEqual(['done', 'refused']),
  },
  'payment: refund x close': {
    given: paid,
    acts: [refund(6_000, 'a'), close()],
    money: { refundedMinor: due.amount },
    check: ({ state }) => expect(state).toBe('refunded'),
  },
  'payment: close x close': {
    given: paid,
    acts: [close('cancelled'), close('returned')],
    money: { refundedMinor: due.amount },
  },
  'payment: review x review': {
    given: [
      (region) =>
        wishes(region).attempt('tok_ok', { risk: { score: 90, reasons: ['amount: very large'] } }),
      settle,
    ],
    acts: [review('approved'), review('rejected')],
    money: { captures: 0 },
    check: (_, { core }) => {
      const { store } = core.read(paymentSchema, orderId)
      expect(lwwRegister.siblings({ store: store.review })).toHaveLength(2)
    },
  },
}

const open = () => {
  const clock = createTestClock()
  const gateway = createMemoryGateway({ clock })
  const eu = createPayingRegion(clock, gateway.provider, 'eu')
  const us = createPayingRegion(clock, gateway.provider, 'us')
  return { clock, gateway, eu, us }
}

/** Runs an act and what it sets going. */
const done = async (act: Act, region: PayingRegion) => {
  const result = act(region)
  await Promise.all(Array.isArray(result) ? result : [result])
}

describe.each(Object.entries(rows))('%s', (_, { given = [], acts: [one, other], money, check }) => {
  test.each([true, false])('(the second one later: %s)', async (isOtherLater) => {
    const { clock, gateway, eu, us } = open()
    for (const act of given) await done(act, eu)
    meet(eu, us)
    await done(isOtherLater ? one : other, eu)
    await done(isOtherLater ? other : one, us)
    for (let round = 0; round < 4; round++) {
      meet(eu, us)
      clock.ms += 3 * 60_000
      gateway.hearLateBanks()
      await done(settle, eu)
      await done(settle, us)
    }
    meet(eu, us)
    expect(us.payment()).toEqual(eu.payment())
    expect(eu.digest()).toBe(us.digest())
    expect(gateway.books(orderId)).toMatchObject(money)
    expect(nextWork(eu.payment())).toBeUndefined()
    check?.(eu.payment(), eu)
  })
})

test('payment: hear x hear', async () => {
  const { clock, gateway, eu, us } = open()
  wishes(eu).attempt('tok_late')
  await eu.payments.settle(orderId)
  meet(eu, us)
  clock.ms += 3_000
  gateway.hearLateBanks()
  const raw = gateway.webhook(gateway.events.at(-1)!)
  await Promise.all([eu, us].map(({ payments }) => payments.hear(raw)))
  meet(eu, us)
  expect(eu.payment()).toEqual(us.payment())
  expect(eu.payment()).toMatchObject({ authorisedMinor: due.amount, charges: [{}] })
})

describe('payment-methods', () => {
  const account = 'ada'
  const keep = (region: PayingRegion, id: string) =>
    region.run(addMethod, {
      account,
      id,
      type: 'card',
      provider: 'sandbox',
      token: `tok_${id}`,
      label: `ends in ${id}`,
    })
  const prefer = (region: PayingRegion, id: string) => region.run(preferMethod, { account, id })
  const forget = (region: PayingRegion, id: string) => region.run(removeMethod, { account, id })
  const shown = ({ core }: PayingRegion) =>
    methodsOf(core.read(paymentMethods, account)).map(
      ({ id, isDefault }) => `${id}${isDefault ? ' *' : ''}`,
    )
  const cut = (...known: readonly string[]) => {
    const { eu, us } = open()
    for (const id of known) keep(eu, id)
    meet(eu, us)
    return { eu, us }
  }
  const met = ({ eu, us }: ReturnType<typeof cut>) => {
    meet(eu, us)
    expect(shown(us)).toEqual(shown(eu))
    return shown(eu)
  }

  test('payment-methods: keep x keep', () => {
    const regions = cut()
    keep(regions.eu, '1')
    keep(regions.us, '2')
    expect(met(regions)).toEqual(['1 *', '2'])
  })

  test('payment-methods: prefer x prefer', () => {
    const regions = cut('1', '2', '3')
    prefer(regions.us, '2')
    prefer(regions.eu, '3')
    expect(met(regions)).toEqual(['1', '2', '3 *'])
    const { store } = regions.eu.core.read(paymentMethods, account)
    expect(lwwRegister.siblings({ store: store.preferred })).toHaveLength(2)
  })

  test('payment-methods: prefer x forget', () => {
    const regions = cut('1', '2', '3')
    forget(regions.us, '3')
    prefer(regions.eu, '3')
    expect(met(regions)).toEqual(['1 *', '2'])
  })

  test('payment-methods: forget x forget', () => {
    const regions = cut('1', '2')
    forget(regions.eu, '1')
    forget(regions.us, '1')
    expect(met(regions)).toEqual(['2 *'])
  })
})

test('every row of the page is played here, and no other', () => {
  const played = [...Object.keys(rows), 'payment: hear x hear']
  expect(played.sort()).toEqual([...rowsOf('payment')].sort())
  expect(rowsOf('payment-methods')).toHaveLength(4)
})
