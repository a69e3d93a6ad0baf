/** The codes that what needs the merged store may be answered with. */

import type { ErrorDocument } from '../errors.ts'

export const mergedErrorCodes = {
  merged_store_unreachable: {
    status: 503,
    title: 'The merged store is out of reach',
    normal:
      'While PostgreSQL is restarted or moved. The shop goes on, and what is missing is sent later.',
    next: 'Try again; if it lasts, look whether the server runs and ATOLL_POSTGRES_URL is right.',
  },
  merged_store_failed: {
    status: 503,
    title: 'The merged store refused a statement',
    normal: 'Never. The shop goes on, and what is missing is sent when the store takes it again.',
    next: 'Tell the operator; the detail has what PostgreSQL said.',
  },
  merged_store_newer: {
    status: 503,
    title: 'The merged store was made by a later release',
    normal: 'In an upgrade, at nodes that still run the earlier release.',
    next: 'Upgrade this node; until then it keeps in its own log what it cannot archive.',
  },
  merged_store_changed: {
    status: 503,
    title: 'A table of the merged store was changed by hand',
    normal: 'Never.',
    next: 'Undo the change to the table that the detail names, or restore the database; nodes send again what is missing.',
  },
} as const satisfies Record<string, ErrorDocument>
