/** The shop's work list: what two regions left to be settled by a person. */

import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { parseDot } from '../../crdt/dot.ts'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { answerJson, answerWithReceipt } from '../http/answer.ts'
import { actorOf } from '../http/actor.ts'
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
import type { Copies } from '../replication/copies.ts'
import * as api from './api.ts'
import { tasksListedMax } from './limits.ts'
import * as orderLog from './order-log.ts'
import { finishTask } from './order-rules.ts'
import { tasksOf, type Task } from './order-tasks.ts'
import type { OrderQueries } from './queries.ts'
import { viewOrder, viewTask } from './view.ts'

export interface TaskRoutesDeps {
  readonly core: Pick<Core, 'read'>
  readonly pipeline: Pipeline
  readonly queries: OrderQueries
  readonly guard: Guard
  readonly copies: Pick<Copies, 'copies'>
}

export const createTaskRoutes = (deps: TaskRoutesDeps): OpenAPIHono<NodeEnv> => {
  const { core, pipeline, queries, guard, copies } = deps
  const router = createRouter()

  // It settles itself as soon as another node has the order.
  const isStill = ({ change }: Task): boolean => {
    const dot = change === null ? undefined : parseDot(change)
    return dot === undefined || copies.copies(dot) === 0
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/order-tasks',
      tags: ['orders'],
      summary: 'What is to be done about orders, earliest first',
      middleware: guard.require('orders:read'),
      responses: {
        200: { description: 'The tasks', content: json(api.TaskPage) },
        ...problemResponses('unauthorized', 'forbidden'),
      },
    }),
    () => {
      const items = queries.withTasks(tasksListedMax).flatMap((id) => {
        const order = orderLog.orderOf(core, id)
        if (!order) return []
        return tasksOf(order)
          .filter(isStill)
          .map((task) => viewTask(id, order, task))
      })
      return answerJson(JSON.stringify({ items }))
    },
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/admin/order-tasks/{id}/done',
      tags: ['orders'],
      summary: 'Say that something is done',
      middleware: guard.require('orders:write'),
      request: {
        params: api.OrderParams,
        headers: IdempotencyKeyHeader,
        body: {
          required: true,
          content: json(api.TaskBody.extend({ task: z.string().min(1).max(100) })),
        },
      },
      responses: {
        200: { description: 'The order', content: json(api.ChangedOrder) },
        ...problemResponses('order_not_found', 'order_task_not_found', ...mutationProblems),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { task, note } = c.req.valid('json')
      const input = { id, by: actorOf(c), task, note }
      const done = await submit(c, pipeline, { decide: finishTask, input })
      if (!done.ok) return problem(c, done.refusal)
      const order = orderLog.orderOf(core, id)
      const shown = order ? viewOrder(core, id, order) : {}
      return answerWithReceipt({ json: JSON.stringify(shown), receipt: done.value.receipt })
    },
  )

  return router
}
