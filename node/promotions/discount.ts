/**
 * What one promotion takes off each line, given what earlier ones left of it. No discount is more than
 * what is left, and each is rounded half to even, once a line.
 */

import { allocate } from '../pricing/allocation.ts'
import { million, shareOf } from '../pricing/half-even.ts'
import { isWithin } from '../tax/tax-rate.ts'
import type { PromotionView, Scope } from './promotion.ts'

/** A line as promotions see it. */
export interface Goods {
  /** The variant: what orders lines that are otherwise equal. */
  readonly key: string
  readonly product: string
  readonly categories: readonly string[]
  readonly brand: string | null
  readonly tags: readonly string[]
  readonly unitMinor: number
  readonly quantity: number
}

export const subtotalOf = ({ unitMinor, quantity }: Goods): number => unitMinor * quantity

export const isInScope = (scope: Scope, goods: Goods): boolean => {
  const { products, categories, brands, tags } = scope
  if ([products, categories, brands, tags].every((list) => list.length === 0)) return true
  return (
    products.includes(goods.product) ||
    categories.some((category) => isWithin(goods.categories, category)) ||
    (goods.brand !== null && brands.includes(goods.brand)) ||
    goods.tags.some((tag) => tags.includes(tag))
  )
}

/** What a promotion takes off each line, in the order of `lines`; free shipping takes nothing off goods. */
export const discountsOf = (
  { benefit, scope }: Pick<PromotionView, 'benefit' | 'scope'>,
  lines: readonly Goods[],
  left: readonly number[],
): readonly number[] => {
  const isOn = lines.map((goods) => isInScope(scope, goods))
  switch (benefit.kind) {
    case 'percentage':
      return left.map((amount, at) => (isOn[at] ? shareOf(amount, benefit.ppm, million) : 0))
    case 'amount': {
      const weights = lines.map(({ key }, at) => ({ key, weight: isOn[at] ? (left[at] ?? 0) : 0 }))
      const most = weights.reduce((sum, { weight }) => sum + weight, 0)
      return allocate(Math.min(benefit.amount, most), weights)
    }
    case 'buy_x_get_y': {
      const isGot = benefit.gets
        ? lines.map((goods) => isInScope(benefit.gets ?? scope, goods))
        : isOn
      const units = unitsGot(lines, { isBought: isOn, isGot, ...benefit })
      return lines.map(({ unitMinor }, at) =>
        Math.min(left[at] ?? 0, shareOf(unitMinor * (units[at] ?? 0), benefit.ppm, million)),
      )
    }
    default:
      return lines.map(() => 0)
  }
}

interface Bargain {
  readonly isBought: readonly boolean[]
  readonly isGot: readonly boolean[]
  readonly buy: number
  readonly get: number
  readonly timesMax: number | null
}

/**
 * How many units of each line are got: as many as can be, the cheapest first, while of the units that
 * are not got enough are bought. A unit is bought or got, never both.
 */
export const unitsGot = (lines: readonly Goods[], bargain: Bargain): readonly number[] => {
  const { isBought, isGot, buy, get, timesMax } = bargain
  // Of lines of one variant the shorter first, so that it makes no difference which is listed first.
  const order = lines
    .map(({ unitMinor, key, quantity }, at) => ({ unitMinor, key, quantity, at }))
    .filter(({ at }) => isGot[at])
    .sort((a, b) => a.unitMinor - b.unitMinor || compare(a.key, b.key) || a.quantity - b.quantity)
  const take = (count: number): readonly number[] => {
    const taken = lines.map(() => 0)
    let open = count
    for (const { at, quantity } of order) {
      taken[at] = Math.min(quantity, open)
      open -= taken[at]
    }
    return taken
  }
  const boughtBeside = (taken: readonly number[]): number =>
    lines.reduce(
      (sum, { quantity }, at) => sum + (isBought[at] ? quantity - (taken[at] ?? 0) : 0),
      0,
    )
  // More got never leaves more bought, and never asks for fewer: so the most that fits is found by halving.
  const fits = (count: number): boolean => boughtBeside(take(count)) >= Math.ceil(count / get) * buy
  const most = order.reduce((sum, { quantity }) => sum + quantity, 0)
  let fitting = 0
  let beyond = Math.min(most, timesMax === null ? most : timesMax * get) + 1
  while (beyond - fitting > 1) {
    const middle = Math.floor((fitting + beyond) / 2)
    if (fits(middle)) fitting = middle
    else beyond = middle
  }
  return take(fitting)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
