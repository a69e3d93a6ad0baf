import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { gatewayAmount, priceOf } from '../../../../../node/payments/intents/gateway-amount.ts'

test.each([
  [{ amount: 4_999, currency: 'EUR' }, 4_999],
  [{ amount: 1_200, currency: 'JPY' }, 1_200],
  [{ amount: 5, currency: 'ISK' }, 500],
  [{ amount: 5, currency: 'UGX' }, 500],
  [{ amount: 500, currency: 'MGA' }, 5],
  [{ amount: 550, currency: 'MGA' }, undefined],
])('%j is %s to the gateway', (price, amount) => expect(gatewayAmount(price)).toBe(amount))

test('what the gateway has of a price is the price', () => {
  const currency = fc.constantFrom('EUR', 'JPY', 'ISK', 'UGX', 'MGA', 'KWD')
  fc.assert(
    fc.property(fc.nat({ max: 1_000_000_000 }), currency, (amount, currency) => {
      const price = { amount, currency }
      const there = gatewayAmount(price)
      fc.pre(there !== undefined)
      expect(priceOf(there, currency.toLowerCase())).toEqual(price)
    }),
  )
})
