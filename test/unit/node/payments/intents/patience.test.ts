import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createPatience, pauseMs } from '../../../../../node/payments/intents/patience.ts'
import {
  breakerResetMs,
  breakerVolumeMin,
  firstPauseMs,
  longestPauseMs,
  requestMsMax,
  triesMax,
} from '../../../../../node/payments/limits.ts'
import { realTimers, seededRandom } from '../gateway-under-test.ts'

// The breaker has timers of its own, which go by the clock of the process.
beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const open = () => {
  const states: string[] = []
  const patience = createPatience({
    timers: realTimers,
    random: seededRandom('patience'),
    changed: (state) => states.push(state),
  })
  onTestFinished(() => patience.close())
  return { patience, states }
}

type Request = (signal: AbortSignal) => Promise<string>

const forever = new AbortController().signal
const failing: Request = () => Promise.reject(new Error('down'))

/** What a request comes to in so many milliseconds: its answer, or why there is none. */
const outcomeOf = async (sent: Promise<string>, ms: number): Promise<string> => {
  const outcome = sent.catch((error: unknown) => String(error))
  await vi.advanceTimersByTimeAsync(ms)
  return outcome
}

const allPausesMs = triesMax * longestPauseMs

describe('patience', () => {
  test('sends a request again, a few times, and then says that it was in vain', async () => {
    const { patience } = open()
    const request = vi.fn<Request>(failing)
    expect(await outcomeOf(patience.send(forever, request), allPausesMs)).toMatch('down')
    expect(request).toHaveBeenCalledTimes(triesMax)
  })

  test('is glad of the first answer', async () => {
    const { patience } = open()
    const request = vi.fn<Request>(failing)
    request.mockImplementationOnce(failing).mockResolvedValueOnce('here')
    expect(await outcomeOf(patience.send(forever, request), allPausesMs)).toBe('here')
    expect(request).toHaveBeenCalledTimes(2)
  })

  test('ends a request that takes too long, whether it heeds its signal or not', async () => {
    const { patience } = open()
    const sent = patience.send(forever, () => new Promise<string>(() => undefined))
    const allMs = triesMax * (requestMsMax + longestPauseMs)
    expect(await outcomeOf(sent, allMs)).toMatch('longer than')
  })

  test('ends when the caller does not wait any more, in a pause, too', async () => {
    const { patience } = open()
    const caller = new AbortController()
    const request = vi.fn<Request>(failing)
    const sent = patience.send(caller.signal, request)
    const outcome = outcomeOf(sent, 1)
    caller.abort()
    expect(await outcome).toMatch('abort')
    await vi.advanceTimersByTimeAsync(allPausesMs)
    expect(request).toHaveBeenCalledTimes(1)
  })

  test('lets nothing through once most has failed, then one request, then all', async () => {
    const { patience, states } = open()
    for (let sent = 0; sent < breakerVolumeMin; sent += triesMax) {
      await outcomeOf(patience.send(forever, failing), firstPauseMs * 2 ** triesMax)
    }
    expect(patience.state()).toBe('open')
    const request = vi.fn<Request>(() => Promise.resolve('well'))
    expect(await outcomeOf(patience.send(forever, request), 0)).toMatch('open')
    expect(request).not.toHaveBeenCalled()

    await vi.advanceTimersByTimeAsync(breakerResetMs)
    expect(patience.state()).toBe('halfOpen')
    expect(await outcomeOf(patience.send(forever, request), 0)).toBe('well')
    expect(patience.state()).toBe('closed')
    expect(states).toEqual(['open', 'halfOpen', 'closed'])
  })

  test('pauses longer each time, up to a limit, and never all at the same moment', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat({ max: 255 }), (tries, byte) => {
        const pause = pauseMs(tries, () => new Uint8Array([byte]))
        expect(pause).toBeGreaterThanOrEqual(0)
        expect(pause).toBeLessThanOrEqual(Math.min(firstPauseMs * 2 ** (tries - 1), longestPauseMs))
      }),
    )
  })
})
