/** What may be asked of the orders' read model. */

import type Database from 'better-sqlite3'
import type { OrderId } from './order-id.ts'
import type { Status } from './order-status.ts'

export interface OrderPosition {
  readonly placedMs: number
  readonly id: string
}

export interface OrderFilter {
  readonly status?: Status | undefined
  readonly number?: string | undefined
  /** Whose; undefined: everybody's. */
  readonly who?: string | undefined
  readonly cart?: string | undefined
  readonly after: OrderPosition | undefined
  readonly limit: number
}

export interface OrderQueries {
  /** Ids with the times of their placement, the latest first. */
  orders(filter: OrderFilter): readonly OrderPosition[]
  /** Orders about which a person has something to do, earliest first. */
  withTasks(limit: number): readonly OrderId[]
}

export const createOrderQueries = (database: Database.Database): OrderQueries => {
  const withTasks = database
    .prepare<[number], OrderId>(
      'select id from orders where has_tasks = 1 order by placed_ms limit ?',
    )
    .pluck()
  // One statement for each combination of filters that was asked for: a dozen at most.
  const statements = new Map<string, Database.Statement<unknown[], OrderPosition>>()
  const prepared = (sql: string) => {
    const statement = statements.get(sql) ?? database.prepare<unknown[], OrderPosition>(sql)
    statements.set(sql, statement)
    return statement
  }

  return {
    orders: ({ after, limit, ...filter }) => {
      const given = Object.entries({
        who: filter.who,
        cart: filter.cart,
        status: filter.status,
        number: filter.number,
      }).filter(([, value]) => value !== undefined)
      const conditions = given.map(([column]) => `${column} = ?`)
      if (after) conditions.push('(placed_ms, id) < (?, ?)')
      const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''
      const sql = `select id, placed_ms as placedMs from orders ${where}
                   order by placed_ms desc, id desc limit ?`
      const position = after ? [after.placedMs, after.id] : []
      return prepared(sql).all(...given.map(([, value]) => value), ...position, limit)
    },
    withTasks: (limit) => withTasks.all(limit),
  }
}
