/** A shell whose clock, randomness and log lines belong to the test. */

import { createRoute, z } from '@hono/zod-openapi'
import { createLog, type LogLevel } from '../../../../node/log.ts'
import { createMetrics } from '../../../../node/metrics.ts'
import { createRouter } from '../../../../node/http/router.ts'
import { line, Money, problemResponses, text } from '../../../../node/http/schemas.ts'
import { createShell } from '../../../../node/http/shell.ts'

export const createTestShell = (
  options: { readonly level?: LogLevel; readonly corsOrigins?: readonly string[] } = {},
) => {
  const lines: Record<string, unknown>[] = []
  const clock = { ms: 0, now: () => clock.ms }
  const metrics = createMetrics({ processMetrics: false })
  const app = createShell({
    log: createLog({
      name: 'eu',
      level: options.level ?? 'silent',
      destination: { write: (text: string) => lines.push(JSON.parse(text)) },
    }),
    metrics,
    clock,
    random: (size) => new Uint8Array(size).fill(7),
    corsOrigins: options.corsOrigins ?? [],
  })
  return { app, clock, lines, metrics }
}

const Product = z.strictObject({
  name: line(200),
  description: text(10_000).optional(),
  price: Money,
  tags: z.array(line(40)).max(10).optional(),
})

/** The route that hostile input is tried on: it answers what it understood. */
export const createProductRoutes = () => {
  const router = createRouter()
  router.openapi(
    createRoute({
      method: 'post',
      path: '/products',
      request: {
        body: { required: true, content: { 'application/json': { schema: Product } } },
      },
      responses: {
        201: {
          description: 'Made.',
          content: { 'application/json': { schema: Product } },
        },
        ...problemResponses('invalid_json', 'invalid_request', 'body_too_large'),
      },
    }),
    (c) => c.json(c.req.valid('json'), 201),
  )
  router.openapi(
    createRoute({
      method: 'get',
      path: '/products/{id}',
      request: { params: z.strictObject({ id: line(40) }) },
      responses: {
        200: {
          description: 'The product.',
          content: { 'application/json': { schema: z.object({ id: z.string() }) } },
        },
        ...problemResponses('product_not_found'),
      },
    }),
    (c) => c.json({ id: c.req.valid('param').id }, 200),
  )
  return router
}

export const product = { name: 'Lamp', price: { amount: 2500, currency: 'USD' } }

export type Body = string | Uint8Array<ArrayBuffer> | ReadableStream

/** A JSON request. */
export const post = (body: Body, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/json', ...headers },
})
