/**
 * `POST /locations:batch`: a stream of locations in, a stream of results out, a line for a line. They are
 * put in by id, so that sending a file twice changes nothing the second time.
 */

import type { OpenAPIHono } from '@hono/zod-openapi'
import { stream } from 'hono/streaming'
import { Fault } from '../fault.ts'
import { actorOf } from '../http/actor.ts'
import { lineStreamRefusal, parseJson, readLines } from '../http/body.ts'
import { lineBytesMax } from '../http/limits.ts'
import type { Line } from '../http/lines.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import { problemResponses } from '../http/schemas.ts'
import { LocationLine, LocationResult } from './location-api.ts'
import { batchLinesInFlight } from './limits.ts'
import { isAsGiven, putLocation, type LocationInput } from './location.ts'
import type { InventoryRoutesDeps } from './routes.ts'

interface LineProblem {
  readonly code: string
  readonly detail: string
}

interface Result {
  readonly line: number
  readonly status: 'created' | 'updated' | 'unchanged' | 'rejected'
  readonly id?: string
  readonly problem?: LineProblem
}

export const addLocationBatch = (
  router: OpenAPIHono<NodeEnv>,
  { core, pipeline, guard }: InventoryRoutesDeps,
): void => {
  const takeLine = async (line: Line, actor: string): Promise<Result> => {
    const parsed = parseLine(line)
    if ('problem' in parsed) return { line: line.number, status: 'rejected', ...parsed }
    const { input } = parsed
    const { id } = input
    if (isAsGiven(core, input)) return { line: line.number, status: 'unchanged', id }
    try {
      const done = await pipeline.submit({ decide: putLocation, input, actor })
      if (done.ok) {
        return { line: line.number, status: done.value.answer.isNew ? 'created' : 'updated', id }
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
    path: '/locations:batch',
    tags: ['inventory'],
    summary: 'Put in many locations',
    description: 'A stream of locations in, one JSON object a line; a stream of results out.',
    request: {
      body: { required: true, content: { 'application/x-ndjson': { schema: LocationLine } } },
    },
    responses: {
      200: {
        description: 'A result for each line that is not blank, in order',
        content: { 'application/x-ndjson': { schema: LocationResult } },
      },
      ...problemResponses('unsupported_media_type', 'unauthorized', 'forbidden'),
    },
  })
  router.post('/locations:batch', guard.require('inventory:write'), (c) => {
    const refusal = lineStreamRefusal(c)
    if (refusal) return problem(c, refusal)
    const actor = actorOf(c)
    c.header('content-type', 'application/x-ndjson')
    return stream(c, async (output) => {
      let waiting: Promise<Result>[] = []
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
): { readonly input: LocationInput } | { readonly problem: LineProblem } => {
  if (line.overlong) {
    const detail = `The line is longer than ${lineBytesMax} bytes`
    return { problem: { code: 'body_too_large', detail } }
  }
  const json = parseJson(line.bytes)
  if (!json.ok) return { problem: { code: json.refusal.code, detail: json.refusal.detail } }
  const parsed = LocationLine.safeParse(json.value.json)
  if (parsed.success) return { input: parsed.data }
  const detail = parsed.error.issues
    .map(({ path, message }) => `${path.join('/') || 'The location'}: ${message}`)
    .join('; ')
  return { problem: { code: 'invalid_request', detail } }
}
