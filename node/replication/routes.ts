/** Membership over HTTP: which nodes there are, and an admin's word on which of them will not return. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Decide } from '../core/capability.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { answerJson, answerWithReceipt } from '../http/answer.ts'
import { problem } from '../http/problem.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import type { Guard } from '../identity/guard.ts'
import * as api from './api.ts'
import { declareGone, readmit, type MembershipAnswer, type MembershipInput } from './membership.ts'
import type { NodeQueries } from './queries.ts'
import type { Acquaintance } from './retention.ts'

export interface MembershipDeps {
  /** The node's own name. */
  readonly node: string
  readonly pipeline: Pipeline
  readonly queries: NodeQueries
  readonly guard: Guard
  /** What is known of the other nodes, up to now. */
  readonly acquaintances: () => readonly (Acquaintance & { readonly isConnected: boolean })[]
}

export const createMembershipRoutes = (deps: MembershipDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  addNodeList(router, deps)
  addStanding(router, deps, {
    act: 'gone',
    summary: 'Declare a node gone',
    description:
      'For a node that will not return. Changes are folded without waiting for it, and what it was ' +
      'given to sell may be taken back. If it does return, what it has is not lost, and it may not ' +
      'spend stock until it is readmitted.',
    rule: declareGone,
  })
  addStanding(router, deps, {
    act: 'readmit',
    summary: 'Take a node in again that was declared gone',
    description: 'It may do again what any node may, as soon as it has heard of it.',
    rule: readmit,
  })
  return router
}

const addNodeList = (
  router: OpenAPIHono<NodeEnv>,
  { node, queries, guard, acquaintances }: MembershipDeps,
): void => {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/nodes',
      tags: ['inspector'],
      summary: 'The nodes of the cluster, as far as this one knows',
      middleware: guard.require('replication:read'),
      responses: {
        200: { description: 'All nodes, by name', content: json(api.NodesOut) },
        ...problemResponses('unauthorized', 'forbidden'),
      },
    }),
    () => {
      const known = new Map(acquaintances().map((one) => [one.name, one]))
      const items = queries.list().map(({ name, standing, reason, replicaCount }) => ({
        name,
        isThisOne: name === node,
        standing,
        reason: reason === '' ? null : reason,
        isConnected: name === node || (known.get(name)?.isConnected ?? false),
        lastHeardAt: timeOf(known.get(name)?.heardMs),
        replicaCount,
        replicas: queries
          .replicasOf(name)
          .map(({ replica, openedMs }) => ({ replica, openedAt: timeOf(openedMs) })),
      }))
      return answerJson(JSON.stringify({ items }))
    },
  )
}

const timeOf = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString()

interface StandingRoute {
  readonly act: 'gone' | 'readmit'
  readonly summary: string
  readonly description: string
  readonly rule: Decide<MembershipInput, MembershipAnswer>
}

const addStanding = (
  router: OpenAPIHono<NodeEnv>,
  { node, pipeline, queries, guard }: MembershipDeps,
  { act, summary, description, rule }: StandingRoute,
): void => {
  router.openapi(
    createRoute({
      method: 'post',
      path: `/admin/nodes/{name}/${act}`,
      tags: ['inspector'],
      summary,
      description,
      middleware: guard.require('membership:write'),
      request: {
        params: api.NodeParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.StandingBody) },
      },
      responses: {
        200: { description: 'How it stands now', content: json(api.StandingOut) },
        ...problemResponses('node_unknown', 'node_is_this_one', ...mutationProblems),
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const { reason } = c.req.valid('json')
      if (!queries.isKnown(name)) {
        return problem(c, {
          code: 'node_unknown',
          detail: `No node named ${name} has told of itself`,
        })
      }
      const done = await submit(c, pipeline, { decide: rule, input: { self: node, name, reason } })
      if (!done.ok) return problem(c, done.refusal)
      const { answer, receipt } = done.value
      return answerWithReceipt({ json: JSON.stringify(answer), receipt })
    },
  )
}
