/** The codes that an admin of webhooks may be answered with. */

import type { ErrorDocument } from '../errors.ts'

export const webhookErrorCodes = {
  webhook_not_found: {
    status: 404,
    title: 'There is no such webhook here',
    normal: 'Shortly after it was made at a node that is cut off from this one, or was removed.',
    next: 'List the webhooks.',
  },
  webhook_target_refused: {
    status: 422,
    title: 'Webhooks may not go there',
    normal: 'When somebody tries a target on their own machine: that takes ATOLL_WEBHOOK_LOOPBACK.',
    next: 'Give an https address that is on the internet; the detail says what is wrong.',
  },
  webhook_limit: {
    status: 409,
    title: 'There are as many webhooks as there may be',
    normal: 'Never, unless programs make them.',
    next: 'Remove one that nobody listens to.',
  },
} as const satisfies Record<string, ErrorDocument>
