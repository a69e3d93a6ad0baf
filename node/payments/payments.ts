/**
 * Payments at a node: settles what is asked to be settled at once, takes the provider's webhooks in, and
 * goes round all payments with something left to do, so that none is forgotten, whoever crashed.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import type { Timers } from '../../sync/surroundings.ts'
import type { Price } from '../catalog/product.ts'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { Refusal } from '../errors.ts'
import type { Log } from '../log.ts'
import { ok, type Result } from '../result.ts'
import { assess, type Assessment } from './fraud.ts'
import {
  callMsMax,
  sweepFirstPauseMs,
  sweepInFlightMax,
  sweepLongestPauseMs,
  sweepMs,
  sweepPaymentsMax,
  takeOverMs,
  velocityMs,
} from './limits.ts'
import { noteFacts } from './payment-commands.ts'
import { hasNews, paymentOf } from './payment-rules.ts'
import type { Payment } from './payment.ts'
import { tokenMark } from './projection.ts'
import type { PaymentProvider, RawWebhook } from './provider.ts'
import type { OpenPayment, PaymentQueries } from './queries.ts'
import { settle } from './settle.ts'
import { nextWork } from './work.ts'

export interface Payments {
  readonly provider: PaymentProvider
  /**
   * Does what is left to do for an order's payment, and answers how it stands then: settled, or with
   * something that only time will tell, which the node goes on with by itself.
   */
  settle(orderId: string, signal?: AbortSignal): Promise<Payment>
  /** Takes a webhook in. The same event again, an older one, one of no use: all are taken. */
  hear(raw: RawWebhook): Promise<Result<Heard, Refusal>>
  /** What is odd about somebody's wish to pay. */
  assessRisk(wish: Wish): Assessment
  /** Looks once at what is left to do, and resolves when all that was due has been tried. */
  sweep(): Promise<void>
  close(): Promise<void>
}

export type Heard = 'written down' | 'known' | 'not ours'

export interface Wish {
  readonly amount: Price
  readonly token: string
  readonly account: string | null
  readonly shippingCountry?: string
  readonly billingCountry?: string
}

export interface PaymentsDeps {
  readonly provider: PaymentProvider
  readonly core: Pick<Core, 'read' | 'lineage'>
  readonly pipeline: Pick<Pipeline, 'submit'>
  readonly queries: PaymentQueries
  readonly clock: { now(): number }
  readonly timers: Timers
  readonly random: (bytes: number) => Uint8Array
  readonly log: Pick<Log, 'warn' | 'error'>
  /** The node's name. */
  readonly node: string
  /** Whether each node has a provider of its own, and can finish only what it began itself. */
  readonly isOwn?: boolean
}

// Somebody else's remark on somebody else's payment may be anything.
const isOrderId = (text: string): boolean => /^[\w.-]{1,64}$/.test(text)

/** All payments of a long outage are gone round in less. */
const forgottenMs = 10 * sweepLongestPauseMs

export const createPayments = (deps: PaymentsDeps): Payments => {
  const { provider, core, pipeline, queries, clock, timers, log } = deps
  const actor = `node/${deps.node}`
  const closing = new AbortController()
  const running = new Map<string, Promise<Payment>>()
  const pauses = new Map<string, { readonly untilMs: number; readonly tries: number }>()
  let sweptTo = 0
  let sweeping: Promise<void> | undefined

  /** One at a time for each order; who comes later goes on from what the earlier one left. */
  const settleInTurn = (orderId: string, signal: AbortSignal): Promise<Payment> => {
    const before = running.get(orderId)
    const both = AbortSignal.any([signal, closing.signal])
    const run = (before ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => settle({ provider, core, pipeline, clock, timers, actor }, orderId, both))
      .finally(() => {
        if (running.get(orderId) === run) running.delete(orderId)
      })
    running.set(orderId, run)
    return run
  }

  const isDue = ({ id, takenOnBy, updatedMs }: OpenPayment, nowMs: number): boolean => {
    if (running.has(id) || nowMs < (pauses.get(id)?.untilMs ?? 0)) return false
    // Another node's: it is left the time to do it itself.
    const isOurs = core.lineage().some((replica: ReplicaId) => replica === takenOnBy)
    if (!isOurs) return !deps.isOwn && nowMs - updatedMs > takeOverMs
    const payment = paymentOf(core, id)
    const work = nextWork(payment)
    // A checkout is at it, unless it did not live to hear the answer.
    const isAtIt = work?.kind === 'authorise' && !work.attempt.isWaiting
    return !isAtIt || nowMs - updatedMs > callMsMax
  }

  const attend = async ({ id }: OpenPayment): Promise<void> => {
    const tries = (pauses.get(id)?.tries ?? 0) + 1
    try {
      const payment = await settleInTurn(id, closing.signal)
      if (nextWork(payment) === undefined) {
        pauses.delete(id)
        return
      }
    } catch (error) {
      log.error({ err: error, payment: id }, 'a payment could not be settled: it is tried again')
    }
    const pauseMs = Math.min(sweepFirstPauseMs * 2 ** (tries - 1), sweepLongestPauseMs)
    const [byte = 0] = deps.random(1)
    pauses.set(id, { tries, untilMs: clock.now() + pauseMs * (0.5 + byte / 510) })
  }

  const sweep = async (): Promise<void> => {
    const rows = queries.open(sweptTo, sweepPaymentsMax)
    sweptTo = rows.length < sweepPaymentsMax ? 0 : (rows.at(-1)?.document ?? 0)
    const nowMs = clock.now()
    forgetOld(nowMs)
    const due = rows.filter((row) => isDue(row, nowMs))
    const next = due.values()
    const worker = async () => {
      for (const row of next) if (!closing.signal.aborted) await attend(row)
    }
    await Promise.all(Array.from({ length: Math.min(sweepInFlightMax, due.length) }, worker))
  }

  // What has been due for as long as that was settled by somebody else.
  const forgetOld = (nowMs: number) => {
    for (const [id, { untilMs }] of pauses) {
      if (nowMs - untilMs > forgottenMs) pauses.delete(id)
    }
  }

  const sweepOnce = (): Promise<void> => {
    sweeping ??= sweep().finally(() => {
      sweeping = undefined
    })
    return sweeping
  }

  let stopTimer = () => {}
  const sweepFromNowOn = () => {
    stopTimer = timers.after(sweepMs, () => {
      sweepOnce()
        .catch((error: unknown) => log.error({ err: error }, 'payments could not be looked at'))
        .finally(() => {
          if (!closing.signal.aborted) sweepFromNowOn()
        })
    })
  }
  sweepFromNowOn()

  return {
    provider,

    settle: (orderId, signal = closing.signal) => settleInTurn(orderId, signal),

    hear: async (raw) => {
      const read = provider.readWebhook(raw)
      if (!read.ok) return read
      const { id, reference, facts, ...event } = read.value
      if (reference === undefined || facts.length === 0) return ok('not ours')
      const orderId = event.orderId ?? queries.orderOf(reference)
      if (orderId === undefined || !isOrderId(orderId)) return ok('not ours')
      if (!hasNews(paymentOf(core, orderId), reference, facts)) return ok('known')
      const done = await pipeline.submit({
        decide: noteFacts,
        input: { orderId, reference, facts },
        actor: `provider/${provider.name}`,
        // The provider's name for the event: once, at whichever node it arrives, however often.
        request: { id: `event/${provider.name}/${id}`, fingerprint: id },
      })
      if (!done.ok) return done
      // What became known may call for more: money that came after the order was cancelled.
      if (nextWork(paymentOf(core, orderId)) !== undefined && !running.has(orderId)) {
        settleInTurn(orderId, closing.signal).catch((error: unknown) =>
          log.error({ err: error, payment: orderId }, 'a payment could not be settled'),
        )
      }
      return ok(done.value.isRepeat ? 'known' : 'written down')
    },

    assessRisk: ({ amount, token, account, shippingCountry, billingCountry }) =>
      assess({
        amount,
        account,
        shippingCountry,
        billingCountry,
        velocity: queries.velocity({
          account,
          tokenMark: tokenMark(token),
          sinceMs: clock.now() - velocityMs,
        }),
        usualMinor: account === null ? undefined : queries.usualMinor(account, amount.currency),
      }),

    sweep: sweepOnce,

    close: async () => {
      stopTimer()
      closing.abort(new Error('The node is shutting down'))
      await Promise.allSettled([...running.values(), sweeping])
    },
  }
}
