/** Payments on a core of a test, through a provider of the test's choice; nothing is swept by itself. */

import type { Core } from '../../../../node/core/core.ts'
import type { Pipeline } from '../../../../node/core/pipeline.ts'
import type { SqliteStore } from '../../../../node/core/sqlite-store.ts'
import { createPayments, type Payments } from '../../../../node/payments/payments.ts'
import type { PaymentProvider } from '../../../../node/payments/provider.ts'
import { createPaymentQueries } from '../../../../node/payments/queries.ts'
import { fastTimers, openProvider, seededRandom } from './gateway-under-test.ts'

/** A provider that nobody answers for. */
export const unreachableProvider = (): PaymentProvider =>
  openProvider('sandbox', 'http://127.0.0.1:1').provider

export const createTestPayments = (deps: {
  readonly core: Core
  readonly pipeline: Pipeline
  readonly store: SqliteStore
  readonly clock: { now(): number }
  readonly provider?: PaymentProvider
  readonly node?: string
  readonly errors?: unknown[]
}): Payments =>
  createPayments({
    provider: unreachableProvider(),
    node: 'eu',
    ...deps,
    queries: createPaymentQueries(deps.store.database),
    // The sweep is called by the test; time limits of calls run a hundred times as fast.
    timers: { after: (ms, callback) => (ms === 1_000 ? () => {} : fastTimers.after(ms, callback)) },
    random: seededRandom('payments'),
    log: { warn: () => {}, error: (error: unknown) => deps.errors?.push(error) },
  })
