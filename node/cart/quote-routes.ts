/** What a cart costs, over HTTP. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import * as lwwRegister from '../../crdt/lww-register.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import { jsonContent as json, problemResponses } from '../http/schemas.ts'
import { QuoteBody, QuoteOut, showQuote } from '../pricing/api.ts'
import { couponFetchMsMax } from '../promotions/limits.ts'
import { priceLines } from '../pricing/price-lines.ts'
import { quote } from '../pricing/quote.ts'
import { shippingOptions } from '../pricing/shipping-choice.ts'
import { closed } from './access.ts'
import * as api from './api.ts'
import { cart, lines } from './cart.ts'
import type { CartRoutesDeps } from './routes.ts'

export const addQuoteRoute = (router: OpenAPIHono<NodeEnv>, deps: CartRoutesDeps): void => {
  const { core, tokens, guard, clock } = deps
  router.openapi(
    createRoute({
      method: 'post',
      path: '/carts/{id}/quote',
      tags: ['cart'],
      summary: 'Price a cart: discounts, shipping, tax',
      description:
        'Nothing is reserved by it. Send the access token as `Authorization` beside the cart token ' +
        'for coupons that count how often a customer uses them.',
      request: {
        params: api.CartParams,
        headers: api.TokenHeader,
        body: { required: true, content: json(QuoteBody) },
      },
      responses: {
        200: { description: 'What it costs, and what stands in the way', content: json(QuoteOut) },
        ...problemResponses('invalid_request', 'cart_token_required', 'cart_not_found'),
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const refusal = closed(c, tokens, id)
      if (refusal) return problem(c, refusal)
      if (!core.exists(cart, id)) {
        const detail = 'This node has not heard of the cart yet'
        return problem(c, { code: 'cart_not_found', detail })
      }
      const { address, shippingMethod, coupons } = c.req.valid('json')
      const checked = await guard.authenticate(c.req.header('authorization'))
      const document = core.read(cart, id)
      const owner = lwwRegister.read({ store: document.store.account }) ?? undefined
      const asked = lines(document)
      const world = { read: core.read, replica: core.replica(), lineage: core.lineage() }
      const customer = checked.ok ? checked.value.accountId : owner
      const ask = { lines: asked, coupons, address, shippingMethod, customer }
      const quoteNow = () => quote(world, { ...ask, nowMs: clock.now() })
      let quoted = quoteNow()
      const codes = quoted.problems
        .filter(({ code }) => code === 'coupon_elsewhere')
        .flatMap(({ coupon }) => coupon ?? [])
      // Who asks for a price is about to order: the uses may as well come now.
      const mayHelp =
        codes.length > 0 && (await deps.coupons.fetch({ codes, customer }, couponFetchMsMax))
      if (mayHelp) quoted = quoteNow()
      const options = address ? shippingOptions(world, address, priceLines(world, asked)) : []
      return c.json(showQuote(quoted, options), 200)
    },
  )
}
