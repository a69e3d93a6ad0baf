/**
 * Who asks for an order: the account whose it is, somebody with the token of the cart that it was made
 * of, or the shop's own people.
 */

import type { Context } from 'hono'
import type { CartId, CartTokens } from '../cart/cart-id.ts'
import type { Refusal } from '../errors.ts'
import type { NodeEnv } from '../http/router.ts'
import type { Guard } from '../identity/guard.ts'
import { isAllowed, type Permission } from '../identity/permissions.ts'
import { ok, refused, type Result } from '../result.ts'
import type { Order } from './order.ts'

export interface Asker {
  /** The account; undefined for a guest. */
  readonly account: string | undefined
  /** Whether they are among the shop's people who may do such. */
  may(permission: Permission): boolean
  /** Whether they have the cart's token. */
  opens(cart: string): boolean
}

export interface AccessDeps {
  readonly guard: Pick<Guard, 'authenticate'>
  readonly tokens: Pick<CartTokens, 'opens'>
}

export const askerOf = async (
  c: Context<NodeEnv>,
  { guard, tokens }: AccessDeps,
): Promise<Result<Asker, Refusal>> => {
  const authorization = c.req.header('authorization')
  const cartToken = c.req.header('x-cart-token') ?? bearerOf(authorization)
  const opens = (cart: string): boolean =>
    cartToken !== undefined && tokens.opens(cartToken, cart as CartId)
  const checked = authorization === undefined ? undefined : await guard.authenticate(authorization)
  if (checked?.ok) {
    const { accountId, roles } = checked.value
    c.set('principal', checked.value)
    return ok({ account: accountId, may: (permission) => isAllowed(roles, permission), opens })
  }
  // An access token has two dots in it, and a cart's token none: whoever meant to sign in is told why not.
  if (cartToken === undefined || cartToken.includes('.')) return checked ?? nobody
  return ok({ account: undefined, may: () => false, opens })
}

const nobody = refused<Refusal>({
  code: 'unauthorized',
  detail: "Sign in, or send the cart's token as X-Cart-Token",
})

const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]

/** Whether the order is theirs. */
export const isOwn = ({ account, opens }: Asker, { placement }: Order): boolean => {
  const { who, cart } = placement.event.agreed
  return who === `account/${account}` || (cart !== null && opens(cart))
}

/** The actor that the asker's changes are written under. */
export const actorOfAsker = ({ account }: Asker, cart: string | null): string =>
  account === undefined ? `cart/${cart}` : `account/${account}`
