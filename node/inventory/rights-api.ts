/** The words of rights, estates and debts in the API. */

import { z } from '@hono/zod-openapi'
import { reasonMax } from '../catalog/limits.ts'
import { line, Receipt } from '../http/schemas.ts'
import { doubtReasons } from './doubt.ts'

export const NodeParams = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'Is no name of a node')
    .openapi({ param: { name: 'name', in: 'path' }, example: 'us' }),
})

export const VouchBody = z.strictObject({ reason: line(reasonMax) }).openapi('Vouch')

export const RightsOut = z
  .object({
    node: z.string(),
    replica: z.string(),
    former: z.array(z.string()).openapi({ description: 'Whose rights are this node’s, too.' }),
    doubt: z
      .object({ reason: z.enum(doubtReasons), detail: z.string(), since: z.string() })
      .nullable()
      .openapi({ description: 'Why rights of former replicas are withheld; null: they are not.' }),
    estates: z.array(
      z.object({
        node: z.string(),
        heir: z.string(),
        openedAt: z.string(),
        state: z.enum(['waiting', 'taken']),
        witnesses: z.array(z.string()),
        waitsFor: z.array(z.string()),
      }),
    ),
    debts: z
      .array(z.object({ stock: z.string(), node: z.string(), units: z.int() }))
      .openapi({ description: 'Stocks of which a node sold more than it had rights to.' }),
  })
  .openapi('Rights')

export const ChangedEstate = z
  .object({ node: z.string().optional(), heir: z.string().optional(), receipt: Receipt })
  .openapi('ChangedEstate')
