/** The merged store over HTTP: how it stands, and the digest of what it holds. */

import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { answerJson } from '../http/answer.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import { jsonContent as json, problemResponses } from '../http/schemas.ts'
import type { Guard } from '../identity/guard.ts'
import { readDigest } from './digest-sql.ts'
import type { MergedStore } from './merged-store.ts'

export interface MergedRoutesDeps {
  readonly guard: Guard
  readonly merged: () => MergedStore | undefined
}

const MergedStoreOut = z
  .object({
    state: z.enum(['none', 'connecting', 'archiving', 'unreachable', 'refused']),
    backlogChanges: z.int().openapi({ description: 'Changes of this node that it lacks.' }),
    sentChanges: z.int(),
    repaired: z.int(),
    problem: z.object({ code: z.string(), detail: z.string() }).optional(),
    digest: z.string().optional().openapi({
      description: "Computed from what it holds; equal to a node's if their documents are.",
    }),
    documents: z.int().optional(),
  })
  .openapi('MergedStore')

export const createMergedRoutes = ({ guard, merged }: MergedRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/merged-store',
      tags: ['inspector'],
      summary: 'The merged store: what it lacks, and the digest of what it has',
      middleware: guard.require('replication:read'),
      responses: {
        200: { description: 'How it stands', content: json(MergedStoreOut) },
        ...problemResponses(
          'unauthorized',
          'forbidden',
          'merged_store_unreachable',
          'merged_store_failed',
        ),
      },
    }),
    async () => {
      const store = merged()
      if (!store) {
        const none = { state: 'none', backlogChanges: 0, sentChanges: 0, repaired: 0 }
        return answerJson(JSON.stringify(none))
      }
      const { state, backlogChanges, sentChanges, repaired, problem } = store.status()
      const held = state === 'archiving' ? await readDigest(store.sql) : {}
      return answerJson(
        JSON.stringify({ state, backlogChanges, sentChanges, repaired, problem, ...held }),
      )
    },
  )
  return router
}
