/** A sandbox gateway for tests, on a port of its own, with clocks that run as the test wants. */

import { createHash } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { createHttpIntents } from '../../../../node/payments/intents/http-intents.ts'
import { createHttpSender } from '../../../../node/payments/intents/http-sender.ts'
import { createIntentProvider } from '../../../../node/payments/intents/intent-provider.ts'
import { createPatience, type Patience } from '../../../../node/payments/intents/patience.ts'
import { createStripeIntents } from '../../../../node/payments/intents/stripe-intents.ts'
import type { IntentApi } from '../../../../node/payments/intents/intent-api.ts'
import type { PaymentProvider } from '../../../../node/payments/provider.ts'
import { noJournal, type Journal } from '../../../../node/payments/sandbox/journal.ts'
import type { Timers } from '../../../../sync/surroundings.ts'
import { openGateway, type Gateway } from '../../../../node/payments/sandbox/gateway.ts'

/** Timers in which a second is a second. */
export const realTimers: Timers = {
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

export const webhookSecret = 'whsec_of_the_tests'
export const secretKey = 'sk_test_sandbox'

/** Timers in which a second takes ten milliseconds: what waits for minutes is done in moments. */
export const fastTimers = {
  after: (ms: number, callback: () => void): (() => void) => {
    const timer = setTimeout(callback, ms / 100)
    return () => clearTimeout(timer)
  },
}

/** Bytes that follow from a seed, so that a failure can be run again. */
export const seededRandom = (seed: string): ((bytes: number) => Uint8Array) => {
  let drawn = 0
  return (bytes) => {
    drawn += 1
    return createHash('sha512').update(`${seed}/${drawn}`).digest().subarray(0, bytes)
  }
}

export const openTestGateway = (
  options: {
    readonly endpoints?: readonly string[]
    readonly clock?: { now(): number }
    readonly lateMs?: number
    readonly port?: number
    readonly journal?: Journal
    readonly timers?: Timers
  } = {},
): Promise<Gateway> =>
  openGateway({
    host: '127.0.0.1',
    port: options.port ?? 0,
    webhookSecret,
    endpoints: options.endpoints ?? [],
    latencyMs: 0,
    lateMs: options.lateMs ?? 2_000,
    journal: options.journal ?? noJournal,
    fetch: globalThis.fetch,
    clock: options.clock ?? Date,
    timers: options.timers ?? fastTimers,
    random: seededRandom('gateway'),
  })

export const providerNames = ['sandbox', 'stripe'] as const
export type ProviderName = (typeof providerNames)[number]

export interface ProviderUnderTest {
  readonly provider: PaymentProvider
  readonly patience: Patience
}

/** Either provider, on the gateway at this address. */
export const openProvider = (name: ProviderName, baseUrl: string): ProviderUnderTest => {
  const sender = createHttpSender()
  onTestFinished(() => sender.close())
  const deps = { baseUrl, secretKey, webhookSecret, fetch: globalThis.fetch, send: sender.send }
  const api: IntentApi = name === 'stripe' ? createStripeIntents(deps) : createHttpIntents(deps)
  const patience = createPatience({ timers: fastTimers, random: seededRandom('patience') })
  const provider = createIntentProvider({ name, api, patiently: patience.send })
  return { provider, patience }
}
