/** Carts over HTTP. Whoever has a cart's token may use it: no account is needed to shop. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { assert } from '../../crdt/assert.ts'
import type { Core } from '../core/core.ts'
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
import type { CouponBroker } from '../promotions/coupon-broker.ts'
import { closed } from './access.ts'
import * as api from './api.ts'
import { cart } from './cart.ts'
import { accountCartId, cartIdOf, type CartId, type CartTokens } from './cart-id.ts'
import { addAbandonedRoute } from './abandoned-routes.ts'
import { applyIntents, createCart, requestOfIntent } from './cart-rules.ts'
import { mergeCart, unmergeCart } from './merge-rules.ts'
import type { CartQueries } from './queries.ts'
import { anonymousKeyLengthMin } from './limits.ts'
import { addQuoteRoute } from './quote-routes.ts'
import { viewCart } from './view.ts'

export interface CartRoutesDeps {
  readonly core: Core
  readonly pipeline: Pipeline
  readonly guard: Guard
  readonly tokens: CartTokens
  readonly random: (bytes: number) => Uint8Array
  readonly clock: { now(): number }
  readonly queries: CartQueries
  readonly coupons: Pick<CouponBroker, 'fetch'>
}

export const createCartRoutes = (deps: CartRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createShopperRoutes(deps)
  addMergeRoutes(router, deps)
  addQuoteRoute(router, deps)
  addAbandonedRoute(router, deps)
  return router
}

export interface ShopperRoutesDeps extends Pick<CartRoutesDeps, 'tokens' | 'random'> {
  readonly core: Pick<Core, 'read' | 'exists' | 'isAnswered' | 'findReceipt'>
  readonly pipeline: Pick<Pipeline, 'submit' | 'named'>
}

/** What a shopper does with a cart most of the time. */
export const createShopperRoutes = (deps: ShopperRoutesDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  const { core, pipeline, tokens, random } = deps
  const begin = pipeline.named('cart.create', createCart)
  const apply = pipeline.named('cart.apply', applyIntents)
  const viewJson = (id: CartId) => JSON.stringify(viewCart(core, id, core.read(cart, id)))

  router.openapi(
    createRoute({
      method: 'post',
      path: '/carts',
      tags: ['cart'],
      summary: 'Begin a cart',
      request: { headers: IdempotencyKeyHeader },
      responses: {
        201: { description: 'The cart and the token that opens it', content: json(api.NewCart) },
        ...problemResponses('idempotency_key_invalid', 'idempotency_key_reused'),
      },
    }),
    async (c) => {
      const input = { id: cartIdOf(random(13)) }
      const key = c.req.header('idempotency-key')
      // Nobody is signed in here: whoever repeats a key is given the cart that it made.
      if (key !== undefined && key.length < anonymousKeyLengthMin) {
        const detail = `A key that opens a cart needs ${anonymousKeyLengthMin} characters or more`
        return problem(c, { code: 'idempotency_key_invalid', detail })
      }
      const done =
        key === undefined
          ? await pipeline.submit({ decide: begin, input, actor: `cart/${input.id}` })
          : await submit(c, pipeline, { decide: begin, input, actor: 'cart/new', asked: {} })
      if (!done.ok) return problem(c, done.refusal)
      const { id } = done.value.answer
      const made = { id, token: tokens.tokenOf(id), receipt: done.value.receipt }
      return c.json(made, 201)
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/carts/{id}',
      tags: ['cart'],
      summary: 'Read a cart',
      request: { params: api.CartParams, headers: api.TokenHeader },
      responses: {
        200: { description: "The cart with today's prices", content: json(api.CartOut) },
        ...problemResponses('cart_token_required', 'cart_not_found'),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      const refusal = closed(c, tokens, id)
      if (refusal) return problem(c, refusal)
      return core.exists(cart, id)
        ? answerJson(viewJson(id))
        : problem(c, { code: 'cart_not_found', detail: 'This node has not heard of the cart yet' })
    },
  )

  router.openapi(
    createRoute({
      method: 'post',
      path: '/carts/{id}/intents',
      tags: ['cart'],
      summary: 'Change a cart',
      description: 'All intents are done, or none. One that was done before is passed over.',
      request: {
        params: api.CartParams,
        headers: api.TokenHeader.extend(IdempotencyKeyHeader.shape),
        body: { required: true, content: json(api.IntentsBody) },
      },
      responses: {
        200: { description: 'The cart as it is then', content: json(api.ChangedCart) },
        ...problemResponses(
          'invalid_request',
          'cart_token_required',
          'idempotency_key_reused',
          'unknown_variant',
          'quantity_out_of_range',
          'cart_line_limit',
          'currency_mismatch',
        ),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const refusal = closed(c, tokens, id)
      if (refusal) return problem(c, refusal)
      const { intents } = c.req.valid('json')
      const requests = intents.map((intent) => requestOfIntent(id, intent))
      const repeated = requests.every((request) => core.isAnswered(request))
      if (repeated) {
        const receipt = core.findReceipt(requests[0] ?? '')
        assert(receipt !== undefined, 'an answered intent has a receipt')
        return answerWithReceipt({ json: viewJson(id), receipt })
      }
      const input = { id, intents }
      const done = await submit(c, pipeline, { decide: apply, input, actor: `cart/${id}` })
      return done.ok
        ? answerWithReceipt({ json: viewJson(id), receipt: done.value.receipt })
        : problem(c, done.refusal)
    },
  )
  return router
}

const addMergeRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { core, pipeline, tokens, guard }: CartRoutesDeps,
): void => {
  const responses = {
    200: { description: "The account's cart", content: json(api.MergedCart) },
    ...problemResponses('cart_token_required', ...mutationProblems),
  }
  const request = {
    params: api.CartParams,
    headers: api.TokenHeader.extend(IdempotencyKeyHeader.shape),
  }

  router.openapi(
    createRoute({
      method: 'post',
      path: '/carts/{id}/merge',
      tags: ['cart'],
      summary: "Move a guest's lines into the account's own cart",
      description: 'Doing it again moves what was added since; DELETE moves it all back.',
      middleware: guard.signedIn,
      request,
      responses,
    }),
    async (c) => {
      const { id: guest } = c.req.valid('param')
      const refusal = closed(c, tokens, guest, 'header only')
      if (refusal) return problem(c, refusal)
      const account = c.get('principal')?.accountId ?? ''
      const own = accountCartId(account)
      const done = await submit(c, pipeline, {
        decide: mergeCart,
        input: { guest, own, account },
      })
      if (!done.ok) return problem(c, done.refusal)
      const shown = { ...viewCart(core, own, core.read(cart, own)), token: tokens.tokenOf(own) }
      return answerWithReceipt({ json: JSON.stringify(shown), receipt: done.value.receipt })
    },
  )

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/carts/{id}/merge',
      tags: ['cart'],
      summary: "Move a guest's lines back into its cart",
      middleware: guard.signedIn,
      request,
      responses,
    }),
    async (c) => {
      const { id: guest } = c.req.valid('param')
      const refusal = closed(c, tokens, guest, 'header only')
      if (refusal) return problem(c, refusal)
      const own = accountCartId(c.get('principal')?.accountId ?? '')
      const done = await submit(c, pipeline, { decide: unmergeCart, input: { guest, own } })
      if (!done.ok) return problem(c, done.refusal)
      const shown = { ...viewCart(core, own, core.read(cart, own)), token: tokens.tokenOf(own) }
      return answerWithReceipt({ json: JSON.stringify(shown), receipt: done.value.receipt })
    },
  )
}
