/**
 * The payment gateway as a simulated port: the sandbox's own desk and books on virtual time, reached over
 * a line that loses requests, loses answers, is slow, brings a request twice, and is down for a while.
 */

import type { Send, SentAnswer } from '../../../node/payments/intents/http-sender.ts'
import { createDesk } from '../../../node/payments/sandbox/desk.ts'
import { noJournal } from '../../../node/payments/sandbox/journal.ts'
import { createLedger } from '../../../node/payments/sandbox/ledger.ts'
import { summary } from '../../../node/payments/sandbox/requests.ts'
import type { Random } from '../world/random.ts'
import type { Timeline } from '../world/timeline.ts'
import { epochMs } from '../cluster/machine.ts'

export interface SimGateway {
  readonly send: Send
  /** From now on the line is as it should be. */
  heal(): void
  setDown(isDown: boolean): void
  books(orderId: string): Books
}

/** What the gateway's books say of an order. */
export interface Books {
  readonly intents: number
  readonly authorisedMinor: number
  readonly captures: number
  readonly capturedMinor: number
  readonly refundedMinor: number
}

export const createSimGateway = (timeline: Timeline, random: Random): SimGateway => {
  const clock = { now: () => Math.floor(epochMs + timeline.nowMs()) }
  const after = (ms: number, work: () => void) => timeline.at(timeline.nowMs() + ms, work)
  const ledger = createLedger({
    clock,
    timers: { after },
    random: random.split('ids').bytes,
    lateMs: 3_000,
    happened: () => undefined,
    journal: noJournal,
  })
  const desk = createDesk({ ledger, clock, journal: noJournal })
  // Each run has lines of its own quality.
  const lossRate = random.pick([0, 0.01, 0.05])
  const twiceRate = random.pick([0, 0.05])
  let isWell = false
  let isDown = false

  const send: Send = ({ url, method, body, headers, signal }) => {
    const { pathname: path, searchParams: query } = new URL(url)
    const { promise, resolve, reject } = Promise.withResolvers<SentAnswer>()
    const abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    const goes = (rate: number) => isWell || !random.chance(rate)
    const request = { method, path, query, form: new URLSearchParams(body) }
    const arrive = () => {
      if (isDown) return reject(new Error('connection refused'))
      const { reply, fault } = desk.answer(request, headers['idempotency-key'])
      const isAnswered = fault !== 'never' && fault !== 'never_before' && fault !== 'not_the_first'
      if (!isAnswered || !goes(lossRate)) return
      after(random.between(1, 5), () =>
        resolve({ status: reply.status, text: JSON.stringify(reply.body) }),
      )
    }
    if (goes(lossRate)) after(random.between(1, 5), arrive)
    if (!goes(twiceRate)) after(random.between(5, 500), arrive)
    return promise.finally(() => signal.removeEventListener('abort', abort))
  }

  return {
    send,
    heal: () => {
      isWell = true
      isDown = false
    },
    setDown: (down) => {
      isDown = down
    },
    books: (orderId) => summary(ledger, orderId).body as Books,
  }
}
