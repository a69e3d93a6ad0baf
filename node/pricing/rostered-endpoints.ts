/** The endpoints that every rostered document shares: list, read, make, edit, delete. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Decide } from '../core/capability.ts'
import type { Core } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { ErrorCode } from '../errors.ts'
import { answerJson, answerPage, answerWithReceipt } from '../http/answer.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
  Receipt,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import type { Guard } from '../identity/guard.ts'
import { slug } from '../catalog/ids.ts'
import { IdParams } from './api.ts'
import { idsOf, type Rostered } from './roster.ts'
import type { Patch, RosteredRules } from './rostered.ts'

export interface RosteredRoutesDeps {
  readonly core: Core
  readonly pipeline: Pipeline
  readonly guard: Guard
}

export interface RosteredApi<Input extends { readonly name: string }> {
  /** `/shipping/zones`. */
  readonly path: string
  readonly tag: string
  /** `zone`, and `zones`. */
  readonly noun: string
  readonly nouns: string
  /** What is taken in to make one; its id follows from its name. */
  readonly body: z.ZodType<Input>
  /** What is taken in to edit one: the same fields, each of which may be left out. */
  readonly patch: z.ZodType<Patch<Input>>
  readonly out: z.ZodObject
  readonly rules: RosteredRules<Input>
  readonly roster: Rostered
  readonly codes: { readonly exists: ErrorCode; readonly notFound: ErrorCode }
  /** As it is shown; undefined if it is not there. */
  readonly show: (core: Pick<Core, 'read'>, id: string) => object | undefined
}

export const addRosteredRoutes = <Input extends { readonly name: string }>(
  router: OpenAPIHono<NodeEnv>,
  { core, pipeline, guard }: RosteredRoutesDeps,
  kind: RosteredApi<Input>,
): void => {
  const { path, noun, nouns, codes, rules, out } = kind
  const tags = [kind.tag]
  const mayRead = guard.require('pricing:read')
  const mayWrite = guard.require('pricing:write')
  const onePath = `${path}/{id}` as const
  const changedOut = out.extend({ receipt: Receipt })

  const change = async <I>(
    c: Context<NodeEnv>,
    decide: Decide<I, { readonly id: string }>,
    { input, status = 200 }: { readonly input: I; readonly status?: 200 | 201 },
  ): Promise<Response> => {
    const done = await submit(c, pipeline, { decide, input })
    if (!done.ok) return problem(c, done.refusal)
    const { answer, receipt } = done.value
    const shown = kind.show(core, answer.id) ?? answer
    return answerWithReceipt({ json: JSON.stringify(shown), receipt, status })
  }

  router.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: `List all ${nouns}`,
      middleware: mayRead,
      responses: {
        200: { description: 'By id', content: json(z.object({ items: z.array(out) })) },
        ...problemResponses('unauthorized', 'forbidden'),
      },
    }),
    () => {
      const shown = idsOf(core, kind.roster).flatMap((id) => kind.show(core, id) ?? [])
      return answerPage({ items: shown.map((one) => JSON.stringify(one)) })
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: onePath,
      tags,
      summary: `Read a ${noun}`,
      middleware: mayRead,
      request: { params: IdParams },
      responses: {
        200: { description: `The ${noun}`, content: json(out) },
        ...problemResponses('unauthorized', 'forbidden', codes.notFound),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      const shown = kind.show(core, id)
      return shown
        ? answerJson(JSON.stringify(shown))
        : problem(c, { code: codes.notFound, detail: `There is no ${noun} ${id}` })
    },
  )

  router.openapi(
    createRoute({
      method: 'post',
      path,
      tags,
      summary: `Make a ${noun}`,
      middleware: mayWrite,
      request: {
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(kind.body) },
      },
      responses: {
        201: { description: 'It was made', content: json(changedOut) },
        ...problemResponses(codes.exists, 'limit_reached', 'zone_not_found', ...mutationProblems),
      },
    }),
    (c) => {
      // Inference ends where the schema is a parameter; the schema itself says what it makes.
      const body = c.req.valid('json' as never) as Input
      return change(c, rules.create, { input: { ...body, id: slug(body.name) }, status: 201 })
    },
  )

  router.openapi(
    createRoute({
      method: 'patch',
      path: onePath,
      tags,
      summary: `Edit a ${noun}`,
      description: 'Its id stays, whatever it is called.',
      middleware: mayWrite,
      request: {
        params: IdParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(kind.patch) },
      },
      responses: {
        200: { description: 'It was changed', content: json(changedOut) },
        ...problemResponses(codes.notFound, 'zone_not_found', ...mutationProblems),
      },
    }),
    (c) => {
      const patch = c.req.valid('json' as never) as Patch<Input>
      return change(c, rules.edit, { input: { ...patch, id: c.req.valid('param').id } })
    },
  )

  router.openapi(
    createRoute({
      method: 'delete',
      path: onePath,
      tags,
      summary: `Delete a ${noun}`,
      middleware: mayWrite,
      request: { params: IdParams, headers: IdempotencyKeyHeader },
      responses: {
        200: {
          description: 'It is used no more',
          content: json(z.object({ id: z.string(), receipt: Receipt })),
        },
        ...problemResponses(codes.notFound, ...mutationProblems),
      },
    }),
    (c) => change(c, rules.remove, { input: { id: c.req.valid('param').id } }),
  )
}
