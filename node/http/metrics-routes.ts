/** `GET /metrics`: the node's figures for Prometheus. */

import { Hono } from 'hono'
import type { Metrics } from '../metrics.ts'
import type { NodeEnv } from './router.ts'

export const createMetricsRoutes = (metrics: Metrics): Hono<NodeEnv> =>
  new Hono<NodeEnv>().get('/metrics', async (c) => {
    const { contentType, text } = await metrics.scrape()
    return c.body(text, 200, { 'content-type': contentType })
  })
