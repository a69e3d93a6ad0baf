/**
 * A share of an amount in whole minor units, rounded half to even: of two equally near results the even
 * one is taken, so that many roundings do not drift in one direction.
 */

import { assert } from '../../crdt/assert.ts'

/** `amount` × `numerator` / `denominator`, rounded. None is negative; exact for any amounts of ours. */
export const shareOf = (amount: number, numerator: number, denominator: number): number => {
  assert(
    Number.isSafeInteger(amount) && amount >= 0 && numerator >= 0 && denominator > 0,
    'a share is of a whole amount that is not negative',
  )
  const product = amount * numerator
  // A rate of parts per million makes products that a double does not hold exactly.
  return product <= Number.MAX_SAFE_INTEGER
    ? smallShare(product, denominator)
    : largeShare(BigInt(amount) * BigInt(numerator), BigInt(denominator))
}

const smallShare = (product: number, denominator: number): number => {
  const remainder = product % denominator
  const whole = (product - remainder) / denominator
  const isUp = remainder * 2 > denominator || (remainder * 2 === denominator && whole % 2 === 1)
  return isUp ? whole + 1 : whole
}

const largeShare = (product: bigint, denominator: bigint): number => {
  const whole = product / denominator
  const twice = (product % denominator) * 2n
  const isUp = twice > denominator || (twice === denominator && whole % 2n === 1n)
  return Number(isUp ? whole + 1n : whole)
}

/** A whole: rates are given in parts of it, `190_000` for 19 %. */
export const million = 1_000_000
