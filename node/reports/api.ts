/** The words of reports in the API. */

import { z } from '@hono/zod-openapi'
import { rowsMax } from './limits.ts'
import { reportNames, reports } from './report.ts'

const Day = z.iso.date().openapi({ example: '2026-11-01' })

export const ReportParams = z.object({
  name: z.enum(reportNames).openapi({
    param: { name: 'name', in: 'path' },
    description: reportNames.map((name) => `\`${name}\`: ${reports[name].about}`).join('\n\n'),
  }),
})

export const ReportQuery = z.strictObject({
  from: Day.optional().openapi({ description: 'The first day (UTC); 30 days before `to`.' }),
  to: Day.optional().openapi({ description: 'The first day that is no part of it; tomorrow.' }),
  limit: z.coerce.number().int().min(1).max(rowsMax).default(100),
})

export const ReportOut = z
  .object({
    name: z.enum(reportNames),
    from: Day,
    to: Day,
    rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))).openapi({
      description: 'Amounts end in `Minor`: minor units of the `currency` beside them.',
    }),
  })
  .openapi('Report')
