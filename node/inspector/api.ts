/** The inspector's words in the API. */

import { z } from '@hono/zod-openapi'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import { page, PageQuery, Receipt } from '../http/schemas.ts'

const Name = z.string().regex(/^[a-z0-9-]{1,32}$/, 'Is no node name')

export const PeerParams = z.object({
  name: Name.openapi({ param: { name: 'name', in: 'path' }, example: 'us' }),
})

export const LinkBody = z.strictObject({ state: z.enum(['cut', 'open']) }).openapi('Link')

export const LinkOut = z
  .object({ name: z.string(), state: z.enum(['cut', 'open']) })
  .openapi('LinkState')

const Peer = z.object({
  name: z.string(),
  address: z.string().optional(),
  replica: z.string().optional(),
  state: z.enum([
    'connecting',
    'authenticating',
    'syncing',
    'reconciling',
    'live',
    'down',
    'cut',
    'refused',
  ]),
  link: z.enum(['open', 'cut']),
  lagChanges: z.int().openapi({ description: 'Changes of ours that it has not acknowledged.' }),
  lagMs: z.number().openapi({ description: 'The age of the oldest of them.' }),
  problem: z.object({ code: z.string(), detail: z.string() }).optional(),
  divergent: z.boolean().openapi({
    description: 'It has the same changes and other documents: never, unless something broke.',
  }),
  heldChanges: z.int(),
  reconciliation: z.object({ fetched: z.int(), of: z.int() }).optional().openapi({
    description:
      'Documents fetched from it, of those found to differ, while it is reconciled with.',
  }),
  sentChanges: z.int(),
  receivedChanges: z.int(),
  repeatedChanges: z.int().openapi({ description: 'Received though we had them already.' }),
  bytesSent: z.int(),
  bytesReceived: z.int(),
})

export const ReplicationOut = z
  .object({
    node: z.string(),
    replica: z.string(),
    vector: z.record(z.string(), z.int()),
    digest: z.string().openapi({
      description: 'Equal on two nodes if and only if their documents are.',
    }),
    documents: z.int(),
    changes: z.int(),
    quarantined: z.array(z.string()).openapi({
      description: 'Replicas under whose name two histories were found.',
    }),
    strangers: z.object({
      refused: z.int(),
      last: z.object({ code: z.string(), detail: z.string() }).optional(),
    }),
    peers: z.array(Peer),
  })
  .openapi('Replication')

export const DocumentParams = z.object({
  kind: z
    .string()
    .regex(/^[a-z-]{1,32}$/, 'Is no kind of document')
    .openapi({ param: { name: 'kind', in: 'path' }, example: 'product' }),
  id: z
    .string()
    .min(1)
    .max(2_000)
    .openapi({ param: { name: 'id', in: 'path' } }),
})

/** A time (RFC 3339) takes in all that happened in its millisecond. */
export const AtQuery = z.strictObject({
  at: z
    .string()
    .max(64)
    .transform((text, context): hlc.Timestamp => {
      const stamp = hlc.parse(text) ?? endOfMillisecond(text)
      if (stamp) return stamp
      context.addIssue({ code: 'custom', message: 'Must be an RFC 3339 time or an hlc' })
      return z.NEVER
    })
    .optional()
    .openapi({ type: 'string', description: 'As it was then: an RFC 3339 time, or an hlc.' }),
})

const endOfMillisecond = (text: string): hlc.Timestamp | undefined => {
  const parsed = z.iso.datetime({ offset: true }).safeParse(text)
  const wallMs = parsed.success ? Date.parse(parsed.data) : Number.NaN
  return Number.isFinite(wallMs) && wallMs >= 0
    ? {
        wallMs,
        logical: hlc.logicalMax + 1,
        replica: 'ffffffffffffffff' as hlc.Timestamp['replica'],
      }
    : undefined
}

const Origin = z
  .object({
    change: z.string().nullable(),
    type: z.string().nullable(),
    actor: z.string().nullable(),
    hlc: z.string().nullable(),
    at: z.iso.datetime().nullable(),
    replica: z.string(),
    node: z.string().nullable(),
    isFolded: z.boolean().openapi({
      description:
        'The change is so old that only what it made is kept. Then `change`, `type` and `actor` are ' +
        'null, and the time is null where the value does not carry it.',
    }),
  })
  .openapi('Origin')

const FoldedUntil = z.iso
  .datetime()
  .nullable()
  .openapi({
    description:
      'Its changes up to then were folded into it, and its past is known from then on; null if all of ' +
      'them are in the log.',
  })

const WrittenValue = z
  .object({ value: z.unknown(), dot: z.string(), writtenBy: Origin.nullable() })
  .openapi('WrittenValue')

const ExplainedRegister = z.object({
  type: z.string(),
  value: z.unknown(),
  rule: z.string().openapi({
    description:
      'never_written, only_write, all_agree, latest_write, replica_breaks_tie, add_wins, sum_of_replicas, all_kept',
  }),
  winner: WrittenValue.optional(),
  siblings: z.array(WrittenValue).optional(),
  parts: z.array(WrittenValue).optional(),
})

export const ExplainedOut = z
  .object({
    kind: z.string(),
    id: z.string(),
    at: z.string().nullable(),
    changes: z.int().openapi({ description: 'How many changes of the log made it.' }),
    foldedUntil: FoldedUntil,
    conflicts: z.array(z.string()).openapi({ description: 'Fields that a person should look at.' }),
    fields: z.record(
      z.string(),
      ExplainedRegister.extend({
        entries: z.record(z.string(), ExplainedRegister).optional(),
      }),
    ),
  })
  .openapi('ExplainedDocument')

export const HistoryPage = page(
  Origin.extend({ details: z.unknown(), documents: z.array(z.string()) }),
)
  .extend({ foldedUntil: FoldedUntil })
  .openapi('HistoryPage')

export const ConflictQuery = PageQuery.extend({
  kind: z
    .string()
    .regex(/^[a-z-]{1,32}$/, 'Is no kind of document')
    .optional(),
})

export const ConflictPage = page(
  z.object({
    kind: z.string(),
    id: z.string(),
    field: z.string(),
    value: z.unknown(),
    siblings: z.array(WrittenValue),
    sharedWith: z.array(z.string()).optional().openapi({
      description: 'Ids of other documents of this kind that have the same, as two SKUs may be.',
    }),
  }),
).openapi('ConflictPage')

export const ResolveBody = z
  .strictObject({
    field: z.string().min(1).max(2_000).openapi({ example: 'price' }),
    keep: z.string().max(40).optional().openapi({ description: "A sibling's dot." }),
    // Any JSON: what the field may hold is for its capability to say.
    value: z.unknown().optional().openapi({ description: 'A value of your own.' }),
  })
  .refine(
    ({ keep, value }) => (keep === undefined) !== (value === undefined),
    'Must have either "keep" or "value"',
  )
  .openapi('Resolve')

export const Resolved = z
  .object({ kind: z.string(), id: z.string(), field: z.string(), receipt: Receipt })
  .openapi('Resolved')
