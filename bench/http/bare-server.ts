/**
 * The reference of the HTTP benchmarks: Hono on its Node server and nothing else. It answers
 * `GET /api/v1/products/:id` with the texts of a JSON file, and echoes JSON at `POST /echo`.
 */

import { readFileSync } from 'node:fs'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const [, , productsFile] = process.argv

const products = new Map<string, string>(
  productsFile === undefined
    ? []
    : Object.entries(JSON.parse(readFileSync(productsFile, 'utf8')) as Record<string, string>),
)

const app = new Hono()

app.get('/api/v1/products/:id', (c) => {
  const json = products.get(c.req.param('id'))
  return json === undefined
    ? c.notFound()
    : c.body(json, 200, { 'content-type': 'application/json' })
})

app.post('/echo', async (c) => c.json(await c.req.json<object>()))

app.get('/ready', (c) => c.json({ status: 'ok' }))

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
})

process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  if ('closeAllConnections' in server) server.closeAllConnections()
})
