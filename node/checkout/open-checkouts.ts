/** A node's checkouts, put together from its parts. */

import type Database from 'better-sqlite3'
import type { Mesh } from '../../sync/mesh.ts'
import { isConnected } from '../../sync/peer-status.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Log } from '../log.ts'
import type { Payments } from '../payments/payments.ts'
import { createCheckoutQueries } from './queries.ts'
import { createCheckouts, type Checkouts, type CheckoutsDeps } from './runner.ts'

type Shared =
  'node' | 'core' | 'pipeline' | 'copies' | 'durability' | 'coupons' | 'clock' | 'timers' | 'soon'

export interface OpenCheckoutsDeps extends Pick<CheckoutsDeps, Shared> {
  readonly store: { readonly database: Database.Database }
  readonly inventory: Pick<Inventory, 'covered'>
  readonly payments: Pick<Payments, 'provider' | 'settle'>
  readonly mesh: () => Mesh | undefined
  /** The names of the other nodes that belong to the cluster. */
  readonly others: () => readonly string[]
  readonly log: Log
}

export const openCheckouts = (deps: OpenCheckoutsDeps): Checkouts => {
  const { store, inventory, payments, mesh, others, log } = deps
  const checkouts = createCheckouts({
    ...deps,
    provider: payments.provider,
    settlePayment: async (id) => {
      try {
        await payments.settle(id)
      } catch (error) {
        log.error({ err: error, order: id }, 'a payment is left open, and tried again')
      }
    },
    covered: inventory.covered,
    hasOthers: () => others().length > 0,
    queries: createCheckoutQueries(store.database),
    inReach: () => {
      const peers = mesh()?.peers() ?? []
      return new Set(peers.filter(({ state }) => isConnected(state)).map(({ name }) => name))
    },
    failed: (error) => log.error({ err: error }, 'an order could not be looked after'),
  })
  checkouts.begin()
  return checkouts
}
