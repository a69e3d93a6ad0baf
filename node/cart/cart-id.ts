/** A cart's id, and the token that opens it. */

import { createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto'

/** 26 letters and digits. */
export type CartId = string & { readonly brand: 'CartId' }

export const isCartId = (text: string): text is CartId => /^[0-9a-f]{26}$/.test(text)

/** The id of a new cart, of 13 random bytes. */
export const cartIdOf = (random: Uint8Array): CartId =>
  Buffer.from(random).toString('hex').slice(0, 26) as CartId

/** The id of an account's own cart: every region arrives at the same one. */
export const accountCartId = (accountId: string): CartId =>
  hash('sha256', `cart of ${accountId}`).slice(0, 26) as CartId

export interface CartTokens {
  /** The token of a cart: whoever has it may read and change this cart, and no other. */
  tokenOf(id: CartId): string
  /** Whether `token` opens this cart; takes as long whether it does or not. */
  opens(token: string, id: CartId): boolean
}

/**
 * Tokens are a keyed hash of the cart's id. So any node of the cluster can check one without having
 * heard of the cart yet, and a shopper may go on in a region that has not.
 */
export const createCartTokens = (secret: Uint8Array): CartTokens => {
  // Made once: from bytes, Node makes a key for every token, which costs four times the hash.
  const key = createSecretKey(secret)
  const macOf = (id: CartId) => createHmac('sha256', key).update(`cart ${id}`).digest()
  return {
    tokenOf: (id) => macOf(id).toString('base64url'),
    opens: (token, id) => {
      const mac = macOf(id)
      const given = Buffer.from(token, 'base64url')
      return given.length === mac.length && timingSafeEqual(given, mac)
    },
  }
}
