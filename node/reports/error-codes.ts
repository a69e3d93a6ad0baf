/** The codes that a report may be refused with. */

import type { ErrorDocument } from '../errors.ts'

export const reportErrorCodes = {
  merged_store_absent: {
    status: 503,
    title: 'This node has no merged store',
    normal: 'On a node without ATOLL_POSTGRES_URL: reports are made of what all regions know.',
    next: 'Ask a node that has one, or configure it.',
  },
  report_period_invalid: {
    status: 400,
    title: 'No report is made of such a period',
    normal: 'Never.',
    next: 'Ask for a period that begins before it ends and is as short as the detail says.',
  },
} as const satisfies Record<string, ErrorDocument>
