/** What a shipping method costs for a basket that goes to an address. */

import type { MethodView, Rate } from './method.ts'

export interface Freight {
  readonly currency: string
  readonly grams: number
  /** What the goods cost after their discounts, without tax on top. */
  readonly subtotalMinor: number
}

/**
 * The charge in minor units; undefined if the method does not go there, not in this currency, or not
 * with this freight. Of several zones that hold the address the most exact one counts, and of equally
 * exact ones the one with the lower id.
 */
export const chargeOf = (
  { rates }: Pick<MethodView, 'rates'>,
  exactnessOf: (zone: string) => number | undefined,
  freight: Freight,
): number | undefined => {
  const [rate] = rates
    .filter(({ currency }) => currency === freight.currency)
    .map((one) => ({ one, exactness: exactnessOf(one.zone) ?? -1 }))
    .filter(({ exactness }) => exactness >= 0)
    .sort((a, b) => b.exactness - a.exactness || (a.one.zone < b.one.zone ? -1 : 1))
  return rate && stepAt(rate.one, measure(rate.one, freight))
}

const measure = ({ basis }: Rate, { grams, subtotalMinor }: Freight): number => {
  if (basis === 'flat') return 0
  return basis === 'weight' ? grams : subtotalMinor
}

const stepAt = ({ steps, upTo }: Rate, at: number): number | undefined =>
  upTo !== null && at > upTo ? undefined : steps.findLast(({ from }) => from <= at)?.amount
