/** `POST /orders`: a cart, or lines that are named, become an order. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { z } from 'zod'
import { assert } from '../../crdt/assert.ts'
import { accountCartId } from '../cart/cart-id.ts'
import type { Core } from '../core/core.ts'
import type { Refusal } from '../errors.ts'
import { requestIdOf } from '../http/idempotency.ts'
import { problem } from '../http/problem.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { askerOf, type AccessDeps, type Asker } from '../orders/access.ts'
import * as api from '../orders/api.ts'
import { orderIdOf, randomOrderId } from '../orders/order-id.ts'
import * as orderLog from '../orders/order-log.ts'
import { accountOf } from '../orders/order.ts'
import { viewOrder } from '../orders/view.ts'
import { ok, refused, type Result } from '../result.ts'
import type { Basket } from './basket.ts'
import { beginCheckout, type BeginInput, type RiskRules } from './begin-rules.ts'
import type { Driven } from './driver.ts'
import type { Checkouts } from './runner.ts'

export interface CheckoutRoutesDeps extends AccessDeps {
  readonly node: string
  readonly core: Pick<Core, 'read'>
  readonly checkouts: Pick<Checkouts, 'place'>
  readonly payments: RiskRules & { readonly provider: { readonly name: string } }
  readonly random: (bytes: number) => Uint8Array
}

type OrderBody = z.output<typeof api.OrderBody>

export const createCheckoutRoutes = (deps: CheckoutRoutesDeps): OpenAPIHono<NodeEnv> => {
  const { node, core, checkouts, random } = deps
  const begin = beginCheckout(deps.payments)
  const router = createRouter()

  router.openapi(
    createRoute({
      method: 'post',
      path: '/orders',
      tags: ['orders'],
      summary: 'Place an order',
      description:
        'Sent again with its Idempotency-Key, to whichever node, it is the same order. 202: it stands, ' +
        'and its payment is not settled yet; that is seen to without you.',
      request: {
        headers: IdempotencyKeyHeader.extend(api.CartTokenHeader.shape),
        body: { required: true, content: json(api.OrderBody) },
      },
      responses: {
        201: { description: 'The order', content: json(api.NewOrderOut) },
        202: { description: 'The order, to be paid yet', content: json(api.NewOrderOut) },
        ...problemResponses(
          ...mutationProblems,
          'cart_empty',
          'cart_changed',
          'price_changed',
          'insufficient_stock',
          'variant_unavailable',
          'checkout_problems',
          'checkout_expired',
          'payment_declined',
          'order_in_progress',
          'order_not_replicated',
        ),
      },
    }),
    async (c) => {
      const asker = await askerOf(c, deps)
      if (!asker.ok) return problem(c, asker.refusal)
      const body = c.req.valid('json')
      const buyer = buyerOf(asker.value, body)
      if (!buyer.ok) return problem(c, buyer.refusal)
      const wrong = wrongProvider(deps, body)
      if (wrong) return problem(c, wrong)
      const { who, actor } = buyer.value
      const request = requestIdOf(c, actor, body)
      const key = c.req.header('idempotency-key')
      const id = key === undefined ? randomOrderId(random(13)) : orderIdOf(actor, key)
      const input: BeginInput = {
        id,
        node,
        who,
        account: accountOf(who),
        basket: basketOf(body),
        address: body.shippingAddress,
        coupons: body.coupons ?? [],
        shippingMethod: body.shippingMethod,
        payment: body.payment,
        expectedTotal: body.expectedTotal,
      }
      const command = { decide: begin, input, actor, ...(request ? { request } : {}) }
      const placed = await checkouts.place(command)
      if (!placed.ok) return problem(c, placed.refusal)
      return render(placed.value)
    },
  )

  const render = ({ id, receipt, copies }: Driven): Response => {
    const order = orderLog.orderOf(core, id)
    assert(order !== undefined, 'an order that was placed can be read')
    const { agreed } = order.placement.event
    const isWaiting =
      agreed.payment !== null && agreed.totals.total > 0 && order.status === 'pending'
    const durability = copies > 0 ? 'replicated' : 'local'
    const shown = { ...viewOrder(core, id, order), receipt: { ...receipt, durability, copies } }
    return Response.json(shown, { status: isWaiting ? 202 : 201 })
  }

  return router
}

const wrongProvider = (
  { payments: { provider } }: CheckoutRoutesDeps,
  { payment }: OrderBody,
): Refusal | undefined =>
  payment === undefined || payment.provider === provider.name
    ? undefined
    : { code: 'payment_provider_unknown', detail: `Payments are taken by ${provider.name} here` }

const basketOf = (body: OrderBody): Basket =>
  'cartId' in body
    ? { cart: body.cartId }
    : {
        items: body.lineItems.map(({ productId, variantId, quantity }) => ({
          quantity,
          ...(productId === undefined ? {} : { product: productId }),
          ...(variantId === undefined ? {} : { variant: variantId }),
        })),
      }

interface Buyer {
  /** Whose order it is. */
  readonly who: string
  /** Who asks for it: the shop's people may for a customer. */
  readonly actor: string
}

const buyerOf = (asker: Asker, body: OrderBody): Result<Buyer, Refusal> => {
  const { account } = asker
  const own = account === undefined ? undefined : `account/${account}`
  if ('cartId' in body) {
    const isOpen =
      asker.opens(body.cartId) || (account !== undefined && accountCartId(account) === body.cartId)
    if (!isOpen) {
      const detail = "Send the cart's token as X-Cart-Token"
      return refused({ code: 'cart_token_required', detail })
    }
    const who = own ?? `cart/${body.cartId}`
    return ok({ who, actor: who })
  }
  if (own === undefined) {
    return refused({ code: 'unauthorized', detail: 'Sign in to order for a customer' })
  }
  const who = `account/${body.customerId}`
  return who === own || asker.may('orders:write')
    ? ok({ who, actor: own })
    : refused({ code: 'forbidden', detail: 'This takes the permission orders:write' })
}
