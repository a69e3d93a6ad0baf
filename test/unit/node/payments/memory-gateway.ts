/**
 * The sandbox's desk behind a network of the test's: what goes wrong on the way, and when anything
 * arrives, is for the test to say.
 */

import { createHttpIntents } from '../../../../node/payments/intents/http-intents.ts'
import type { Send } from '../../../../node/payments/intents/http-sender.ts'
import { createIntentProvider } from '../../../../node/payments/intents/intent-provider.ts'
import { signatureOf } from '../../../../node/payments/intents/signature.ts'
import type { PaymentProvider, RawWebhook } from '../../../../node/payments/provider.ts'
import { createDesk } from '../../../../node/payments/sandbox/desk.ts'
import { noJournal } from '../../../../node/payments/sandbox/journal.ts'
import { createLedger } from '../../../../node/payments/sandbox/ledger.ts'
import type { EventObject } from '../../../../node/payments/sandbox/objects.ts'
import { summary } from '../../../../node/payments/sandbox/requests.ts'
import { seededRandom, webhookSecret } from './gateway-under-test.ts'

/** What becomes of a request: lost on its way there, or its answer on the way back. */
export type Way = 'arrives' | 'lost' | 'answer_lost'

export interface Books {
  readonly intents: number
  readonly authorisedMinor: number
  readonly captures: number
  readonly capturedMinor: number
  readonly refundedMinor: number
}

export const createMemoryGateway = (options: {
  readonly clock: { now(): number }
  /** Asked before a request arrives. */
  readonly way?: () => Way
  /** Waited for before a request arrives, and before its answer does. */
  readonly travel?: () => Promise<unknown>
}) => {
  const { clock, way = () => 'arrives' as const, travel = () => Promise.resolve() } = options
  const events: EventObject[] = []
  const late: { readonly atMs: number; readonly work: () => void }[] = []
  const ledger = createLedger({
    clock,
    timers: {
      after: (ms, work) => {
        late.push({ atMs: clock.now() + ms, work })
        return () => {}
      },
    },
    random: seededRandom('memory gateway'),
    lateMs: 2_000,
    journal: noJournal,
    happened: (event) => events.push(event),
  })
  const desk = createDesk({ ledger, clock, journal: noJournal })

  const send: Send = async ({ method, url, headers, body }) => {
    const { pathname: path, searchParams: query } = new URL(url)
    const becomes = way()
    await travel()
    if (becomes === 'lost') throw new Error('lost on its way')
    const request = { method, path, query, form: new URLSearchParams(body) }
    const { reply, fault } = desk.answer(request, headers['idempotency-key'])
    await travel()
    if (becomes === 'answer_lost' || (fault && fault !== 'twice' && fault !== 'error')) {
      throw new Error('the answer was lost')
    }
    return { status: reply.status, text: JSON.stringify(reply.body) }
  }

  const provider: PaymentProvider = createIntentProvider({
    name: 'sandbox',
    api: createHttpIntents({
      baseUrl: 'http://desk',
      secretKey: 'sk_desk',
      webhookSecret,
      send,
    }),
    // One try: trying again is the test's.
    patiently: (signal, send) => send(signal),
  })

  return {
    provider,
    ledger,
    events,
    books: (orderId: string) => summary(ledger, orderId).body as Books,
    webhook: (event: EventObject): RawWebhook => {
      const body = new TextEncoder().encode(JSON.stringify(event))
      const time = String(Math.floor(clock.now() / 1_000))
      const signature = signatureOf(body, time, webhookSecret).toString('hex')
      const headers = new Headers({ 'stripe-signature': `t=${time},v1=${signature}` })
      return { headers, body, nowMs: clock.now() }
    },
    /** Lets the banks answer that are late by now. */
    hearLateBanks: () => {
      for (const one of late.splice(0)) {
        if (one.atMs <= clock.now()) one.work()
        else late.push(one)
      }
    },
  }
}

export type MemoryGateway = ReturnType<typeof createMemoryGateway>
