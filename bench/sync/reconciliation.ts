/**
 * Reconciliation: a node comes back after others have folded what it lacks; how much is said until it
 * has the documents that differ, beside a list of all documents. And how long a survey keeps the thread.
 */

import { createHash } from 'node:crypto'
import type { Bench, Benchmark, Row } from '../benchmark.ts'
import { createIndexBuilder } from '../../sync/document-index.ts'
import { entryBytes } from '../../sync/listing.ts'
import { fingerprintsOf, surveyLevelOf } from '../../sync/ranges.ts'
import { median, timed } from '../measure.ts'
import { reconcile, type Case } from './reconciling.ts'

export const reconciliationBenchmark: Benchmark = {
  name: 'reconciliation',
  about: 'a node comes back after its peers have folded their logs: what it costs to bring it up',
  run: async (bench) => {
    const documents = bench.isQuick ? 5_000 : 100_000
    return [
      ...(await measureCase(bench, { documents, differ: 100 })),
      ...(await measureCase(bench, { documents, differ: 1 })),
      ...(await measureCase(bench, { documents, differ: documents / 10 })),
      ...(await measureSurvey(bench, documents)),
    ]
  },
}

const controlBytesMax = 100_000
const roundTripsMax = 4

// What is counted is the same at every run, so one is enough.
const measureCase = async (
  { say }: Bench,
  { documents, differ }: Case,
): Promise<readonly Row[]> => {
  const { controlBytes, roundTrips, fetched } = await reconcile({ documents, differ })
  const what = `${documents} documents, ${differ} differ`
  say(`  ${what}: ${fetched} fetched, ${controlBytes} bytes, ${roundTrips} round trips`)
  const isJudged = differ <= 100
  return [
    {
      what: `${what}: bytes but the documents' own`,
      unit: 'bytes',
      ours: controlBytes,
      reference: { name: 'a list of all', value: documents * entryBytes },
      ...(isJudged && { target: { of: 'ours', is: 'at most', bound: controlBytesMax } }),
    },
    {
      what: `${what}: round trips`,
      unit: '',
      ours: roundTrips,
      ...(isJudged && { target: { of: 'ours', is: 'at most', bound: roundTripsMax } }),
    },
    {
      what: `${what}: fetched for each that differs`,
      unit: '',
      ours: fetched / differ,
    },
  ]
}

const measureSurvey = async ({ runs }: Bench, documents: number): Promise<readonly Row[]> => {
  const hashes = Array.from({ length: documents }, (_, at) => sha256(`${at}`))
  const figures: { readonly ms: number; readonly longestMs: number; readonly cutMs: number }[] = []
  for (let run = 0; run < runs; run++) {
    let sliceStartMs = processorMs()
    let longestMs = 0
    const breathe = async (): Promise<void> => {
      longestMs = Math.max(longestMs, processorMs() - sliceStartMs)
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
      sliceStartMs = processorMs()
    }
    const { ms, result: index } = await timed(async () => {
      const builder = createIndexBuilder()
      for (const [at, hash] of hashes.entries()) {
        builder.add('product', `product ${at}`, hash)
        if (at % 512 === 0) await breathe()
      }
      return builder.finish(breathe)
    })
    const all = { level: 0, place: 0 }
    const cutStartMs = processorMs()
    fingerprintsOf(index, all, surveyLevelOf(index))
    figures.push({ ms, longestMs, cutMs: processorMs() - cutStartMs })
  }
  const what = `survey of ${documents} documents`
  return [
    {
      what: `${what}, without reading them`,
      unit: 'ms',
      ours: median(figures.map(({ ms }) => ms)),
    },
    {
      what: `${what}: longest slice, of processor time`,
      unit: 'ms',
      ours: median(figures.map(({ longestMs, cutMs }) => Math.max(longestMs, cutMs))),
      target: { of: 'ours', is: 'at most', bound: 20 },
    },
  ]
}

// Others use the machine, too: what a slice itself takes is what it keeps the thread for.
const processorMs = (): number => process.cpuUsage().user / 1_000

const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest()
