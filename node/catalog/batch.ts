/**
 * `POST /products:batch`: a stream of products in, a stream of results out, a line for a line. Lines
 * are put in by SKU, so that sending a file twice changes nothing the second time.
 */

import type { OpenAPIHono } from '@hono/zod-openapi'
import { stream } from 'hono/streaming'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { Fault } from '../fault.ts'
import { lineStreamRefusal, parseJson, readLines } from '../http/body.ts'
import { lineBytesMax } from '../http/limits.ts'
import { actorOf } from '../http/actor.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import type { Line } from '../http/lines.ts'
import type { Guard } from '../identity/guard.ts'
import { ProductBody } from './api.ts'
import { productIdOf } from './ids.ts'
import { batchLinesInFlight } from './limits.ts'
import { isLive, product } from './product.ts'
import { isAsGiven, type ProductInput } from './product-input.ts'
import { putProduct } from './product-rules.ts'
import type { CatalogQueries } from './queries.ts'

export interface BatchDeps {
  readonly core: Core
  readonly pipeline: Pipeline
  readonly queries: CatalogQueries
  readonly guard: Guard
}

interface BatchResult {
  readonly line: number
  readonly status: 'created' | 'updated' | 'unchanged' | 'rejected'
  readonly id?: string
  readonly problem?: LineProblem
}

interface LineProblem {
  readonly code: string
  readonly detail: string
}

export const addBatchRoute = (router: OpenAPIHono<NodeEnv>, deps: BatchDeps): void => {
  const put = putProduct(deps.queries.variantSkuOwner)

  const takeLine = async (line: Line, actor: string): Promise<BatchResult> => {
    const parsed = parseLine(line)
    if ('problem' in parsed) return { line: line.number, status: 'rejected', ...parsed }
    const { input } = parsed
    const id = productIdOf(input.sku)
    const before = deps.core.read(product, id)
    const wasLive = isLive(before)
    if (wasLive && isAsGiven(before, input)) return { line: line.number, status: 'unchanged', id }
    try {
      const done = await deps.pipeline.submit({ decide: put, input, actor })
      if (done.ok) return { line: line.number, status: wasLive ? 'updated' : 'created', id }
      const { code, detail } = done.refusal
      return { line: line.number, status: 'rejected', id, problem: { code, detail } }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const problem = { code: error.code, detail: error.message }
      return { line: line.number, status: 'rejected', id, problem }
    }
  }

  // Outside of OpenAPI's templates: the body is a stream, and is never parsed as a whole.
  router.post('/products:batch', deps.guard.require('catalog:write'), (c) => {
    const refusal = lineStreamRefusal(c)
    if (refusal) return problem(c, refusal)
    const actor = actorOf(c)
    c.header('content-type', 'application/x-ndjson')
    return stream(c, async (output) => {
      let waiting: Promise<BatchResult>[] = []
      const answer = async () => {
        const results = await Promise.all(waiting)
        waiting = []
        await output.write(results.map((result) => `${JSON.stringify(result)}\n`).join(''))
      }
      for await (const line of readLines(c, { lineBytesMax })) {
        waiting.push(takeLine(line, actor))
        if (waiting.length >= batchLinesInFlight) await answer()
      }
      await answer()
    })
  })
}

const parseLine = (
  line: Line,
): { readonly input: ProductInput } | { readonly problem: LineProblem } => {
  if (line.overlong) {
    const detail = `The line is longer than ${lineBytesMax} bytes`
    return { problem: { code: 'body_too_large', detail } }
  }
  const json = parseJson(line.bytes)
  if (!json.ok) return { problem: { code: json.refusal.code, detail: json.refusal.detail } }
  const parsed = ProductBody.safeParse(json.value.json)
  if (parsed.success) return { input: parsed.data }
  const detail = parsed.error.issues
    .map(({ path, message }) => `${path.join('/') || 'The product'}: ${message}`)
    .join('; ')
  return { problem: { code: 'invalid_request', detail } }
}
