/** Reports over HTTP, for who may read orders. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { problem } from '../http/problem.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import { jsonContent as json, problemResponses } from '../http/schemas.ts'
import type { Guard } from '../identity/guard.ts'
import type { Queries } from '../merged/sql.ts'
import * as api from './api.ts'
import { periodOf } from './period.ts'
import { reports, type Report } from './report.ts'

export interface ReportDeps {
  /** The merged store; undefined where there is none. */
  readonly reportStore: () => { readonly sql: Pick<Queries, 'query'> } | undefined
  readonly guard: Guard
  readonly clock: { now(): number }
}

export const createReportRoutes = ({
  reportStore,
  guard,
  clock,
}: ReportDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/reports/{name}',
      tags: ['reports'],
      summary: 'A report of what all regions sold',
      description:
        'Made of the merged store, which is behind the nodes by a moment, or by an outage of its own.',
      middleware: guard.require('orders:read'),
      request: { params: api.ReportParams, query: api.ReportQuery },
      responses: {
        200: { description: 'The report', content: json(api.ReportOut) },
        ...problemResponses(
          'unauthorized',
          'forbidden',
          'report_period_invalid',
          'merged_store_absent',
          'merged_store_unreachable',
        ),
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const { limit, ...asked } = c.req.valid('query')
      const report: Report = reports[name]
      const given = periodOf(asked, clock.now())
      const period = given.ok ? report.takes(given.value) : given
      if (!period.ok) return problem(c, period.refusal)
      const store = reportStore()
      if (store === undefined) {
        const detail = 'Reports are made of the merged store, and none is configured here'
        return problem(c, { code: 'merged_store_absent', detail })
      }
      const { text, values } = report.statement({ period: period.value, limit })
      const rows = await store.sql.query<Readonly<Record<string, string | number | null>>>(
        text,
        values,
      )
      return c.json({ name, ...period.value, rows: [...rows] }, 200)
    },
  )
  return router
}
