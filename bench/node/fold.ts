/**
 * Folding: a log of a hundred thousand changes goes into its documents, in steps of some milliseconds
 * while the node would go about its work; how fast, and how long a step keeps the thread.
 */

import Database from 'better-sqlite3'
import { createSkuOwners } from '../../node/catalog/sku-owners.ts'
import { createCatalogQueries } from '../../node/catalog/queries.ts'
import { changePrice, createProduct } from '../../node/catalog/product-rules.ts'
import type { ProductInput } from '../../node/catalog/product-input.ts'
import { productIdOf } from '../../node/catalog/ids.ts'
import type { Decide } from '../../node/core/capability.ts'
import { createCore, type Command, type Core } from '../../node/core/core.ts'
import { foldInSlices } from '../../node/core/folding.ts'
import { createSqliteStore } from '../../node/core/sqlite-store.ts'
import * as shop from '../../node/shop.ts'
import * as system from '../../node/system.ts'
import { vectorOf } from '../../sync/change.ts'
import type { Bench, Benchmark, Row } from '../benchmark.ts'
import { interleaved, percentile } from '../measure.ts'
import { productOf } from '../products.ts'

export const foldBenchmark: Benchmark = {
  name: 'fold',
  about: 'old changes leave the log for their documents: how fast, and how long a step is',
  run: async (bench) => {
    const changes = bench.isQuick ? 5_000 : 100_000
    return [
      ...(await measure(bench, `${changes} products created`, changes, changes)),
      ...(await measure(bench, `${changes} prices changed, of 1000 products`, changes, 1_000)),
    ]
  },
}

const stepMsMax = 20

const measure = async (
  { stage, runs, say }: Bench,
  what: string,
  changes: number,
  products: number,
): Promise<readonly Row[]> => {
  const { ours, sqlite } = await interleaved<
    'ours' | 'sqlite',
    'perSecond' | 'longestMs' | 'p99Ms'
  >(runs, {
    ours: async () => {
      say(`  preparing: ${what}`)
      const core = fill(stage.path('atoll.db'), { changes, products })
      const steps: number[] = []
      let busyMs = 0
      const watched: Pick<Core, 'fold'> = {
        fold: (step) => {
          const [startMs, startProcessorMs] = [performance.now(), processorMs()]
          const folded = core.fold(step)
          busyMs += performance.now() - startMs
          steps.push(processorMs() - startProcessorMs)
          return folded
        },
      }
      const folded = await foldInSlices(
        {
          core: watched,
          soon: system.soon,
          monotonic: () => performance.now(),
          assertOpen: () => undefined,
        },
        { upTo: vectorOf(core.state().heads) },
      )
      const perSecond = (folded / busyMs) * 1_000
      const longestMs = Math.max(...steps)
      const perProcessorSecond = (folded / sumOf(steps)) * 1_000
      say(
        `  ${folded} folded at ${perSecond.toFixed(0)}/s (${perProcessorSecond.toFixed(0)}/s of ` +
          `processor time) in ${steps.length} steps, the longest of ${longestMs.toFixed(1)} ms`,
      )
      core.close()
      return { perSecond, longestMs, p99Ms: percentile(steps, 0.99) }
    },
    sqlite: () =>
      Promise.resolve({
        perSecond: moveBare(stage.path('bare.db'), changes),
        longestMs: Number.NaN,
        p99Ms: Number.NaN,
      }),
  })
  return [
    {
      what,
      unit: '/s',
      ours: ours.perSecond,
      reference: { name: 'bare SQLite rows moved', value: sqlite.perSecond },
    },
    {
      what: 'a step, of processor time, p99',
      unit: 'ms',
      ours: ours.p99Ms,
      target: { of: 'ours', is: 'at most', bound: stepMsMax },
    },
    { what: 'a step, of processor time, the longest', unit: 'ms', ours: ours.longestMs },
  ]
}

/** A store in a file, with these changes: products created, then their prices changed in turns. */
const fill = (
  file: string,
  { changes, products }: { readonly changes: number; readonly products: number },
): Core & { readonly close: () => void } => {
  const store = createSqliteStore({
    file,
    readModelSql: shop.readModelSql,
    readModelTables: shop.readModelTables,
  })
  const { systemClock: clock, systemRandom: random } = system
  const core = createCore({ store, kinds: shop.kinds, clock, random })
  const create = createProduct(createSkuOwners(createCatalogQueries(store.database)))
  const command = <I>(decide: Decide<I, never>, input: I): Command =>
    ({ decide, input, actor: 'account/bench' }) as Command
  const commandAt = (at: number): Command => {
    const { sku } = productOf(at % products)
    return at < products
      ? command(create as Decide<ProductInput, never>, inputOf(at))
      : command(changePrice as Decide<Parameters<typeof changePrice>[1], never>, {
          id: productIdOf(sku),
          price: { amount: at, currency: 'USD' },
          reason: null,
        })
  }
  for (let first = 0; first < changes; first += batch) {
    const length = Math.min(batch, changes - first)
    const results = core.execute(Array.from({ length }, (_, at) => commandAt(first + at)))
    for (const result of results) {
      if ('thrown' in result) throw result.thrown
      if (!result.ok) throw new Error(`A change was refused: ${result.refusal.detail}`)
    }
  }
  return { ...core, close: () => store.close() }
}

// Others use the machine, too: what a step itself takes is what it keeps the thread for.
const processorMs = (): number => {
  const { user, system: kernel } = process.cpuUsage()
  return (user + kernel) / 1_000
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

const batch = 1_000

const inputOf = (at: number): ProductInput => {
  const { categories, price, ...given } = productOf(at)
  return {
    ...given,
    categories: [categories],
    images: [],
    price: { amount: Math.round(price * 100), currency: 'USD' },
    initialQuantity: 10,
    variants: [],
  }
}

/** What disk and database alone take to move as many rows from one table to another, durably. */
const moveBare = (file: string, count: number): number => {
  const database = new Database(file)
  try {
    database.pragma('journal_mode = wal')
    database.pragma('synchronous = full')
    database.exec(
      `create table changes (position integer primary key, replica integer, counter integer,
         bytes blob not null, unique (replica, counter));
       create table folded (document integer primary key, bytes blob not null)`,
    )
    const insert = database.prepare<[number, Buffer]>(
      'insert into changes (replica, counter, bytes) values (1, ?, ?)',
    )
    const bytes = Buffer.alloc(800, 7)
    database.transaction(() => {
      for (let counter = 1; counter <= count; counter++) insert.run(counter, bytes)
    })()
    const read = database.prepare<[number], { position: number; bytes: Buffer }>(
      'select position, bytes from changes where replica = 1 and counter = ?',
    )
    const put = database.prepare<[number, Buffer]>('insert into folded values (?, ?)')
    const drop = database.prepare<[number]>('delete from changes where position = ?')
    const move = database.transaction((first: number, length: number) => {
      for (let counter = first; counter < first + length; counter++) {
        const row = read.get(counter)
        if (!row) throw new Error('A row is missing')
        put.run(counter, row.bytes)
        drop.run(row.position)
      }
    })
    const startMs = performance.now()
    for (let at = 1; at <= count; at += 100) move(at, Math.min(100, count - at + 1))
    return (count / (performance.now() - startMs)) * 1_000
  } finally {
    database.close()
  }
}
