/**
 * Money is an integer count of a currency's minor units; decimals exist only at the edges of the shop.
 *
 * The currencies and their exponents are listed here and not asked of the runtime: two nodes with
 * different runtimes must never disagree about what 100 minor units are, and what runtimes know
 * (CLDR) follows how cash is used, not ISO 4217.
 */

import { assert } from '../../crdt/assert.ts'
import { ok, refused, type Result } from '../result.ts'

export interface Money {
  /** Minor units: cents, pence, fils. An integer from 0 to `amountMax`. */
  readonly amount: number
  /** ISO 4217, three capital letters. */
  readonly currency: string
}

export interface BadMoney {
  readonly kind: 'not_a_number' | 'negative' | 'too_large' | 'too_precise' | 'unknown_currency'
  readonly detail: string
}

/** Ten thousand million dollars: above any price, and far below where doubles lose a minor unit. */
export const amountMax = 1_000_000_000_000

/**
 * The amount that a decimal number or text means in `currency`. A number may carry the rounding error
 * of its arithmetic (0.1 + 0.2 is 30 cents); more decimals than the currency has are refused, not
 * rounded, because nobody can say which way the shop would have rounded them.
 */
export const minorUnits = (decimal: number | string, currency: string): Result<Money, BadMoney> => {
  const exponent = exponentOf(currency)
  if (exponent === undefined) {
    return refused({ kind: 'unknown_currency', detail: `${currency} is no ISO 4217 currency` })
  }
  const value = typeof decimal === 'number' ? decimal : parseDecimal(decimal)
  if (!Number.isFinite(value)) {
    return refused({ kind: 'not_a_number', detail: `${decimal} is no decimal number` })
  }
  if (value < 0) return refused({ kind: 'negative', detail: `${decimal} is negative` })
  const scale = 10 ** exponent
  if (value * scale > amountMax) {
    const max = `${amountMax / scale} ${currency}`
    return refused({ kind: 'too_large', detail: `${decimal} is more than ${max}` })
  }
  const amount = Math.round(value * scale)
  if (Math.abs(amount / scale - value) > value * roundingErrorMax) {
    const detail = `${decimal} has more decimals than ${currency}, which has ${exponent}`
    return refused({ kind: 'too_precise', detail })
  }
  // Adding zero turns -0, which is not equal to 0 in our encoding, into 0.
  return ok({ amount: amount + 0, currency })
}

// A few units in the last place: what a handful of additions leaves. At `amountMax` this is still
// less than a hundredth of a minor unit.
const roundingErrorMax = 4 * Number.EPSILON

const parseDecimal = (text: string): number => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN)

/** The number of decimals of a currency; undefined if ISO 4217 has no such currency. */
export const exponentOf = (currency: string): number | undefined => exponents.get(currency)

/** The shortest decimal text: `49.5`, `1200`. `minorUnits` of it is the same money again. */
export const decimalText = ({ amount, currency }: Money): string =>
  String(decimal(amount, currency))

/** The decimal number that `minorUnits` turns into the same money again. */
export const decimalOf = ({ amount, currency }: Money): number => decimal(amount, currency)

/** As a person in `locale` writes it: `$49.99`, `¥1,200`. */
export const formatMoney = ({ amount, currency }: Money, locale = 'en-US'): string => {
  const digits = exponentOf(currency) ?? defaultExponent
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return format.format(decimal(amount, currency))
}

// Division by a power of ten is correctly rounded, so the quotient is the double nearest to the
// decimal, and prints as that decimal.
const decimal = (amount: number, currency: string): number => {
  assert(Number.isSafeInteger(amount), 'an amount is a whole number of minor units')
  return amount / 10 ** (exponentOf(currency) ?? defaultExponent)
}

// For money that came from elsewhere in a currency that ISO 4217 has dropped since.
const defaultExponent = 2

const currenciesByExponent: readonly (readonly [exponent: number, codes: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
    CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
    GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD
    MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
    PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`,
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
]

const exponents: ReadonlyMap<string, number> = new Map(
  currenciesByExponent.flatMap(([exponent, codes]) =>
    codes.split(/\s+/).map((code) => [code, exponent] as const),
  ),
)
