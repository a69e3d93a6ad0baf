/**
 * `POST /products:batch`: a stream of products in, a stream of results out, a line for a line. Lines
 * are put in by SKU, so that sending a file twice changes nothing the second time.
 */

import type { OpenAPIHono } from '@hono/zod-openapi'
import { stream } from 'hono/streaming'
import { Fault } from '../fault.ts'
import { lineStreamRefusal, parseJson, readLines } from '../http/body.ts'
import { lineBytesMax } from '../http/limits.ts'
import { actorOf } from '../http/actor.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import { problemResponses } from '../http/schemas.ts'
import type { Line } from '../http/lines.ts'
import { BatchLine, ProductBody } from './api.ts'
import { productIdOf } from './ids.ts'
import { batchLinesInFlight } from './limits.ts'
import { isLive, product } from './product.ts'
import { isAsGiven, type ProductInput } from './product-input.ts'
import { putProduct } from './product-rules.ts'
import type { ProductRoutesDeps } from './routes.ts'

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

export const addBatchRoute = (router: OpenAPIHono<NodeEnv>, deps: ProductRoutesDeps): void => {
  const put = putProduct(deps.skuOwners)

  const takeLine = async (line: Line, actor: string): Promise<BatchResult> => {
    const parsed = parseLine(line)
    if ('problem' in parsed) return { line: line.number, status: 'rejected', ...parsed }
    const { input } = parsed
    const id = productIdOf(input.sku)
    const before = deps.core.read(product, id)
    if (isLive(before) && isAsGiven(before, input))
      return { line: line.number, status: 'unchanged', id }
    try {
      const done = await deps.pipeline.submit({ decide: put, input, actor })
      if (done.ok) {
        const status = done.value.answer.isNew ? 'created' : 'updated'
        return { line: line.number, status, id }
      }
      const { code, detail } = done.refusal
      return { line: line.number, status: 'rejected', id, problem: { code, detail } }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const problem = { code: error.code, detail: error.message }
      return { line: line.number, status: 'rejected', id, problem }
    }
  }

  // Not by `openapi`, which reads a body as a whole before the handler is reached.
  router.openAPIRegistry.registerPath({
    method: 'post',
    path: '/products:batch',
    tags: ['catalog'],
    summary: 'Put in many products',
    description:
      'A stream of products in, one JSON object a line; a stream of results out, a line for a ' +
      'line. Products are put in by SKU: what is there already is overwritten where it differs, ' +
      'and units come in with a variant once only.',
    request: {
      body: { required: true, content: { 'application/x-ndjson': { schema: ProductBody } } },
    },
    responses: {
      200: {
        description: 'A result for each line that is not blank, in order',
        content: { 'application/x-ndjson': { schema: BatchLine } },
      },
      ...problemResponses('unsupported_media_type', 'unauthorized', 'forbidden'),
    },
  })
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
