/**
 * Amounts as Stripe counts them: in minor units too, but not always in those of ISO 4217. Stripe says
 * which at docs.stripe.com/currencies, "Special cases" and "Zero-decimal currencies".
 */

import type { Price } from '../../catalog/product.ts'

/** Currencies without decimals that Stripe counts in hundredths. */
const countedInHundredths = new Set(['ISK', 'UGX'])

/** A currency with decimals on paper that Stripe counts without. */
const countedWhole = new Set(['MGA'])

/** The amount for a request; undefined if the gateway has no such amount. */
export const gatewayAmount = ({ amount, currency }: Price): number | undefined => {
  if (countedInHundredths.has(currency)) return amount * 100
  if (!countedWhole.has(currency)) return amount
  return amount % 100 === 0 ? amount / 100 : undefined
}

export const gatewayCurrency = ({ currency }: Price): string => currency.toLowerCase()

/** The price that an answer means. */
export const priceOf = (amount: number, gatewayCode: string): Price => {
  const currency = gatewayCode.toUpperCase()
  if (countedInHundredths.has(currency)) return { amount: Math.floor(amount / 100), currency }
  return { amount: countedWhole.has(currency) ? amount * 100 : amount, currency }
}
