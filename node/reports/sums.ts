/**
 * The sums that reports read: what orders add to them is taken off before their rows change, and put on
 * after, in the same transaction. The view `report_sums_audit` recomputes all of them.
 *
 * A sum belongs to many orders, so two transactions may want the same sums in another order. Whoever
 * touches them takes one lock first, as its last lock of all: nobody who holds it waits for anybody.
 */

import type { Queries } from '../merged/sql.ts'

/** "Sums". */
const sumsLock = 0x53756d73

export const lockSums = async (transaction: Queries): Promise<void> => {
  await transaction.query(`select pg_advisory_xact_lock(${sumsLock})`)
}

/** Adds what these orders' rows say to the sums, or takes it off. */
export const addToSums = async (
  transaction: Queries,
  orders: readonly string[],
  sign: 1 | -1,
): Promise<void> => {
  for (const statement of statements) await transaction.query(statement, [orders, sign])
}

const day = `(placed_at at time zone 'UTC')::date`

/** Adds to rows that are there. One that comes to nothing stays, as nothing. */
const sumInto = (
  table: string,
  keys: readonly string[],
  sums: readonly string[],
  from: string,
): string =>
  `insert into ${table} as kept (${[...keys, ...sums].join(', ')})
   ${from}
   on conflict (${keys.join(', ')}) do update
     set ${sums.map((sum) => `${sum} = kept.${sum} + excluded.${sum}`).join(', ')}`

const sales = ['units', 'payable_minor', 'discount_minor', 'tax_minor', 'refunded_minor']

const itemsBy = (time: string) =>
  `select ${time}, product_id, currency, count(distinct order_id) * $2::integer, sum(order_items.units) * $2::integer,
     sum(order_items.total_minor) * $2::integer
   from orders join order_items on order_id = id
   where id = any($1::text[]) and is_sale and order_items.units > 0
   group by 1, 2, 3`

const statements: readonly string[] = [
  sumInto(
    'sales_metrics',
    ['day', 'region', 'country', 'currency'],
    ['orders', 'units', 'revenue_minor', 'discount_minor', 'tax_minor', 'refunded_minor'],
    `select ${day}, region, country, currency, count(*) * $2::integer,
       ${sales.map((column) => `sum(${column}) * $2::integer`).join(', ')}
     from orders where id = any($1::text[]) and is_sale group by 1, 2, 3, 4`,
  ),
  sumInto(
    'product_metrics',
    ['day', 'product_id', 'currency'],
    ['orders', 'units', 'revenue_minor'],
    itemsBy(day),
  ),
  sumInto(
    'product_months',
    ['month', 'product_id', 'currency'],
    ['orders', 'units', 'revenue_minor'],
    itemsBy(`date_trunc('month', ${day})::date`),
  ),
]

export const sumTables = ['sales_metrics', 'product_metrics', 'product_months']
