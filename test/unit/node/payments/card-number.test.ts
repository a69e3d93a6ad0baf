import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holdsCardNumber } from '../../../../node/payments/card-number.ts'

/** Digits that end in the check digit that Luhn's formula asks for, by another way than the one tested. */
const withCheckDigit = (digits: string): string => {
  const doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
  const sum = digits
    .split('')
    .reverse()
    .reduce((total, digit, place) => total + (place % 2 === 0 ? doubled[+digit]! : +digit), 0)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

const number = fc
  .tuple(fc.constantFrom('2', '3', '4', '5', '6'), fc.stringMatching(/^\d{11,17}$/))
  .map(([first, rest]) => withCheckDigit(first + rest))

describe('a card number', () => {
  test('is found, whatever stands around it', () => {
    fc.assert(
      fc.property(number, fc.stringMatching(/^\D{0,9}$/), (digits, around) => {
        expect(holdsCardNumber(`${around}${digits}${around}`)).toBe(true)
      }),
    )
  })

  test.each([
    '4242 4242 4242 4242',
    '5555-5555-5555-4444',
    '3782 822463 10005',
    'my card is 4000 0566 5566 5556, thanks',
    '6011 1111 1111 1117 01/30',
  ])('is found in "%s"', (text) => expect(holdsCardNumber(text)).toBe(true))

  test('is not what has another check digit', () => {
    fc.assert(
      fc.property(number, fc.integer({ min: 1, max: 9 }), (digits, shift) => {
        const last = (Number(digits.at(-1)) + shift) % 10
        expect(holdsCardNumber(digits.slice(0, -1) + last)).toBe(false)
      }),
    )
  })

  test.each(['tok_ok', 'pm_1Nk2x3', '', '424242', '12345678901234567890123', '0000000000000'])(
    'is not "%s"',
    (text) => expect(holdsCardNumber(text)).toBe(false),
  )

  test('is looked for in time that grows with the text', () => {
    const startMs = performance.now()
    holdsCardNumber('4'.repeat(100_000))
    holdsCardNumber('4242 '.repeat(20_000))
    expect(performance.now() - startMs).toBeLessThan(200)
  })
})
