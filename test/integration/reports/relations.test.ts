/** A real shop's documents as rows: what reports say is what the shop says, on PGlite and on PostgreSQL. */

import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseFileOf } from '../../../node/core/data-directory.ts'
import { migrate } from '../../../node/merged/migrate.ts'
import type { MergedDocument } from '../../../node/merged/sink.ts'
import type { Queries, Sql } from '../../../node/merged/sql.ts'
import { relationalKinds } from '../../../node/reports/relations.ts'
import { reportNames, reports, type ReportName } from '../../../node/reports/report.ts'
import { createReportSink } from '../../../node/reports/sink.ts'
import { kinds } from '../../../node/shop.ts'
import { databases, type TestDatabase } from '../merged/databases.ts'
import {
  cleanUp,
  createCart,
  createProduct,
  eventually,
  startNode,
  variantIdOf,
  type NodeUnderTest,
} from '../node-under-test.ts'

const sink = createReportSink(relationalKinds)
const kindsByName = new Map(kinds.map((kind) => [kind.schema.kind, kind]))

/** All documents of a node, in the order in which a sink is given them. */
const documentsOf = (node: NodeUnderTest, isNew: boolean): readonly MergedDocument[] => {
  const database = new Database(databaseFileOf(node.dataDir), { readonly: true })
  const rows = database
    .prepare<[], { kind: string; id: string; bytes: Uint8Array }>(
      'select kind, id, bytes from documents order by kind, id',
    )
    .all()
  database.close()
  return rows.flatMap(({ kind: name, id, bytes }) => {
    const kind = kindsByName.get(name)
    return kind ? [{ kind, id, document: kind.schema.decode(bytes), isNew }] : []
  })
}

const address = { name: 'Carol', line1: '1 Quay', city: 'Port', postalCode: '12345' }

const buy = async (node: NodeUnderTest, variantId: string, quantity: number, country: string) => {
  const cart = await createCart(node)
  await cart.at(node).send({ type: 'add', variantId, quantity })
  const answer = await node.ask('POST', '/orders', {
    headers: cart.headers,
    body: {
      cartId: cart.id,
      shippingAddress: { ...address, country },
      payment: { provider: 'sandbox', token: 'tok_ok' },
    },
  })
  if (answer.status !== 201) throw new Error(answer.text)
  return answer.body.id
}

const today = new Date().toISOString().slice(0, 10)
const period = { from: '2020-01-01', to: '2100-01-01' }

const ask = (queries: Queries, name: ReportName) => {
  const { text, values } = reports[name].statement({ period, limit: 100 })
  return queries.query<Record<string, unknown>>(text, values)
}

const audits = async (sql: Sql) => ({
  sums: await ask(sql, 'sums-audit'),
  oversold: await ask(sql, 'oversold-audit'),
})
const clean = { sums: [], oversold: [] }

let node: NodeUnderTest
let before: readonly MergedDocument[]
let after: readonly MergedDocument[]
let tea: string
let orders: readonly [string, string, string]

beforeAll(async () => {
  node = await startNode({ name: 'eu' })
  const product = await createProduct(node, {
    sku: 'TEA',
    name: 'Tea for two',
    price: { amount: 1_000, currency: 'USD' },
    initialQuantity: 20,
    categories: ['Food', 'Drinks'],
  })
  tea = variantIdOf(product)
  orders = [
    await buy(node, tea, 2, 'US'),
    await buy(node, tea, 3, 'DE'),
    await buy(node, tea, 1, 'US'),
  ]
  const left = await createCart(node)
  await left.at(node).send({ type: 'add', variantId: tea, quantity: 4 })
  before = documentsOf(node, true)
  const cancelled = await node.order('POST', `/orders/${orders[1]}/cancel`, {
    body: { reason: 'changed my mind' },
  })
  if (cancelled.status !== 200) throw new Error(cancelled.text)
  await eventually(async () => {
    const { body } = await node.ask('GET', `/inventory/${tea}`)
    if (body['available'] !== 17) throw new Error('the units are not back')
  })
  after = documentsOf(node, false)
})
afterAll(cleanUp)

describe.each(await databases('reports'))('on $name', ({ make }) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await make()
    await migrate(database.sql)
  })
  afterAll(() => database.remove())

  const write = (documents: readonly MergedDocument[]) =>
    database.sql.transaction((transaction) => sink.write(transaction, documents))

  test('sales are what was ordered, by day, country, region, product and category', async () => {
    await write(before)
    const { sql } = database
    expect(await ask(sql, 'sales-by-day')).toMatchObject([
      { day: today, currency: 'USD', orders: 3, units: 6, averageOrderMinor: 2_000 },
    ])
    expect(await ask(sql, 'sales-by-country')).toMatchObject([
      { country: 'DE', orders: 1, revenueMinor: 3_000 },
      { country: 'US', orders: 2, revenueMinor: 3_000 },
    ])
    expect(await ask(sql, 'sales-by-region')).toMatchObject([{ region: 'eu', orders: 3 }])
    expect(await ask(sql, 'sales-by-product')).toMatchObject([
      { name: 'Tea for two', orders: 3, units: 6, revenueMinor: 6_000 },
    ])
    const categories = await ask(sql, 'sales-by-category')
    expect(categories.map(({ path, units }) => [path, units])).toContainEqual(['Food', 6])
    expect(await ask(sql, 'funnel')).toEqual([
      { day: today, carts: 4, cartsWithGoods: 4, cartsOrdered: 3, conversion: 0.75 },
    ])
    expect(await audits(sql)).toEqual(clean)
  })

  test('an order that is cancelled sold nothing, and its units may be sold again', async () => {
    await write(after)
    const { sql } = database
    expect(await ask(sql, 'sales-by-day')).toMatchObject([
      { day: today, orders: 2, units: 3, revenueMinor: 3_000 },
    ])
    expect(await ask(sql, 'sales-by-country')).toMatchObject([{ country: 'US', orders: 2 }])
    expect(await ask(sql, 'stock-value')).toEqual([
      { locationId: 'main', currency: 'USD', units: 17, valueMinor: 17_000 },
    ])
    expect(await audits(sql)).toEqual(clean)
  })

  test('rows say what the shop says', async () => {
    const { sql } = database
    const [row] = await sql.query('select * from orders where id = $1', [orders[0]])
    const { body } = await node.order('GET', `/orders/${orders[0]}`)
    expect(row).toMatchObject({ number: body['number'], total_minor: 2_000, region: 'eu' })
    const history = await sql.query<{ status: string }>(
      'select status from order_status_history where order_id = $1 order by changed_at, event',
      [orders[1]],
    )
    expect(history.at(-1)?.status).toBe('cancelled')
    const sold = await sql.query('select * from shipping_addresses where order_id = $1', [
      orders[1],
    ])
    expect(sold).toMatchObject([{ city: 'Port', country: 'DE', postal_code: '12345' }])
  })

  test('writing again what is there, and all anew, comes to the same', async () => {
    const { sql } = database
    const tables = relationalKinds.flatMap(({ relations }) => relations.map(({ name }) => name))
    const sums = ['sales_metrics', 'product_metrics', 'product_months']
    const all = async () => {
      const found: Record<string, unknown> = {}
      for (const name of tables)
        found[name] = await sql.query(`select * from ${name} as t order by t::text`)
      for (const name of sums) {
        found[name] = await sql.query(
          `select * from ${name} as t where orders <> 0 order by t::text`,
        )
      }
      return found
    }
    const once = await all()
    await write(after)
    expect(await all()).toEqual(once)
    await sql.transaction(async (transaction) => {
      await sink.clear(transaction)
      await sink.write(
        transaction,
        after.map((one) => ({ ...one, isNew: true })),
      )
    })
    expect(await all()).toEqual(once)
  })

  test('an audit finds a sum that is wrong, and more sold than there was', async () => {
    const { sql } = database
    const found = await sql.session(async (session) => {
      await session.script('begin')
      await session.query('update sales_metrics set units = units + 1 where orders <> 0')
      await session.query('update stock set available = -1 where variant_id = $1', [tea])
      const answers = [await ask(session, 'sums-audit'), await ask(session, 'oversold-audit')]
      await session.script('rollback')
      return answers
    })
    expect(found).toMatchObject([
      [{ sums: 'sales_metrics' }],
      [{ variant_id: tea, available: -1, sold: 3 }],
    ])
    expect(await audits(sql)).toEqual(clean)
  })

  test('every report can be asked, and every table, column and view has its place', async () => {
    const { sql } = database
    for (const name of reportNames) expect(Array.isArray(await ask(sql, name))).toBe(true)
    const columns = await sql.query<{ name: string }>(
      `select table_name || '.' || column_name as name from information_schema.columns
       where table_schema = current_schema()`,
    )
    const there = new Set(columns.map(({ name }) => name))
    const named = relationalKinds
      .flatMap(({ relations }) => relations)
      .flatMap(({ name, columns: own }) => own.map((column) => `${name}.${column.name}`))
    expect(named.filter((name) => !there.has(name))).toEqual([])
    const silent = await sql.query(
      `select relname::text from pg_class where relnamespace = current_schema()::regnamespace
       and relkind in ('r', 'v') and obj_description(oid) is null and relname <> 'schema_migrations'`,
    )
    expect(silent).toEqual([])
  })
})

test('a node without a merged store says so, and a period that is none is refused', async () => {
  const answers = await Promise.all(
    [
      'sales-by-day',
      'sales-by-day?from=2026-02-01&to=2026-01-01',
      'sales-by-product?from=2026-01-02&to=2026-06-01',
      'gossip',
    ].map((path) => node.order('GET', `/admin/reports/${path}`)),
  )
  expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
    [503, 'merged_store_absent'],
    [400, 'report_period_invalid'],
    [400, 'report_period_invalid'],
    [400, expect.any(String)],
  ])
  expect((await node.ask('GET', '/admin/reports/sales-by-day')).status).toBe(401)
})
