/**
 * How a gateway is asked that may be slow, or away: a request that fails is sent again with growing
 * pauses, and when most fail, a circuit breaker lets none through for a while, so that a checkout does
 * not wait for a gateway that is known to be down.
 *
 * Every request here carries its key, so that one which arrived and was not answered does no harm when
 * it arrives again.
 */

import CircuitBreaker from 'opossum'
import { Fault } from '../../fault.ts'
import {
  breakerErrorPercent,
  breakerResetMs,
  breakerVolumeMin,
  breakerWindowMs,
  firstPauseMs,
  longestPauseMs,
  requestMsMax,
  triesMax,
} from '../limits.ts'

export interface Patience {
  /** Sends a request, again if that may help; throws if it was in vain. */
  send<T>(signal: AbortSignal, request: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Whether requests are let through: `open` is not at all, `halfOpen` one to see. */
  state(): 'closed' | 'halfOpen' | 'open'
  close(): void
}

export interface PatienceDeps {
  readonly timers: { after(ms: number, callback: () => void): () => void }
  readonly random: (bytes: number) => Uint8Array
  /** Told when the breaker opens and closes. */
  readonly changed?: (state: 'closed' | 'halfOpen' | 'open') => void
}

export const createPatience = ({ timers, random, changed }: PatienceDeps): Patience => {
  const breaker = new CircuitBreaker(
    (request: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal) => request(signal),
    {
      name: 'payment gateway',
      // Each try has a time limit of its own, which also ends the request.
      timeout: false,
      errorThresholdPercentage: breakerErrorPercent,
      volumeThreshold: breakerVolumeMin,
      rollingCountTimeout: breakerWindowMs,
      resetTimeout: breakerResetMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    },
  )
  breaker.on('open', () => changed?.('open'))
  breaker.on('halfOpen', () => changed?.('halfOpen'))
  breaker.on('close', () => changed?.('closed'))

  /** One try, which ends when its time is over or the caller's is. */
  const tryOnce = async <T>(
    signal: AbortSignal,
    request: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const end = new AbortController()
    const forget = timers.after(requestMsMax, () => end.abort(tooSlow()))
    // `AbortSignal.any` costs more than all else that is done here.
    const abort = () => end.abort(signal.reason)
    signal.addEventListener('abort', abort)
    try {
      // The breaker passes through what the request answers.
      return (await breaker.fire((own) => untilAborted(own, request(own)), end.signal)) as T
    } finally {
      forget()
      signal.removeEventListener('abort', abort)
    }
  }

  const pause = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const forget = timers.after(ms, done)
      function done() {
        forget()
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
    })

  return {
    send: async (signal, request) => {
      for (let tries = 1; ; tries++) {
        signal.throwIfAborted()
        try {
          return await tryOnce(signal, request)
        } catch (error) {
          // The breaker stays open for longer than anybody should wait here.
          if (tries >= triesMax || signal.aborted || breaker.opened) throw error
        }
        await pause(pauseMs(tries, random), signal)
      }
    },
    state: () => (breaker.opened ? 'open' : breaker.halfOpen ? 'halfOpen' : 'closed'),
    close: () => breaker.shutdown(),
  }
}

// A request that does not heed its signal must not hold its caller back.
const untilAborted = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) return abort()
    // It is the try's own signal, and ends with it.
    signal.addEventListener('abort', abort)
    work.then(resolve, reject)
  })

const tooSlow = () =>
  new Fault('payment_unavailable', `The gateway took longer than ${requestMsMax} ms`)

/**
 * How long to wait before the try after `tries` of them: up to twice as long each time, and any part of
 * that, so that a thousand checkouts that failed together do not come back together.
 */
export const pauseMs = (tries: number, random: (bytes: number) => Uint8Array): number => {
  const [byte = 0] = random(1)
  return Math.min(firstPauseMs * 2 ** (tries - 1), longestPauseMs) * (byte / 255)
}
