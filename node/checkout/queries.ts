/** What was left in the middle, as the read models tell it. */

import type Database from 'better-sqlite3'
import type { OrderId } from '../orders/order-id.ts'

export interface CheckoutQueries {
  /** Orders with a run that is not over; each call goes on after the last, and round again. */
  openRuns(limit: number): readonly OrderId[]
  /** Orders about which something may be due that no person has to do; likewise. */
  unsettledOrders(limit: number): readonly OrderId[]
}

export const createCheckoutQueries = (database: Database.Database): CheckoutQueries => ({
  openRuns: roundRobin(
    database.prepare<[number, number], Row>(
      `select document, id from open_runs where document > ? order by document limit ?`,
    ),
  ),
  unsettledOrders: roundRobin(
    database.prepare<[number, number], Row>(
      `select document, id from orders where is_unsettled = 1 and document > ?
       order by document limit ?`,
    ),
  ),
})

interface Row {
  readonly document: number
  readonly id: OrderId
}

// A hundred that cannot be helped now must not keep the next hundred from being looked at.
const roundRobin = (statement: Database.Statement<[number, number], Row>) => {
  let after = 0
  return (limit: number): readonly OrderId[] => {
    const rows = statement.all(after, limit)
    after = rows.length < limit ? 0 : (rows.at(-1)?.document ?? 0)
    return rows.map(({ id }) => id)
  }
}
