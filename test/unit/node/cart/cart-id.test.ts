import { expect, test } from 'vitest'
import { cartIdOf, createCartTokens, isCartId } from '../../../../node/cart/cart-id.ts'

const alices = cartIdOf(new Uint8Array(13).fill(1))
const bobs = cartIdOf(new Uint8Array(13).fill(2))
const secret = new Uint8Array(32).fill(7)
const tokens = createCartTokens(secret)

test('a token opens its own cart and no other', () => {
  expect(isCartId(alices)).toBe(true)
  expect(tokens.opens(tokens.tokenOf(alices), alices)).toBe(true)
  expect(tokens.opens(tokens.tokenOf(alices), bobs)).toBe(false)
})

test('another node with the same secret opens it too; one with another secret does not', () => {
  const token = tokens.tokenOf(alices)
  expect(createCartTokens(new Uint8Array(32).fill(7)).opens(token, alices)).toBe(true)
  expect(createCartTokens(new Uint8Array(32).fill(8)).opens(token, alices)).toBe(false)
})

test.each(['', ' ', 'x', '\u0000', 'ä'.repeat(43), 'A'.repeat(43), 'A'.repeat(10_000)])(
  'no junk opens a cart',
  (token) => {
    expect(tokens.opens(token, alices)).toBe(false)
  },
)
