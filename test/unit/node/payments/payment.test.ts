import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { edit } from '../../../../crdt/document.ts'
import { replicaIdOf } from '../../../../crdt/dot.ts'
import * as eventLog from '../../../../crdt/event-log.ts'
import type { PaymentEvent } from '../../../../node/payments/payment-event.ts'
import { payment, readPayment, type PaymentDocument } from '../../../../node/payments/payment.ts'
import { isUnderReview, refundable } from '../../../../node/payments/payment-rules.ts'
import { nextWork } from '../../../../node/payments/work.ts'

const replicas = [1, 2].map((byte) => replicaIdOf(new Uint8Array(8).fill(byte)))
const price = (amount: number) => ({ amount, currency: 'EUR' })
const attempted = {
  type: 'attempted',
  attempt: 'a-1',
  amount: price(1_000),
  token: 'tok_ok',
  provider: 'sandbox',
  account: null,
} as const

/** The delta of one event, as its region wrote it. */
const written = (event: PaymentEvent, index: number, before = payment.bottom): PaymentDocument =>
  edit(payment, before, {
    events: (log) =>
      eventLog.append(
        log,
        { wallMs: 1_000 + index, logical: 0, replica: replicas[index % 2]! },
        event,
      ),
  })

const documentOf = (...events: readonly PaymentEvent[]): PaymentDocument => {
  let document = payment.bottom
  events.forEach((event, index) => {
    document = payment.join(document, written(event, index, document))
  })
  return document
}

const read = (...events: readonly PaymentEvent[]) => readPayment(documentOf(...events))

const fact: fc.Arbitrary<PaymentEvent> = fc.oneof(
  fc.constant<PaymentEvent>({ type: 'authorised', reference: 'pi', amount: price(1_000) }),
  fc.constant<PaymentEvent>({ type: 'captured', reference: 'pi', amount: price(1_000) }),
  fc.constant<PaymentEvent>({ type: 'released', reference: 'pi' }),
  fc.constant<PaymentEvent>({ type: 'declined', attempt: 'a-1', code: 'no', retry: true }),
  fc.record({
    type: fc.constantFrom('refunded' as const, 'refund_failed' as const),
    reference: fc.constant('pi'),
    refund: fc.constantFrom('r1', 'r2'),
    amount: fc.constantFrom(price(400), price(600)),
  }),
)

describe('a payment', () => {
  test('reads the same, in whatever order its deltas come, and twice', () => {
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (facts, order) => {
        let document = payment.bottom
        const deltas = [attempted, ...facts].map((event, index) => {
          const delta = written(event, index, document)
          document = payment.join(document, delta)
          return delta
        })
        const shuffled = deltas
          .concat(deltas)
          .map((delta) => ({ delta, key: order.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ delta }) => delta)
        const other = shuffled.reduce(payment.join, payment.bottom)
        expect(readPayment(other)).toEqual(readPayment(document))
      }),
    )
  })

  test('believes the same of its money, in whatever order its facts were told', () => {
    fc.assert(
      fc.property(
        fc
          .array(fact, { maxLength: 8 })
          .chain((facts) =>
            fc.tuple(
              fc.constant(facts),
              fc.shuffledSubarray(facts, { minLength: facts.length, maxLength: facts.length }),
            ),
          ),
        ([facts, shuffled]) => {
          const moneyOf = (events: readonly PaymentEvent[]) => {
            const { authorisedMinor, capturedMinor, refundedMinor, state, charges } = read(
              attempted,
              ...events,
            )
            return { authorisedMinor, capturedMinor, refundedMinor, state, charges }
          }
          // Two amounts of one refund would be the provider contradicting itself.
          fc.pre(new Set(facts.map((one) => JSON.stringify(one))).size === facts.length)
          const refunds = facts.flatMap((one) =>
            one.type === 'refunded' || one.type === 'refund_failed' ? [one] : [],
          )
          fc.pre(
            refunds.every((one) =>
              refunds.every(
                (other) => one.refund !== other.refund || one.amount.amount === other.amount.amount,
              ),
            ),
          )
          expect(moneyOf(shuffled)).toEqual(moneyOf(facts))
        },
      ),
    )
  })

  test('never holds that more was taken than set aside, or given back than taken', () => {
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 12 }), (facts) => {
        const { authorisedMinor, capturedMinor, refundedMinor } = read(...facts)
        expect(capturedMinor).toBeLessThanOrEqual(authorisedMinor)
        expect(refundedMinor).toBeLessThanOrEqual(capturedMinor)
      }),
    )
  })

  test('goes through its states', () => {
    const authorised = { type: 'authorised', reference: 'pi', amount: price(1_000) } as const
    const captured = { type: 'captured', reference: 'pi', amount: price(1_000) } as const
    const refund = (minor: number) =>
      ({ type: 'refunded', reference: 'pi', refund: `r${minor}`, amount: price(minor) }) as const
    const declined = { type: 'declined', attempt: 'a-1', code: 'no', retry: false } as const
    const released = { type: 'released', reference: 'pi' } as const
    const states: readonly [string, readonly PaymentEvent[]][] = [
      ['none', []],
      ['pending', [attempted]],
      ['declined', [attempted, declined]],
      ['authorised', [attempted, authorised]],
      ['captured', [attempted, authorised, captured]],
      ['captured', [attempted, captured]],
      ['partially_refunded', [attempted, captured, refund(1)]],
      ['refunded', [attempted, captured, refund(1_000)]],
      ['released', [attempted, authorised, released]],
      // Let go before any money was set aside, it came to nothing.
      ['declined', [attempted, released]],
      // A later card pays after an earlier one was declined.
      ['authorised', [attempted, declined, { ...attempted, attempt: 'b-1' }, authorised]],
    ]
    for (const [state, events] of states) expect(read(...events)).toMatchObject({ state })
  })

  test('passes over events of a later release, and keeps them', () => {
    // What this release cannot know, it is given as bytes.
    const later = { type: 'disputed', by: 'the bank' } as unknown as PaymentEvent
    const document = documentOf(attempted, later)
    const again = payment.decode(payment.encode(document))
    expect(readPayment(again)).toMatchObject({ state: 'pending' })
    expect(again.store.events.size).toBe(2)
  })

  test.each([
    { type: 'captured', reference: 'pi' },
    { type: 'captured', reference: 'pi', amount: { amount: -1, currency: 'EUR' } },
    { type: 'captured', reference: 7, amount: price(1) },
    { type: 'flagged', score: 'high', reasons: [] },
    { kind: 'captured' },
    null,
  ])('refuses bytes that hold %j', (event) => {
    const document = documentOf(event as unknown as PaymentEvent)
    expect(() => payment.decode(payment.encode(document))).toThrow(/not of its kind/)
  })
})

describe('what is left to do', () => {
  const authorised = { type: 'authorised', reference: 'pi', amount: price(1_000) } as const
  const captured = { type: 'captured', reference: 'pi', amount: price(1_000) } as const
  const capture = { type: 'capture_wanted', amount: price(800) } as const
  const closed = { type: 'closed', reason: 'cancelled' } as const
  const flagged = { type: 'flagged', score: 90, reasons: ['odd'] } as const

  test('is nothing for what is as it is wanted to be', () => {
    expect(nextWork(read())).toBeUndefined()
    expect(nextWork(read(attempted, authorised))).toBeUndefined()
    expect(nextWork(read(attempted, authorised, capture, captured))).toBeUndefined()
  })

  test('is to ask, then to take what is wanted and no more', () => {
    expect(nextWork(read(attempted))).toMatchObject({ kind: 'authorise' })
    expect(nextWork(read(attempted, authorised, capture))).toMatchObject({
      kind: 'capture',
      amountMinor: 800,
    })
    const more = { type: 'capture_wanted', amount: price(5_000) } as const
    expect(nextWork(read(attempted, authorised, more))).toMatchObject({ amountMinor: 1_000 })
  })

  test('is nothing while a person has to look', () => {
    const payment = read(attempted, flagged, authorised, capture)
    expect(isUnderReview(payment)).toBe(true)
    expect(nextWork(payment)).toBeUndefined()
  })

  test('is to undo what there is, once the order is off', () => {
    expect(nextWork(read(attempted, closed))).toMatchObject({ kind: 'give_up' })
    expect(nextWork(read(attempted, authorised, capture, closed))).toMatchObject({
      kind: 'release',
    })
    expect(nextWork(read(attempted, captured, closed))).toEqual({
      kind: 'give_back',
      amountMinor: 1_000,
    })
  })

  test('is to let go of a second payment of one order, should there ever be one', () => {
    const second = { type: 'authorised', reference: 'pi-2', amount: price(1_000) } as const
    expect(nextWork(read(attempted, authorised, second))).toMatchObject({
      kind: 'release',
      charge: { reference: 'pi-2' },
    })
    const taken = { type: 'captured', reference: 'pi-2', amount: price(1_000) } as const
    const payment = read(attempted, captured, taken)
    expect(nextWork(payment)).toEqual({ kind: 'give_back', amountMinor: 1_000 })
    expect(refundable(payment)).toBe(2_000)
  })

  test('is for a person, once the provider has refused', () => {
    const refused = { type: 'capture_refused', code: 'expired' } as const
    expect(nextWork(read(attempted, authorised, capture, refused))).toBeUndefined()
    const rest = {
      type: 'refund_wanted',
      refund: 'rest-1000',
      amount: price(1_000),
      reason: 'cancelled',
      by: 'node/eu',
    } as const
    const failed = { type: 'refund_refused', refund: 'rest-1000', code: 'no' } as const
    expect(nextWork(read(attempted, captured, closed, rest, failed))).toBeUndefined()
  })
})
