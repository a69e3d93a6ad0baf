/**
 * Products out of a stream of bytes into a node, in batches, with an answer for every line.
 *
 *     bytes ─▶ entries ─▶ batch ─▶ POST products:batch ─▶ one result a line ─▶ tally
 *                          └─ two requests outstanding; answered in the order of the file
 *
 * Because batches are counted in order, "everything up to this line has been answered" is true
 * whenever it is said, and an interrupted import can go on from there.
 */

import { z } from 'zod'
import { ok, refused, type Result } from '../result.ts'
import { jsonOf } from './json.ts'
import type { NodeClient } from './node-client.ts'
import type { CallFailure } from './patient-fetch.ts'
import { batches, type Batch, type ImportSource, type Rejection } from './product-batch.ts'

export interface ImportHooks {
  /** Where an interrupted import goes on, and what it had counted. */
  readonly from?: { readonly line: number; readonly tally: ImportTally }
  readonly requestsMax?: number
  readonly onProgress?: (progress: ImportProgress) => void
  /** Told, and waited for, whenever another stretch of the file has been answered. */
  readonly onAnswered?: (answered: Answered) => Promise<void>
}

export interface ImportTally {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly rejected: number
  /** The first `rejectionsKept` of them. */
  readonly rejections: readonly Rejection[]
}

export interface ImportProgress {
  /** Products answered, whatever the answer. */
  readonly count: number
  /** How far the file has been read for them. */
  readonly bytes: number
}

export interface Answered {
  /** Everything up to this line has been answered. */
  readonly line: number
  readonly tally: ImportTally
  /** Those of this stretch, all of them. */
  readonly rejections: readonly Rejection[]
}

export const emptyTally: ImportTally = {
  created: 0,
  updated: 0,
  unchanged: 0,
  rejected: 0,
  rejections: [],
}

/** Enough to see what is wrong with a file; the rest is only counted. */
export const rejectionsKept = 50

/** One under way while the next is made; more only wait for the node's one writer. */
const requestsMaxUnlessSaid = 2

/** Sends every product of `source`. Refused if the node cannot take them now; what is in stays in. */
export const importStream = async (
  client: NodeClient,
  source: ImportSource,
  hooks: ImportHooks = {},
): Promise<Result<ImportTally, CallFailure>> => {
  const { from, requestsMax = requestsMaxUnlessSaid, onProgress, onAnswered } = hooks
  const underWay: Promise<Result<BatchAnswer, CallFailure>>[] = []
  let tally = from?.tally ?? emptyTally

  const settleFirst = async (): Promise<CallFailure | undefined> => {
    const answer = await underWay.shift()
    if (answer === undefined) return undefined
    if (!answer.ok) return answer.refusal
    const { batch, outcomes, rejections } = answer.value
    tally = talliedWith(tally, outcomes, rejections)
    await onAnswered?.({ line: batch.lastLine, tally, rejections })
    onProgress?.({ count: countOf(tally), bytes: batch.bytesRead })
    return undefined
  }

  try {
    for await (const batch of batches(source, from?.line ?? 0)) {
      const failure = underWay.length >= requestsMax ? await settleFirst() : undefined
      if (failure) return refused(failure)
      underWay.push(send(client, batch))
    }
    while (underWay.length > 0) {
      const failure = await settleFirst()
      if (failure) return refused(failure)
    }
    return ok(tally)
  } finally {
    // Nothing goes on behind the caller's back, even when the import ends early.
    await Promise.allSettled(underWay)
  }
}

export const countOf = ({ created, updated, unchanged, rejected }: ImportTally): number =>
  created + updated + unchanged + rejected

interface BatchAnswer {
  readonly batch: Batch
  readonly outcomes: readonly LineResult[]
  /** The file's and the node's, in the order of lines. */
  readonly rejections: readonly Rejection[]
}

const send = async (
  client: NodeClient,
  batch: Batch,
): Promise<Result<BatchAnswer, CallFailure>> => {
  const { products } = batch
  if (products.length === 0) return ok({ batch, outcomes: [], rejections: batch.rejections })
  const answer = await client.call({
    method: 'POST',
    path: 'api/v1/products:batch',
    body: batch.body,
    contentType: 'application/x-ndjson',
  })
  if (!answer.ok) return answer
  const results = readResults(answer.value, products.length)
  if (!results.ok) return results
  const away = results.value.find(({ problem }) => awayCodes.has(problem?.code ?? ''))
  if (away) {
    const detail = `the node takes no products now: ${away.problem?.detail ?? away.problem?.code}`
    return refused({ kind: 'unreachable', detail })
  }
  const byNode = products.flatMap(({ line, sku }, index): Rejection[] => {
    const result = results.value[index]
    return result?.status === 'rejected' ? [{ line, sku, ...told(result) }] : []
  })
  const rejections = [...batch.rejections, ...byNode].sort((a, b) => a.line - b.line)
  return ok({ batch, outcomes: results.value, rejections })
}

// These say nothing about the product: the same line goes in later.
const awayCodes: ReadonlySet<string> = new Set([
  'overloaded',
  'not_ready',
  'shutting_down',
  'storage_full',
  'storage_failed',
])

const told = ({ problem }: LineResult): { readonly reason: string; readonly code?: string } => ({
  reason: problem?.detail ?? problem?.code ?? 'the node gives no reason',
  ...(problem?.code !== undefined && { code: problem.code }),
})

const lineResult = z.object({
  line: z.number(),
  status: z.enum(['created', 'updated', 'unchanged', 'rejected']),
  problem: z.object({ code: z.string().optional(), detail: z.string().optional() }).optional(),
})

type LineResult = z.infer<typeof lineResult>

// An answer that is not one result for each line, in order, cannot be trusted for any of them.
const readResults = (text: string, count: number): Result<readonly LineResult[], CallFailure> => {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const results: LineResult[] = []
  for (const [index, line] of lines.entries()) {
    const parsed = lineResult.safeParse(jsonOf(line))
    if (!parsed.success || parsed.data.line !== index + 1) {
      return refused(unexpected(`line ${index + 1} of the node’s answer is no result of it`))
    }
    results.push(parsed.data)
  }
  return results.length === count
    ? ok(results)
    : refused(unexpected(`the node answers ${results.length} of ${count} lines`))
}

const unexpected = (detail: string): CallFailure => ({ kind: 'unexpected_answer', detail })

const talliedWith = (
  tally: ImportTally,
  outcomes: readonly LineResult[],
  rejections: readonly Rejection[],
): ImportTally => {
  const counted = { created: 0, updated: 0, unchanged: 0, rejected: 0 }
  for (const { status } of outcomes) counted[status] += 1
  return {
    created: tally.created + counted.created,
    updated: tally.updated + counted.updated,
    unchanged: tally.unchanged + counted.unchanged,
    rejected: tally.rejected + rejections.length,
    rejections: [...tally.rejections, ...rejections].slice(0, rejectionsKept),
  }
}
