/** What a node may sell on whose account, over HTTP, for admins: its lineage, estates, and debts. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Value } from '../../crdt/value.ts'
import type { Decide } from '../core/capability.ts'
import { answerJson, answerWithReceipt } from '../http/answer.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import { ok } from '../result.ts'
import { closeEstate, openEstate } from './estate.ts'
import * as api from './rights-api.ts'
import type { InventoryRoutesDeps } from './routes.ts'

export const addRightsRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { core, pipeline, inventory, guard, node, lineage, heardMs }: InventoryRoutesDeps,
): void => {
  const mayWrite = guard.require('membership:write')

  const change = async <Input, Answer extends Value>(
    c: Context<NodeEnv>,
    decide: Decide<Input, Answer>,
    input: Input,
  ): Promise<Response> => {
    const done = await submit(c, pipeline, { decide, input })
    if (!done.ok) return problem(c, done.refusal)
    const { answer, receipt } = done.value
    return answerWithReceipt({ json: JSON.stringify(answer ?? {}), receipt })
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/rights',
      tags: ['inventory'],
      summary: 'On whose account this node sells, and who owes what',
      middleware: guard.require('replication:read'),
      responses: {
        200: { description: 'Lineage, estates and debts', content: json(api.RightsOut) },
        ...problemResponses('unauthorized', 'forbidden'),
      },
    }),
    () => {
      const [replica, ...former] = core.lineage()
      const doubt = lineage.doubt()
      return answerJson(
        JSON.stringify({
          node,
          replica,
          former,
          doubt: doubt ? { ...doubt, since: new Date(doubt.since).toISOString() } : null,
          estates: inventory.estates.list(),
          debts: inventory.debts(),
        }),
      )
    },
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/admin/rights/vouch',
      tags: ['inventory'],
      summary: 'Vouch that nothing else runs under this node’s name',
      description:
        'The rights of its former replicas are its own at once, though not all other nodes were heard. ' +
        'What had been sold on their account and is not known here may then be sold twice.',
      middleware: mayWrite,
      request: {
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.VouchBody) },
      },
      responses: {
        200: { description: 'It was noted, with who said so', content: json(api.ChangedEstate) },
        ...problemResponses('nothing_in_doubt', ...mutationProblems),
      },
    }),
    async (c) => {
      const doubt = lineage.doubt()
      if (!doubt) {
        const detail = 'The rights of former replicas are this node’s own already'
        return problem(c, { code: 'nothing_in_doubt', detail })
      }
      const said = { ...c.req.valid('json'), doubt: doubt.reason }
      const answer = await change(c, noteVouched, said)
      if (answer.ok) lineage.vouch()
      return answer
    },
  )

  const estate = {
    tags: ['inventory'],
    middleware: mayWrite,
    request: { params: api.NodeParams, headers: IdempotencyKeyHeader },
    responses: {
      200: { description: 'It was done', content: json(api.ChangedEstate) },
      ...problemResponses('estate_not_open', ...mutationProblems),
    },
  }

  router.openapi(
    createRoute({
      ...estate,
      method: 'post',
      path: '/admin/nodes/{name}/claim',
      summary: 'Take over what a node that is gone had left to sell',
      description:
        'It is taken when every other node of the cluster has witnessed the claim. Whoever asks for ' +
        'it vouches that the node does not run any more; what it sells all the same is charged to it.',
    }),
    (c) => {
      const { name } = c.req.valid('param')
      return change(c, openEstate, { self: node, node: name, heardMs: heardMs(name) })
    },
  )

  router.openapi(
    createRoute({
      ...estate,
      method: 'post',
      path: '/admin/nodes/{name}/release',
      summary: 'Close the estate of a node whose heir is gone, too',
    }),
    (c) => change(c, closeEstate, { self: node, node: c.req.valid('param').name }),
  )
}

/** Notes in the log who vouched and why: the lineage itself is kept beside it. */
const noteVouched: Decide<{ readonly reason: string; readonly doubt: string }, null> = (
  _world,
  said,
) => ok({ type: 'rights.vouched_for', details: { ...said }, deltas: [], answer: null })
