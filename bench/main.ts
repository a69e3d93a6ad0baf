/** `npm run bench`: runs the benchmarks that are named, or all, and ends with one table. */

import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Benchmark, Row } from './benchmark.ts'
import { root } from './child.ts'
import { cartBenchmark } from './crdt/cart.ts'
import { checkoutBenchmark } from './http/checkout.ts'
import { eventsBenchmark } from './events/events.ts'
import { createBenchmark } from './http/create.ts'
import { intentBenchmark } from './http/intent.ts'
import { readBenchmark } from './http/read.ts'
import { threadsBenchmark } from './http/threads.ts'
import { flashSaleBenchmark } from './inventory/flash-sale.ts'
import { stockBenchmark } from './inventory/stock.ts'
import { reportsBenchmark } from './reports/reports.ts'
import { describeMachine, machineText } from './machine.ts'
import { structuresBenchmark } from './native/structures.ts'
import { foldBenchmark } from './node/fold.ts'
import { importBenchmark } from './node/import.ts'
import { restartBenchmark } from './node/restart.ts'
import { startBenchmark } from './node/start.ts'
import { createStage } from './stage.ts'
import { reconciliationBenchmark } from './sync/reconciliation.ts'
import { catchUpDelayBenchmark } from './sync/catch-up-delay.ts'
import { syncBenchmark } from './sync/sync.ts'
import { render, toJson, verdict, type Result } from './table.ts'

const benchmarks: readonly Benchmark[] = [
  readBenchmark,
  createBenchmark,
  intentBenchmark,
  checkoutBenchmark,
  importBenchmark,
  syncBenchmark,
  catchUpDelayBenchmark,
  reconciliationBenchmark,
  foldBenchmark,
  reportsBenchmark,
  cartBenchmark,
  startBenchmark,
  restartBenchmark,
  stockBenchmark,
  flashSaleBenchmark,
  eventsBenchmark,
  structuresBenchmark,
  threadsBenchmark,
]

const usage = `npm run bench -- [NAME...] [options]

${benchmarks.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n')}

  --runs N       how often each contestant is measured; medians are told (3)
  --json FILE    writes every figure there too
  --gadgets FILE the catalog of real products to import
  --quick        small sizes and one run: that everything works, not how fast
  --directory D  where the nodes keep their data meanwhile (the system's directory for such)
`

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string' },
      json: { type: 'string' },
      gadgets: { type: 'string' },
      directory: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const unknown = positionals.find((name) => benchmarks.every((one) => one.name !== name))
  if (unknown !== undefined) throw new Error(`There is no benchmark "${unknown}"\n\n${usage}`)
  const runs = Number(values.runs ?? (values.quick ? 1 : 3))
  if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs takes a whole number from 1 on')

  const stage = createStage(values.directory)
  const interrupted = () => void stage.close().finally(() => process.exit(130))
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted)
  const results: Result[] = []
  const notes: string[] = []
  try {
    const machine = describeMachine(stage.directory)
    const bench = {
      runs,
      isQuick: values.quick,
      gadgetsFile: values.gadgets ?? gadgetsBeside(),
      stage,
      say,
      note: (line: string) => notes.push(line),
    }
    for (const benchmark of benchmarks) {
      if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue
      say(`${benchmark.name}: ${benchmark.about}`)
      const rows = await benchmark.run(bench)
      results.push({ benchmark: benchmark.name, rows: values.quick ? rows.map(unjudged) : rows })
    }
    if (values.quick) notes.push('--quick: sizes are small, so no target is judged')
    const told = [`medians of ${runs}, contestants taking turns`, ...notes].map(
      (line) => `- ${line}`,
    )
    process.stdout.write(
      `\n${render(results)}\n\n${verdict(results)}\n${machineText(machine)}\n${told.join('\n')}\n`,
    )
    if (values.json !== undefined) {
      writeFileSync(values.json, `${JSON.stringify(toJson(results, machine, notes), null, 2)}\n`)
    }
    return 0
  } finally {
    await stage.close()
  }
}

// A target holds for the size that it was set for.
const unjudged = ({ what, unit, ours, reference }: Row): Row => ({
  what,
  unit,
  ours,
  ...(reference && { reference }),
})

/** Where the catalog of real products lies if it was put beside the repository. */
const gadgetsBeside = (): string | undefined => {
  const file = join(dirname(root), 'shared', 'data', 'gadgets.ndjson')
  return existsSync(file) ? file : undefined
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
