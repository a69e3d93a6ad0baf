/** Why a cart stays closed to whoever asks: it opens with its token only. */

import type { Context } from 'hono'
import type { Refusal } from '../errors.ts'
import type { NodeEnv } from '../http/router.ts'
import type { CartId, CartTokens } from './cart-id.ts'

/** `header only`: where `Authorization` carries an account's token. */
export const closed = (
  c: Context<NodeEnv>,
  tokens: CartTokens,
  id: CartId,
  where: 'anywhere' | 'header only' = 'anywhere',
): Refusal | undefined => {
  const bearer = where === 'anywhere' ? c.req.header('authorization') : undefined
  const token = c.req.header('x-cart-token') ?? bearer?.replace(/^Bearer /i, '')
  if (token === undefined) {
    return { code: 'cart_token_required', detail: "Send the cart's token as X-Cart-Token" }
  }
  return tokens.opens(token, id)
    ? undefined
    : { code: 'cart_token_required', detail: 'The token does not open this cart' }
}
