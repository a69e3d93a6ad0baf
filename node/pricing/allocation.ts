/**
 * Splits an amount over weights so that the parts add up to it: each gets its share rounded down, and
 * the minor units that are left go, one each, to those who lost most by it (largest remainder).
 *
 * Whose turn is it when two lost the same? The one with the lower key, and of one key the lighter. So the
 * parts depend on what is split and not on the order in which it is listed.
 */

import { assert } from '../../crdt/assert.ts'

export interface Weighted {
  readonly key: string
  /** Whole, not negative; what does not weigh gets nothing. */
  readonly weight: number
}

/**
 * The parts, in the order of `parts`. No part exceeds its weight if `amount` does not exceed the sum
 * of the weights, which is at least one unless `amount` is 0.
 */
export const allocate = (amount: number, parts: readonly Weighted[]): readonly number[] => {
  const sum = parts.reduce((total, { weight }) => total + weight, 0)
  assert(Number.isSafeInteger(sum), 'weights add up to an exact integer')
  assert(amount === 0 || sum > 0, 'an amount is split over something')
  if (amount === 0) return parts.map(() => 0)
  const shares = parts.map(({ key, weight }, index) => ({
    index,
    key,
    weight,
    ...share(amount, weight, sum),
  }))
  const left = amount - shares.reduce((total, { whole }) => total + whole, 0)
  const turns = shares
    .filter(({ remainder }) => remainder > 0n)
    .sort(
      (a, b) => compare(b.remainder, a.remainder) || compare(a.key, b.key) || a.weight - b.weight,
    )
  const raised = new Set(turns.slice(0, left).map(({ index }) => index))
  return shares.map(({ whole, index }) => (raised.has(index) ? whole + 1 : whole))
}

const share = (amount: number, weight: number, sum: number) => {
  const product = BigInt(amount) * BigInt(weight)
  return { whole: Number(product / BigInt(sum)), remainder: product % BigInt(sum) }
}

const compare = <T extends bigint | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
