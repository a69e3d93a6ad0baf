/** Coupons over HTTP: for the shop's own people, because whoever knows a code may use it. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Decide } from '../core/capability.ts'
import { answerJson, answerPage, answerWithReceipt } from '../http/answer.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import * as api from './api.ts'
import {
  coupon,
  couponNotFound,
  editCoupon,
  isIssued,
  issueCoupon,
  viewCoupon,
  type CouponAnswer,
  type CouponView,
} from './coupon.ts'
import type { PromotionRoutesDeps } from './routes.ts'

export const addCouponRoutes = (router: OpenAPIHono<NodeEnv>, deps: PromotionRoutesDeps): void => {
  addReadingRoutes(router, deps)
  const { core, pipeline, guard, others } = deps
  const mayWrite = guard.require('pricing:write')

  const change = async <Input>(
    c: Context<NodeEnv>,
    decide: Decide<Input, CouponAnswer>,
    { input, asked, status = 200 }: Changing<Input>,
  ): Promise<Response> => {
    const done = await submit(c, pipeline, { decide, input, asked })
    if (!done.ok) return problem(c, done.refusal)
    const { answer, receipt } = done.value
    const shown = api.showCoupon(viewCoupon(answer.code, core.read(coupon, answer.code)))
    return answerWithReceipt({ json: JSON.stringify(shown), receipt, status })
  }

  router.openapi(
    createRoute({
      method: 'post',
      path: '/coupons',
      tags: ['promotions'],
      summary: 'Issue a coupon',
      description: 'What it is for, and how often each customer may use it, is said once.',
      middleware: mayWrite,
      request: {
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.CouponBody) },
      },
      responses: {
        201: { description: 'It was issued', content: json(api.ChangedCoupon) },
        ...problemResponses('coupon_exists', 'promotion_not_found', ...mutationProblems),
      },
    }),
    (c) => {
      const { endsAt: endsMs, ...asked } = c.req.valid('json')
      const input = { ...asked, endsMs, nodes: others() }
      // Who can be reached is no part of what was asked.
      return change(c, issueCoupon, { input, asked: { ...asked, endsMs }, status: 201 })
    },
  )

  router.openapi(
    createRoute({
      method: 'patch',
      path: '/coupons/{code}',
      tags: ['promotions'],
      summary: 'Issue more uses, end a coupon, or withdraw it',
      middleware: mayWrite,
      request: {
        params: api.CouponParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.CouponPatch) },
      },
      responses: {
        200: { description: 'It was changed', content: json(api.ChangedCoupon) },
        ...problemResponses('coupon_not_found', ...mutationProblems),
      },
    }),
    (c) => {
      const { endsAt: endsMs, withdrawn: isWithdrawn, more } = c.req.valid('json')
      const asked = { code: c.req.valid('param').code, more, endsMs, isWithdrawn }
      return change(c, editCoupon, { input: { ...asked, nodes: others() }, asked })
    },
  )
}

interface Changing<Input> {
  readonly input: Input
  readonly asked: unknown
  readonly status?: 200 | 201
}

const addReadingRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { core, queries, guard }: PromotionRoutesDeps,
): void => {
  const mayRead = guard.require('pricing:read')

  router.openapi(
    createRoute({
      method: 'get',
      path: '/coupons',
      tags: ['promotions'],
      summary: 'List coupons',
      middleware: mayRead,
      request: { query: api.CouponQuery },
      responses: {
        200: { description: 'By code', content: json(api.CouponPage) },
        ...problemResponses('invalid_request', 'invalid_cursor', 'unauthorized', 'forbidden'),
      },
    }),
    (c) => {
      const { promotion, limit, cursor } = c.req.valid('query')
      const after = cursor === undefined ? undefined : decodeCursor(cursor, z.string())
      if (after && !after.ok) return problem(c, after.refusal)
      const found = queries.coupons(promotion, after?.value ?? '', limit + 1)
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return answerPage({
        items: items.map((one) => shown(JSON.parse(one.json) as CouponView)),
        ...(found.length > limit && last ? { next: encodeCursor(last.code) } : {}),
      })
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/coupons/{code}',
      tags: ['promotions'],
      summary: 'Read a coupon',
      middleware: mayRead,
      request: { params: api.CouponParams },
      responses: {
        200: { description: 'The coupon', content: json(api.CouponOut) },
        ...problemResponses('coupon_not_found', 'unauthorized', 'forbidden'),
      },
    }),
    (c) => {
      const { code } = c.req.valid('param')
      const document = core.read(coupon, code)
      return isIssued(document)
        ? answerJson(shown(viewCoupon(code, document)))
        : problem(c, couponNotFound(code))
    },
  )
}

const shown = (view: CouponView): string => JSON.stringify(api.showCoupon(view))
