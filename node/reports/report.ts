/**
 * The reports: each a question that one statement answers, from sums where there may be many orders.
 *
 * They say what was sold and what there was. Nothing is decided by them: the merged store is behind the
 * nodes by a moment or by an outage, and what may be sold is a matter of rights.
 */

import type { Refusal } from '../errors.ts'
import type { SqlValue } from '../merged/sql.ts'
import { ok, type Result } from '../result.ts'
import { isMonths, isShortForDays, isShortForProducts, type Period } from './period.ts'

export interface Report {
  readonly about: string
  /** Whether the period is one that it can be made of. */
  readonly takes: (period: Period) => Result<Period, Refusal>
  readonly statement: (asked: Asked) => {
    readonly text: string
    readonly values: readonly SqlValue[]
  }
}

export interface Asked {
  readonly period: Period
  readonly limit: number
}

const sums = `sum(orders)::bigint as orders, sum(units)::bigint as units,
  sum(revenue_minor)::bigint as "revenueMinor"`

const salesBy =
  (keys: string, order: string): Report['statement'] =>
  ({ period, limit }) => ({
    text: `select ${keys}, currency, ${sums},
      round(sum(revenue_minor)::numeric / nullif(sum(orders), 0))::bigint as "averageOrderMinor",
      sum(discount_minor)::bigint as "discountMinor", sum(tax_minor)::bigint as "taxMinor",
      sum(refunded_minor)::bigint as "refundedMinor"
    from sales_metrics where day >= $1::date and day < $2::date and orders <> 0
    group by 1, 2 order by ${order} limit $3`,
    values: [period.from, period.to, limit],
  })

/** The products' sums of a period, one row a product and currency. */
const soldProducts = (period: Period): string => {
  const [table, column] = isMonths(period)
    ? ['product_months', 'month']
    : ['product_metrics', 'day']
  return `select product_id, currency, sum(orders) as orders, sum(units) as units,
      sum(revenue_minor) as revenue_minor
    from ${table} where ${column} >= $1::date and ${column} < $2::date and orders <> 0 group by 1, 2`
}

const any = (period: Period): Result<Period, Refusal> => ok(period)
const audit =
  (view: string): Report['statement'] =>
  ({ limit }) => ({
    text: `select * from ${view} limit $1`,
    values: [limit],
  })

export const reports = {
  'sales-by-day': {
    about: 'Orders, units, revenue, average value, discounts, tax and refunds, by day (UTC).',
    takes: isShortForDays,
    statement: salesBy(`day::text as day`, '1, 2'),
  },
  'sales-by-month': {
    about: 'The same by month.',
    takes: any,
    statement: salesBy(`to_char(day, 'YYYY-MM') as month`, '1, 2'),
  },
  'sales-by-region': {
    about: 'The same by the node that took the order.',
    takes: any,
    statement: salesBy('region', '"revenueMinor" desc, 1, 2'),
  },
  'sales-by-country': {
    about: 'The same by the country that the order goes to.',
    takes: any,
    statement: salesBy('country', '"revenueMinor" desc, 1, 2'),
  },
  'sales-by-product': {
    about: 'What sold best. Beyond two months the period is to be whole months.',
    takes: isShortForProducts,
    statement: ({ period, limit }) => ({
      text: `with sold as (${soldProducts(period)}), best as (
          select * from sold order by revenue_minor desc, product_id, currency limit $3
        )
        select product_id as "productId", products.name, best.currency, orders::bigint, units::bigint,
          revenue_minor::bigint as "revenueMinor"
        from best left join products on id = product_id
        order by revenue_minor desc, product_id, best.currency`,
      values: [period.from, period.to, limit],
    }),
  },
  'sales-by-category': {
    about: 'The same by category; what is sold in one counts for those above it too.',
    takes: isShortForProducts,
    statement: ({ period, limit }) => ({
      text: `with sold as (${soldProducts(period)})
        select category_id as "categoryId", coalesce(max(path), category_id) as path, currency, ${sums}
        from sold join product_categories using (product_id)
        left join categories on categories.id = category_id
        group by 1, 3 order by "revenueMinor" desc, 1, 3 limit $3`,
      values: [period.from, period.to, limit],
    }),
  },
  funnel: {
    about:
      'How many carts of a day held anything, and how many of them were ordered. Views of products are not among it: nobody counts them yet.',
    takes: isShortForDays,
    statement: ({ period, limit }) => ({
      text: `select days.day::text as day, coalesce(carts, 0) as carts,
          coalesce(carts_with_goods, 0) as "cartsWithGoods", coalesce(carts_ordered, 0) as "cartsOrdered",
          round(carts_ordered::numeric / nullif(carts_with_goods, 0), 4)::double precision as conversion
        from (
          select (carts.created_at at time zone 'UTC')::date as day, count(*)::bigint as carts,
            count(*) filter (where units > 0 or ordered)::bigint as carts_with_goods,
            count(*) filter (where ordered)::bigint as carts_ordered
          from (
            select created_at, units, ordered.cart_id is not null as ordered
            from carts
            -- One hash of the orders since then, and not a look for each cart. A clock may be a day behind.
            left join (
              select distinct cart_id from orders
              where cart_id is not null
                and placed_at >= ($1::date - 1)::timestamp at time zone 'UTC'
            ) as ordered on ordered.cart_id = carts.id
            where created_at >= $1::date::timestamp at time zone 'UTC'
              and created_at < $2::date::timestamp at time zone 'UTC'
          ) as carts group by 1
        ) as days order by 1 limit $3`,
      values: [period.from, period.to, limit],
    }),
  },
  'stock-value': {
    about: "What the stock would bring at today's prices, by location. It has no period.",
    takes: any,
    statement: ({ limit }) => ({
      text: `select location_id as "locationId", currency, units, value_minor as "valueMinor"
        from report_stock_value order by 1, 2 limit $1`,
      values: [limit],
    }),
  },
  'abandoned-carts': {
    about: 'Carts that nobody came back to, by the day they were left, and what was in them.',
    takes: any,
    statement: ({ period, limit }) => ({
      text: `select (abandoned_at at time zone 'UTC')::date::text as day, currency,
          count(*)::bigint as carts, sum(items)::bigint as items, sum(total_minor)::bigint as "valueMinor"
        from abandoned_carts
        where abandoned_at >= $1::date::timestamp at time zone 'UTC'
          and abandoned_at < $2::date::timestamp at time zone 'UTC'
        group by 1, 2 order by 1, 2 limit $3`,
      values: [period.from, period.to, limit],
    }),
  },
  'oversold-audit': {
    about: 'Variants of which more was sold than there was, though they are sold by rights: none.',
    takes: any,
    statement: audit('report_oversold'),
  },
  'money-audit': {
    about: 'Orders and payments that say different things of one money: none, once all was heard.',
    takes: any,
    statement: audit('report_money_disagreements'),
  },
  'sums-audit': {
    about: 'Sums that differ from the orders that they are of: none. It reads all orders.',
    takes: any,
    statement: audit('report_sums_audit'),
  },
} as const satisfies Record<string, Report>

export type ReportName = keyof typeof reports

export const reportNames = Object.keys(reports) as [ReportName, ...ReportName[]]
