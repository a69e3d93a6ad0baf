/** The words of membership in the API. */

import { z } from '@hono/zod-openapi'
import { line, Receipt } from '../http/schemas.ts'

const Name = z.string().regex(/^[a-z0-9-]{1,32}$/, 'Is no node name')

export const NodeParams = z.object({
  name: Name.openapi({ param: { name: 'name', in: 'path' }, example: 'us' }),
})

export const StandingBody = z
  .strictObject({ reason: line(500).openapi({ example: 'The machine burned.' }) })
  .openapi('StandingReason')

const Standing = z.enum(['active', 'gone']).openapi({
  description:
    '`gone`: an admin said that the node will not return. It is waited for no longer, and may not ' +
    'spend stock that was given to it until it is readmitted.',
})

export const StandingOut = z
  .object({ name: z.string(), standing: Standing, receipt: Receipt })
  .openapi('NodeStanding')

export const NodesOut = z
  .object({
    items: z.array(
      z.object({
        name: z.string(),
        isThisOne: z.boolean(),
        standing: Standing,
        reason: z.string().nullable(),
        isConnected: z.boolean(),
        lastHeardAt: z.iso.datetime().nullable().openapi({
          description: 'When this node was last connected to it; null if it never was.',
        }),
        replicaCount: z.int().openapi({ description: 'It was another replica at every start.' }),
        replicas: z
          .array(z.object({ replica: z.string(), openedAt: z.iso.datetime() }))
          .openapi({ description: 'The latest of them, the latest first.' }),
      }),
    ),
  })
  .openapi('Nodes')
