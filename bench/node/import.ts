/** Import: a catalog file through the command line into one node, until all of it is durable. */

import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Bench, Benchmark, Row } from '../benchmark.ts'
import { linesOf, writeDemoRepeated, writeProducts } from '../catalog-files.ts'
import { interleaved, timed } from '../measure.ts'
import { importFile } from './importing.ts'

const gadgets = 3_291
const manyProducts = 100_000

export const importBenchmark: Benchmark = {
  name: 'import',
  about: 'a catalog file through "atoll import" until all of it is durable on one node',
  run: async (bench) => [
    ...(await measure(bench, gadgetsOf(bench), 3)),
    ...(await measure(bench, generated(bench), 30)),
  ],
}

interface Catalog {
  readonly name: string
  readonly file: string
}

const gadgetsOf = ({ gadgetsFile, stage, note }: Bench): Catalog => {
  if (gadgetsFile !== undefined && existsSync(gadgetsFile)) {
    return { name: `${linesOf(gadgetsFile).length} gadgets`, file: gadgetsFile }
  }
  const file = stage.path('gadgets.ndjson')
  writeDemoRepeated(file, gadgets)
  note(`import: no gadgets file was given (--gadgets FILE), so the demo catalog stands in for it`)
  return { name: `${gadgets} of the demo`, file }
}

const generated = ({ isQuick, stage }: Bench): Catalog => {
  const count = isQuick ? 5_000 : manyProducts
  const file = stage.path('products.ndjson')
  writeProducts(file, count)
  return { name: `${count} generated`, file }
}

const measure = async (
  { stage, runs, say }: Bench,
  { name, file }: Catalog,
  secondsMax: number,
): Promise<readonly Row[]> => {
  const lines = linesOf(file)
  const { ours, sqlite } = await interleaved<'ours' | 'sqlite', keyof Figures>(runs, {
    ours: async () => {
      const node = await stage.startNode()
      const { seconds, created, importerMB, nodeMB } = await importFile(stage, node, file)
      await node.stop()
      if (created !== lines.length) throw new Error(`${created} of ${lines.length} went in`)
      say(
        `  ${name}: ${seconds.toFixed(2)} s, node ${nodeMB.toFixed(0)} MB, importer ${importerMB.toFixed(0)} MB`,
      )
      return { seconds, importerMB, nodeMB }
    },
    sqlite: async () => {
      const { ms } = await timed(() => insertLines(stage.path('bare.db'), lines))
      return { seconds: ms / 1_000, importerMB: 0, nodeMB: 0 }
    },
  })
  return [
    {
      what: `${name}: time`,
      unit: 's',
      ours: ours.seconds,
      reference: { name: 'the lines as bare SQLite rows', value: sqlite.seconds },
      target: { of: 'ours', is: 'at most', bound: secondsMax },
    },
    {
      what: `${name}: products`,
      unit: '/s',
      ours: lines.length / ours.seconds,
      reference: { name: 'the lines as bare SQLite rows', value: lines.length / sqlite.seconds },
    },
    {
      what: `${name}: node, peak memory`,
      unit: 'MB',
      ours: ours.nodeMB,
      target: { of: 'ours', is: 'at most', bound: 300 },
    },
    {
      what: `${name}: importer, peak memory`,
      unit: 'MB',
      ours: ours.importerMB,
      target: { of: 'ours', is: 'at most', bound: 300 },
    },
  ]
}

interface Figures {
  readonly seconds: number
  readonly importerMB: number
  readonly nodeMB: number
}

/** What disk and database alone take for it: durable, 500 rows a transaction. */
const insertLines = (file: string, lines: readonly string[]): void => {
  const database = new Database(file)
  try {
    database.pragma('journal_mode = wal')
    database.pragma('synchronous = full')
    database.exec('create table products (position integer primary key, json text not null)')
    const insert = database.prepare<[string]>('insert into products (json) values (?)')
    const insertMany = database.transaction((group: readonly string[]) => {
      for (const line of group) insert.run(line)
    })
    for (let at = 0; at < lines.length; at += 500) insertMany(lines.slice(at, at + 500))
  } finally {
    database.close()
  }
}
