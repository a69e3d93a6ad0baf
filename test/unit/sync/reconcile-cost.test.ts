/** What reconciliation costs on the wire. It is counted as the benchmark counts it, and the same at every run. */

import { expect, test } from 'vitest'
import { reconcile } from '../../../bench/sync/reconciling.ts'

test('100 of 20,000 documents that differ cost 24 kilobytes of talk and three round trips', async () => {
  const cost = await reconcile({ documents: 20_000, differ: 100 })
  expect(cost.fetched).toBe(100)
  expect(cost.roundTrips).toBe(3)
  expect(cost.controlBytes).toBeLessThan(24_000)
})

test('a node that has nothing asks twice, and pays the names of the documents', async () => {
  const cost = await reconcile({ documents: 5_000, differ: 5_000 })
  expect(cost.fetched).toBe(5_000)
  expect(cost.roundTrips).toBe(2)
  expect(cost.controlBytes).toBeLessThan(5_000 * 30)
})
