/**
 * The sandbox's webhooks: every event is sent, signed, until it is taken; some twice, some late, some in
 * the wrong order, as Stripe says that its own may come.
 */

import { signatureOf } from '../intents/signature.ts'
import type { EventObject } from './objects.ts'
import type { Card } from './tokens.ts'

export interface Deliveries {
  /** Sends an event to every endpoint. */
  send(event: EventObject, card: Card | undefined): void
  addEndpoint(url: string): void
  /** Holds everything back until it is let go: for tests of what comes late. */
  hold(isHeld: boolean): void
  /** Resolves when nothing is under way or waits for another try. */
  settled(): Promise<void>
  close(): void
}

export interface DeliveriesDeps {
  readonly secret: string
  readonly endpoints: readonly string[]
  readonly fetch: typeof fetch
  readonly clock: { now(): number }
  readonly timers: { after(ms: number, callback: () => void): () => void }
}

/** The first pause before an event is sent again; each later one is twice as long. */
const firstPauseMs = 200
const longestPauseMs = 3_600_000
/** Stripe gives up after three days: 200 ms doubled to an hour, and then hourly. */
const triesMax = 85
/** How long one endpoint may take. */
const answerMsMax = 10_000
/** How long the events of a card that tells backwards are collected. */
const backwardsMs = 250
/** A second copy follows the first one after this. */
const secondCopyMs = 50

export const createDeliveries = (deps: DeliveriesDeps): Deliveries => {
  const { clock, timers } = deps
  const endpoints = new Set(deps.endpoints)
  const encoder = new TextEncoder()
  const closing = new AbortController()
  let waiting = 0
  let held: (() => void)[] | undefined
  let idle: (() => void)[] = []
  let backwards: (() => void)[] = []

  const begun = () => {
    waiting += 1
  }
  const ended = () => {
    waiting -= 1
    if (waiting > 0) return
    for (const resolve of idle) resolve()
    idle = []
  }

  const after = (ms: number, work: () => void) => {
    begun()
    timers.after(ms, () => {
      if (!closing.signal.aborted) work()
      ended()
    })
  }

  const post = async (url: string, body: Uint8Array<ArrayBuffer>): Promise<boolean> => {
    const limit = new AbortController()
    const forget = timers.after(answerMsMax, () => limit.abort())
    // Signed anew each time: an event that comes three days late is as fresh as its signature.
    const time = String(Math.floor(clock.now() / 1_000))
    const signature = signatureOf(body, time, deps.secret).toString('hex')
    try {
      const response = await deps.fetch(url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'stripe-signature': `t=${time},v1=${signature}`,
        },
        signal: AbortSignal.any([limit.signal, closing.signal]),
      })
      await response.arrayBuffer()
      return response.ok
    } catch {
      return false
    } finally {
      forget()
    }
  }

  const deliver = (url: string, body: Uint8Array<ArrayBuffer>, tries: number) => {
    begun()
    void post(url, body).then(
      (isTaken) => (isTaken ? ended() : deliverLater(url, body, tries)),
      ended,
    )
  }

  const deliverLater = (url: string, body: Uint8Array<ArrayBuffer>, tries: number) => {
    if (tries < triesMax && !closing.signal.aborted) {
      const pauseMs = Math.min(firstPauseMs * 2 ** (tries - 1), longestPauseMs)
      after(pauseMs, () => deliver(url, body, tries + 1))
    }
    ended()
  }

  return {
    send: (event, card) => {
      const body = encoder.encode(JSON.stringify(event))
      const now = () => {
        for (const url of endpoints) deliver(url, body, 1)
      }
      if (held) {
        held.push(now)
      } else if (card?.webhooks === 'backwards') {
        if (backwards.length === 0) {
          after(backwardsMs, () => {
            for (const sendOne of backwards.reverse()) sendOne()
            backwards = []
          })
        }
        backwards.push(now)
      } else {
        now()
        if (card?.webhooks === 'twice') after(secondCopyMs, now)
      }
    },
    addEndpoint: (url) => endpoints.add(url),
    hold: (isHeld) => {
      const letGo = held ?? []
      held = isHeld ? letGo : undefined
      if (!isHeld) for (const sendOne of letGo) sendOne()
    },
    settled: () =>
      waiting === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve)),
    close: () => closing.abort(),
  }
}
