/** A node's payments, put together from its configuration. */

import { join } from 'node:path'
import type { HealthCheck } from '../http/health.ts'
import type { PaymentsConfig } from './config.ts'
import { createHttpIntents } from './intents/http-intents.ts'
import { createHttpSender, type Send } from './intents/http-sender.ts'
import type { IntentApi } from './intents/intent-api.ts'
import { createIntentProvider } from './intents/intent-provider.ts'
import { createPatience } from './intents/patience.ts'
import { createPayments, type Payments, type PaymentsDeps } from './payments.ts'
import { openGateway, type Gateway } from './sandbox/gateway.ts'
import { openJournal } from './sandbox/journal.ts'

export interface OpenPayments extends Payments {
  /** For `/health`: payments wait while the provider is out of reach, and the shop goes on. */
  check(): HealthCheck
  /** Tells the node's own sandbox where webhooks go, once the node listens. */
  listensAt(nodeUrl: string): void
}

export interface OpenPaymentsDeps extends Omit<PaymentsDeps, 'provider' | 'isOwn'> {
  readonly config: PaymentsConfig
  readonly dataDir: string
  readonly fetch: typeof fetch
}

export const openPayments = async (deps: OpenPaymentsDeps): Promise<OpenPayments> => {
  const { config, fetch, log, timers, random } = deps
  await using opened = new AsyncDisposableStack()
  const own = config.provider === 'sandbox' && !config.gateway ? await openOwn(deps) : undefined
  if (own) opened.defer(() => own.gateway.close())
  const sender = createHttpSender()
  opened.defer(() => sender.close())
  const api = await apiOf(config, own, { fetch, send: sender.send })
  const patience = createPatience({
    timers,
    random,
    changed: (breaker) => log.warn({ breaker }, 'the payment provider is out of reach, or back'),
  })
  opened.defer(() => patience.close())
  const name = config.provider
  const provider = createIntentProvider({ name, api, patiently: patience.send })
  const payments = createPayments({ ...deps, provider, isOwn: own !== undefined })
  opened.defer(() => payments.close())
  const open = opened.move()
  return {
    ...payments,
    check: () => {
      const breaker = patience.state()
      const figures = { provider: name, breaker, open: deps.queries.countOpen() }
      return breaker === 'closed'
        ? { status: 'ok', figures }
        : { status: 'degraded', detail: 'The payment provider is out of reach', figures }
    },
    listensAt: (nodeUrl) =>
      own?.gateway.deliveries.addEndpoint(`${nodeUrl}/api/v1${webhookPath(name)}`),
    close: () => open.disposeAsync(),
  }
}

export const webhookPath = (provider: string): string => `/webhooks/payments/${provider}`

interface Own {
  readonly gateway: Gateway
  readonly webhookSecret: string
}

const openOwn = async (deps: OpenPaymentsDeps): Promise<Own> => {
  const webhookSecret = `whsec_${Buffer.from(deps.random(24)).toString('hex')}`
  const gateway = await openGateway({
    ...deps,
    host: '127.0.0.1',
    port: 0,
    webhookSecret,
    endpoints: [],
    latencyMs: 0,
    lateMs: ownLateMs,
    journal: openJournal(join(deps.dataDir, 'sandbox-gateway.ndjson')),
  })
  deps.log.warn(
    { gateway: gateway.url },
    'payments go to a sandbox of this node: no money moves. Set ATOLL_PAYMENTS to take money, or to ' +
      'the address of one sandbox that the nodes of a cluster share',
  )
  return { gateway, webhookSecret }
}

/** How long the banks of a node's own sandbox take when they are late. */
const ownLateMs = 2_000

/** What the sandbox takes for a key: there is nothing to protect. */
const sandboxKey = 'sk_sandbox'

const apiOf = async (
  config: PaymentsConfig,
  own: Own | undefined,
  { fetch, send }: Pick<OpenPaymentsDeps, 'fetch'> & { readonly send: Send },
): Promise<IntentApi> => {
  if (config.provider === 'stripe') {
    const { secretKey, webhookSecret, url: baseUrl } = config
    // Stripe's client is two hundred modules, and most nodes start without it.
    const { createStripeIntents } = await import('./intents/stripe-intents.ts')
    const address = baseUrl === undefined ? {} : { baseUrl }
    return createStripeIntents({ secretKey, webhookSecret, fetch, ...address })
  }
  const gateway = config.gateway ?? {
    url: own?.gateway.url ?? '',
    webhookSecret: own?.webhookSecret ?? '',
  }
  const { url: baseUrl, webhookSecret } = gateway
  return createHttpIntents({ baseUrl, secretKey: sandboxKey, webhookSecret, send })
}
