/** `POST /orders`: a cart, or lines that are named, become an order. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { z } from 'zod'
import { assert } from '../../crdt/assert.ts'
import { parseDot } from '../../crdt/dot.ts'
import { accountCartId, isCartId, type CartId } from '../cart/cart-id.ts'
import type { Core } from '../core/core.ts'
import type { Refusal } from '../errors.ts'
import type { PurchaseName } from '../flash-sale/purchase.ts'
import { requestIdOf } from '../http/idempotency.ts'
import { problem } from '../http/problem.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import type { Copies } from '../replication/copies.ts'
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
  readonly copies: Pick<Copies, 'isMerged'>
  readonly random: (bytes: number) => Uint8Array
  /** Purchases in flash sales, by the names of their attempts. */
  readonly purchases: { purchase(attempt: string): PurchaseName | undefined }
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
        'Sent again with its Idempotency-Key, to whichever node, it is the same order. A refusal is the ' +
        'word of the node that gives it: a node that did not answer may have taken the order, so ask ' +
        'that one again. 202: it stands, and its payment is not settled yet; that is seen to without ' +
        'you. A purchase in a flash sale is ordered at the price of the sale, once, at the node that ' +
        'set its units aside.',
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
          'purchase_not_found',
          'purchase_elsewhere',
          'sold_out',
        ),
      },
    }),
    async (c) => {
      const asker = await askerOf(c, deps)
      if (!asker.ok) return problem(c, asker.refusal)
      const body = c.req.valid('json')
      const ordered = orderedOf(deps, asker.value, body)
      if (!ordered.ok) return problem(c, ordered.refusal)
      const wrong = wrongProvider(deps, body)
      if (wrong) return problem(c, wrong)
      const { basket, who, actor } = ordered.value
      const request = requestIdOf(c, actor, body)
      const key = c.req.header('idempotency-key')
      const id = key === undefined ? randomOrderId(random(13)) : orderIdOf(actor, key)
      const input: BeginInput = {
        id,
        node,
        who,
        account: accountOf(who),
        basket,
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
    const dot = parseDot(receipt.change)
    const isMerged = dot !== undefined && deps.copies.isMerged(dot)
    const durability = isMerged ? 'merged' : copies > 0 ? 'replicated' : 'local'
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

interface Ordered {
  readonly basket: Basket
  /** Whose order it is. */
  readonly who: string
  /** Who asks for it: the shop's people may for a customer. */
  readonly actor: string
}

const orderedOf = (
  { purchases }: CheckoutRoutesDeps,
  asker: Asker,
  body: OrderBody,
): Result<Ordered, Refusal> => {
  if ('cartId' in body) return cartOf(asker, body.cartId)
  if ('purchaseId' in body) {
    return purchaseOf(asker, body.purchaseId, purchases.purchase(body.purchaseId))
  }
  const { account } = asker
  if (account === undefined) {
    return refused({ code: 'unauthorized', detail: 'Sign in to order for a customer' })
  }
  const own = `account/${account}`
  const who = `account/${body.customerId}`
  if (who !== own && !asker.may('orders:write')) {
    return refused({ code: 'forbidden', detail: 'This takes the permission orders:write' })
  }
  const items = body.lineItems.map(({ productId, variantId, quantity }) => ({
    quantity,
    ...(productId === undefined ? {} : { product: productId }),
    ...(variantId === undefined ? {} : { variant: variantId }),
  }))
  return ok({ basket: { items }, who, actor: own })
}

const cartOf = ({ account, opens }: Asker, cart: CartId): Result<Ordered, Refusal> => {
  const isOpen = opens(cart) || (account !== undefined && accountCartId(account) === cart)
  if (!isOpen) {
    const detail = "Send the cart's token as X-Cart-Token"
    return refused({ code: 'cart_token_required', detail })
  }
  const who = account === undefined ? `cart/${cart}` : `account/${account}`
  return ok({ basket: { cart }, who, actor: who })
}

// Whose purchase it is is nobody else's business, so one of others is like one that is not there.
const purchaseOf = (
  { account, opens }: Asker,
  id: string,
  found: PurchaseName | undefined,
): Result<Ordered, Refusal> => {
  const isGuest = found !== undefined && isCartId(found.buyer) && opens(found.buyer)
  if (!found || (found.buyer !== account && !isGuest)) {
    return refused({ code: 'purchase_not_found', detail: `There is no purchase ${id} here` })
  }
  const { sale, buyer, attempt } = found
  const who = isGuest ? `cart/${buyer}` : `account/${buyer}`
  return ok({ basket: { purchase: { sale, buyer, attempt } }, who, actor: who })
}
