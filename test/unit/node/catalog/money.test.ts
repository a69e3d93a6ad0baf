/** Money at its edges: decimals in, decimals out, and nothing rounded in between. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  amountMax,
  decimalOf,
  decimalText,
  exponentOf,
  formatMoney,
  minorUnits,
} from '../../../../node/catalog/money.ts'

const currency = fc.constantFrom('USD', 'JPY', 'KWD', 'CLF', 'EUR')
const money = fc.record({ amount: fc.integer({ min: 0, max: amountMax }), currency })

describe('minorUnits', () => {
  test('reads back every amount that was written as a decimal', () => {
    fc.assert(
      fc.property(money, (price) => {
        expect(minorUnits(decimalOf(price), price.currency)).toEqual({ ok: true, value: price })
        expect(minorUnits(decimalText(price), price.currency)).toEqual({ ok: true, value: price })
      }),
    )
  })

  test('accounts for the rounding errors of sums', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 99_999 }), { maxLength: 6 }), (cents) => {
        const sum = cents.reduce((total, amount) => total + amount / 100, 0)
        const amount = cents.reduce((total, part) => total + part, 0)
        expect(minorUnits(sum, 'USD')).toEqual({ ok: true, value: { amount, currency: 'USD' } })
      }),
    )
  })

  test.each([
    [49.99, 'USD', 4999],
    ['49.99', 'USD', 4999],
    ['10.00', 'USD', 1000],
    ['1200.00', 'JPY', 1200],
    [0.1 + 0.2, 'USD', 30],
    [1.005, 'KWD', 1005],
    [0, 'EUR', 0],
    [-0, 'EUR', 0],
  ])('reads %s %s as %i', (decimal, code, amount) => {
    expect(minorUnits(decimal, code)).toEqual({ ok: true, value: { amount, currency: code } })
  })

  test.each([
    [19.999, 'USD', 'too_precise'],
    ['1.005', 'EUR', 'too_precise'],
    [0.5, 'JPY', 'too_precise'],
    [-1, 'USD', 'negative'],
    [NaN, 'USD', 'not_a_number'],
    [Infinity, 'USD', 'not_a_number'],
    ['', 'USD', 'not_a_number'],
    ['1,000.00', 'USD', 'not_a_number'],
    ['1e3', 'USD', 'not_a_number'],
    ['0x10', 'USD', 'not_a_number'],
    [1e12, 'USD', 'too_large'],
    [1, 'usd', 'unknown_currency'],
    [1, 'ABC', 'unknown_currency'],
    [1, '__proto__', 'unknown_currency'],
  ])('refuses %s %s as %s', (decimal, code, kind) => {
    expect(minorUnits(decimal, code)).toMatchObject({ ok: false, refusal: { kind } })
  })

  test('never yields -0, which no register can hold', () => {
    const zero = minorUnits(-0, 'USD')
    expect(zero.ok && Object.is(zero.value.amount, 0)).toBe(true)
  })
})

test('exponents are those of ISO 4217, not of cash', () => {
  expect(['USD', 'JPY', 'KWD', 'CLF', 'IQD', 'AFN'].map(exponentOf)).toEqual([2, 0, 3, 4, 3, 2])
})

test('formatMoney writes what a person expects', () => {
  expect(formatMoney({ amount: 249_999, currency: 'USD' })).toBe('$2,499.99')
  expect(formatMoney({ amount: 1200, currency: 'JPY' })).toBe('¥1,200')
})
