/** Regions that take payments through one gateway, and what shoppers and shops wish of a payment. */

import { onTestFinished } from 'vitest'
import type { Value } from '../../../../crdt/value.ts'
import type { Price } from '../../../../node/catalog/product.ts'
import type { Decide, DraftDelta } from '../../../../node/core/capability.ts'
import { createChangeLog } from '../../../../node/core/change-log.ts'
import { createCore, type Command, type Core } from '../../../../node/core/core.ts'
import * as digest from '../../../../node/core/digest.ts'
import { createPipeline } from '../../../../node/core/pipeline.ts'
import { createSqliteStore, type SqliteStore } from '../../../../node/core/sqlite-store.ts'
import type { ErrorCode, Refusal } from '../../../../node/errors.ts'
import { paymentMethodsKind } from '../../../../node/payments/method.ts'
import {
  beginAttempt,
  closePayment,
  paymentOf,
  reviewRisk,
  wantCapture,
  wantRefund,
  type AttemptInput,
} from '../../../../node/payments/payment-rules.ts'
import type { Payments } from '../../../../node/payments/payments.ts'
import type { Payment, Review } from '../../../../node/payments/payment.ts'
import { paymentKind } from '../../../../node/payments/projection.ts'
import type { PaymentProvider } from '../../../../node/payments/provider.ts'
import { createPaymentQueries, type PaymentQueries } from '../../../../node/payments/queries.ts'
import { paymentSql } from '../../../../node/payments/tables.ts'
import { ok, type Result } from '../../../../node/result.ts'
import type { ChangeLog } from '../../../../sync/change-log.ts'
import { createTestPayments } from './test-payments.ts'

export const orderId = 'order-1'
export const due: Price = { amount: 10_000, currency: 'EUR' }

/** A clock that several regions may share; every wish takes a millisecond of it. */
export interface TestClock {
  ms: number
  now(): number
}

export const createTestClock = (): TestClock => {
  const clock = { ms: Date.UTC(2026, 5, 1, 12), now: () => clock.ms }
  return clock
}

export interface PayingRegion {
  readonly core: Core
  readonly store: SqliteStore
  readonly log: ChangeLog
  readonly queries: PaymentQueries
  readonly payments: Payments
  readonly errors: unknown[]
  readonly payment: (orderId?: string) => Payment
  readonly digest: () => string
  /** Runs a rule at once: its answer, or the code of its refusal. */
  readonly run: <Input, Answer extends Value>(
    decide: Decide<Input, Answer>,
    input: Input,
  ) => Answer | { readonly refused: ErrorCode }
}

let minted = 0

export const createPayingRegion = (
  clock: TestClock,
  provider: PaymentProvider,
  node = 'eu',
): PayingRegion => {
  const kinds = [paymentKind, paymentMethodsKind]
  const store = createSqliteStore({
    file: ':memory:',
    readModelSql: paymentSql,
    readModelTables: kinds.flatMap(({ tables }) => tables),
  })
  onTestFinished(() => store.close())
  const random = (bytes: number): Uint8Array => {
    const made = new Uint8Array(bytes)
    new DataView(made.buffer).setUint32(bytes - 4, ++minted)
    return made
  }
  const core = createCore({ store, kinds, clock, random })
  const pipeline = createPipeline({
    core,
    soon: queueMicrotask,
    monotonic: () => 0,
    broken: (error) => {
      throw error
    },
  })
  const errors: unknown[] = []
  return {
    core,
    store,
    log: createChangeLog(core, store),
    queries: createPaymentQueries(store.database),
    payments: createTestPayments({ core, store, clock, provider, pipeline, node, errors }),
    errors,
    payment: (id = orderId) => paymentOf(core, id),
    digest: () => digest.toHex(core.state().digest),
    run: <Input, Answer extends Value>(decide: Decide<Input, Answer>, input: Input) => {
      clock.ms++
      const [result] = core.execute([{ decide, input, actor: 'account/admin' } as Command])
      if (!result || 'thrown' in result)
        throw new Error('The rule threw', { cause: result?.thrown })
      return result.ok ? (result.value.answer as Answer) : { refused: result.refusal.code }
    },
  }
}

/** Sends to `to` what it lacks of `from`. */
export const send = (from: PayingRegion, to: PayingRegion): void => {
  const { entries } = from.log.read(from.log.positionFor(to.log.vector()), Infinity)
  if (entries.length > 0) to.core.receive(entries.map(({ bytes }) => bytes))
}

/** Brings each what the other lacks. */
export const meet = (one: PayingRegion, other: PayingRegion): void => {
  send(one, other)
  send(other, one)
}

type Deltas = Result<readonly DraftDelta[], Refusal>

const decided = <I>(rule: (world: Parameters<Decide<I, null>>[0], input: I) => Deltas) =>
  ((world, input) => {
    const deltas = rule(world, input)
    return deltas.ok ? ok({ type: 'test', deltas: deltas.value, answer: null }) : deltas
  }) satisfies Decide<I, null>

/** What may be wished, each the code of its refusal or null. */
export const wishes = (region: Pick<PayingRegion, 'run'>, id = orderId) => {
  const wish = <I>(rule: (world: Parameters<Decide<I, null>>[0], input: I) => Deltas, input: I) => {
    const answer = region.run(decided(rule), input)
    return answer === null ? null : answer.refused
  }
  return {
    attempt: (token: string, more: Partial<AttemptInput> = {}) =>
      wish(beginAttempt, {
        orderId: id,
        amount: due,
        token,
        provider: 'sandbox',
        account: null,
        ...more,
      }),
    capture: (amount = due) =>
      wish((world) => ok(wantCapture(world, { orderId: id, amount })), undefined),
    close: (reason = 'cancelled') =>
      wish((world) => ok(closePayment(world, { orderId: id, reason })), undefined),
    refund: (minor: number, refund = 'r1') =>
      wish(wantRefund, {
        orderId: id,
        refund,
        amount: { amount: minor, currency: due.currency },
        reason: 'returned',
        by: 'account/admin',
      }),
    review: (verdict: Review['verdict']) =>
      wish(reviewRisk, { orderId: id, review: { verdict, by: 'account/admin', note: 'seen' } }),
  }
}
