/** A shop of very many orders in a database of its own: made by the database, the same at every run. */

import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { createEmbedded } from '../../node/merged/embedded.ts'
import { migrate } from '../../node/merged/migrate.ts'
import { createPostgres } from '../../node/merged/postgres.ts'
import type { Queries, Sql } from '../../node/merged/sql.ts'
import { addToSums } from '../../node/reports/sums.ts'

export interface OrderShop {
  readonly sql: Sql
  /** What it runs on. */
  readonly name: string
  remove(): Promise<void>
}

const products = 10_000
const categories = 60

export const openOrderShop = async (orders: number): Promise<OrderShop> => {
  const shop = await openDatabase()
  try {
    await migrate(shop.sql)
    for (const statement of fill) await shop.sql.query(statement)
    const chunk = 10_000
    for (let first = 0; first < orders; first += chunk) {
      const last = Math.min(first + chunk, orders) - 1
      await shop.sql.transaction((transaction) => addOrders(transaction, first, last))
    }
    await shop.sql.script('analyze')
    return shop
  } catch (error) {
    await shop.remove()
    throw error
  }
}

const openDatabase = async (): Promise<OrderShop> => {
  const server =
    process.env['ATOLL_TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'
  const onServer = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: server, connectionTimeoutMillis: 2_000 })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
  const name = `atoll_bench_${randomBytes(6).toString('hex')}`
  const isThere = await onServer(`create database ${name}`).then(
    () => true,
    () => false,
  )
  if (!isThere) {
    const sql = await createEmbedded()
    return { sql, name: 'PGlite', remove: () => sql.close() }
  }
  const url = new URL(server)
  url.pathname = `/${name}`
  const sql = createPostgres(url.href)
  return {
    sql,
    name: 'PostgreSQL',
    remove: async () => {
      await sql.close()
      await onServer(`drop database ${name} with (force)`)
    },
  }
}

const fill: readonly string[] = [
  `insert into products
   select 'p' || n, 'SKU-' || n, 'Product ' || n, '', 'brand-' || n % 40, 500 + n % 20000, 'USD', 0,
     timestamptz '2026-01-01', timestamptz '2026-01-01'
   from generate_series(0, ${products - 1}) as n`,
  `insert into product_variants
   select 'p' || n || '-v', 'p' || n, 'SKU-' || n, '{}', 500 + n % 20000, 'USD', 0
   from generate_series(0, ${products - 1}) as n`,
  `insert into categories
   select 'c' || n, 'Category ' || n, case when n >= 10 then 'c' || n % 10 end, 'Category ' || n, ''
   from generate_series(0, ${categories - 1}) as n`,
  `insert into product_categories
   select distinct 'p' || n, 'c' || category, category >= 10
   from generate_series(0, ${products - 1}) as n,
     lateral (values (10 + n % ${categories - 10}), ((10 + n % ${categories - 10}) % 10)) as own(category)`,
  `insert into stock
   select 'p' || n || '-v.main', 'p' || n || '-v', 'main', 'p' || n, 'rights', n % 300, n % 300, 5
   from generate_series(0, ${products - 1}) as n`,
]

/** Orders of a year: one to three lines, some products far more often than others, a tenth cancelled. */
const addOrders = async (transaction: Queries, first: number, last: number): Promise<void> => {
  const range = [first, last]
  await transaction.query(
    `insert into carts
     select 'cart' || n, null, 1 + n % 3, at, at + interval '1 hour'
     from generate_series($1::integer, $2::integer) as n, ${placedAt}`,
    range,
  )
  // Of ten carts three are left behind.
  await transaction.query(
    `insert into carts
     select 'left' || n, null, 1, at, at from generate_series($1::integer, $2::integer) as n, ${placedAt}
     where n % 10 < 4`,
    range,
  )
  await transaction.query(
    `insert into abandoned_carts
     select 'left' || n, null, 1, 1000, 'USD', at
     from generate_series($1::integer, $2::integer) as n, ${placedAt} where n % 10 < 4`,
    range,
  )
  await transaction.query(
    `insert into orders
     select 'o' || n, 'N-' || n, null, 'cart' || n, case when n % 10 = 9 then 'cancelled' else 'paid' end,
       (array['eu', 'us', 'ap'])[1 + n % 3], (array['DE', 'FR', 'US', 'JP', 'BR', 'GB', 'IN'])[1 + n % 7], 'USD',
       goods, 0, 500, goods / 10, goods + 500, case when n % 10 = 9 then 0 else goods + 500 end,
       goods + 500, 0, case when n % 10 = 9 then 0 else 1 + n % 3 end, n % 10 <> 9, at
     from generate_series($1::integer, $2::integer) as n, ${placedAt},
       lateral (select 1000 + n % 9000 as goods) as priced`,
    range,
  )
  await transaction.query(
    `insert into order_items
     select 'o' || n, product || '-v', product, 'SKU', 'Product', case when n % 10 = 9 then 0 else 1 end, 0, 0,
       1000, 0, 0, case when n % 10 = 9 then 0 else 1000 + n % 9000 end
     from generate_series($1::integer, $2::integer) as n, generate_series(0, n % 3) as line,
       lateral (
         select 'p' || floor(${products} * power((hashint8(n * 7 + line) & 1048575) / 1048576.0, 3)) as product
       ) as chosen
     on conflict do nothing`,
    range,
  )
  const ids = Array.from({ length: last - first + 1 }, (_, at) => `o${first + at}`)
  await addToSums(transaction, ids, 1)
}

// Spread over the year by a step that is prime to it, so that every chunk has orders of every day.
const placedAt = `lateral (
  select timestamptz '2026-01-01' + (n * 7919::bigint % (365 * 86400)) * interval '1 second' as at
) as placed`
