/**
 * How much tax there is in a price, or comes on top of it.
 *
 * The rounding rule: tax is rounded half to even, once for each line, on the line's amount after its
 * discounts. Under it both ways of showing prices agree exactly: tax that is added to a price is the
 * tax that is found in the sum.
 */

import { million, shareOf } from '../pricing/half-even.ts'

/** The tax on a line of `amountMinor`, at a rate in parts per million. */
export const taxOn = (amountMinor: number, ratePpm: number, isIncluded: boolean): number =>
  isIncluded
    ? shareOf(amountMinor, ratePpm, million + ratePpm)
    : shareOf(amountMinor, ratePpm, million)
