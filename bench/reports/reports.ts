/** The dashboard's questions at a million orders, beside the same question asked of the orders themselves. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Queries } from '../../node/merged/sql.ts'
import { reports, type ReportName } from '../../node/reports/report.ts'
import type { Bench, Benchmark, Row } from '../benchmark.ts'
import { openOrderShop } from './shop-of-orders.ts'

const msMax = 100
const plans = join(import.meta.dirname, 'plans')

interface Question {
  readonly name: ReportName
  readonly from: string
  readonly to: string
  readonly words: string
}

const year = { from: '2026-01-01', to: '2027-01-01' }
const month = { from: '2026-10-20', to: '2026-11-19' }

const questions: readonly Question[] = [
  { name: 'sales-by-day', ...year, words: 'sales by day, a year' },
  { name: 'sales-by-month', ...year, words: 'sales by month, a year' },
  { name: 'sales-by-region', ...year, words: 'sales by region, a year' },
  { name: 'sales-by-country', ...year, words: 'sales by country, a year' },
  { name: 'sales-by-product', ...month, words: 'best products, 30 days' },
  { name: 'sales-by-product', ...year, words: 'best products, a year' },
  { name: 'sales-by-category', ...month, words: 'categories, 30 days' },
  { name: 'sales-by-category', ...year, words: 'categories, a year' },
  { name: 'funnel', ...month, words: 'carts to orders, 30 days' },
  { name: 'abandoned-carts', ...month, words: 'carts left behind, 30 days' },
  { name: 'stock-value', ...month, words: 'value of the stock' },
  { name: 'oversold-audit', ...month, words: 'audit: oversold' },
]

/** Sales by day without sums: what they save. */
const ofOrders = `select (placed_at at time zone 'UTC')::date as day, currency, count(*), sum(units), sum(payable_minor)
  from orders where is_sale and placed_at >= $1::date and placed_at < $2::date group by 1, 2 order by 1, 2`

export const reportsBenchmark: Benchmark = {
  name: 'reports',
  about: "the dashboard's questions at a million orders; beside sums made of all orders",
  run: async (bench) => {
    const orders = bench.isQuick ? 20_000 : 1_000_000
    const shop = await openOrderShop(orders)
    try {
      bench.say(`  ${orders} orders are in ${shop.name}`)
      const rows = await askAll(bench, shop.sql)
      await audit(bench, shop.sql)
      return rows
    } finally {
      await shop.remove()
    }
  },
}

const statementOf = ({ name, from, to }: Question) =>
  reports[name].statement({ period: { from, to }, limit: 1_000 })

const askAll = async ({ isQuick, runs, say }: Bench, sql: Queries): Promise<readonly Row[]> => {
  const rounds = isQuick ? 3 : Math.max(7, runs)
  const raw = await medianMs(rounds, () => sql.query(ofOrders, [year.from, year.to]))
  const rows: Row[] = []
  for (const question of questions) {
    const { text, values } = statementOf(question)
    const ours = await medianMs(rounds, () => sql.query(text, values))
    say(`  ${question.words}: ${ours.toFixed(1)} ms`)
    if (!isQuick) await keepPlan(sql, question)
    rows.push({
      what: question.words,
      unit: 'ms',
      ours,
      target: { of: 'ours', is: 'at most', bound: msMax },
      ...(question.name === 'sales-by-day'
        ? { reference: { name: 'of all orders', value: raw } }
        : {}),
    })
  }
  return rows
}

const medianMs = async (rounds: number, ask: () => Promise<unknown>): Promise<number> => {
  await ask()
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const startMs = performance.now()
    await ask()
    times.push(performance.now() - startMs)
  }
  return times.sort((a, b) => a - b)[times.length >> 1] ?? 0
}

/** The plan is kept beside this file, so that a change of it shows in the diff. */
const keepPlan = async (sql: Queries, question: Question): Promise<void> => {
  const { text, values } = statementOf(question)
  const lines = await sql.query<{ 'QUERY PLAN': string }>(`explain (costs off) ${text}`, values)
  mkdirSync(plans, { recursive: true })
  const file = `${question.words.replaceAll(/[^a-z0-9]+/g, '-')}.txt`
  writeFileSync(
    join(plans, file),
    `${text.replaceAll(/^ +/gm, '')}\n\n${lines.map((line) => line['QUERY PLAN']).join('\n')}\n`,
  )
}

const audit = async ({ note }: Bench, sql: Queries): Promise<void> => {
  const { text, values } = reports['sums-audit'].statement({ period: year, limit: 10 })
  const startMs = performance.now()
  const wrong = await sql.query(text, values)
  if (wrong.length > 0) throw new Error(`sums differ from their orders: ${JSON.stringify(wrong)}`)
  note(
    `reports: recomputing every sum from all orders found none that differs, in ${Math.round(performance.now() - startMs)} ms`,
  )
}
