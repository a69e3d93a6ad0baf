/**
 * A promotion: when it holds, for which goods, and what it takes off.
 *
 * It counts by itself, or only for those who bring a coupon. It may be combined with others, or stands
 * alone; `stacking.ts` says what then counts.
 */

import { schema, type Document } from '../../crdt/document.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Value } from '../../crdt/value.ts'
import { given, overwrite } from '../catalog/edits.ts'
import type { Price } from '../catalog/product.ts'
import { documentKind } from '../core/capability.ts'
import { isBoolean, isFields, isNatural, isText } from '../guards.ts'
import { million } from '../pricing/half-even.ts'
import { rosteredFields, rosteredRules } from '../pricing/rostered.ts'

export type Benefit =
  /** Parts per million off each line: 100000 is 10 %. */
  | { readonly kind: 'percentage'; readonly ppm: number }
  /** Once for the order, spread over the lines. */
  | { readonly kind: 'amount'; readonly amount: number; readonly currency: string }
  /** For each `buy` units, `get` of the cheapest others at `ppm` off; 1000000 is free. */
  | {
      readonly kind: 'buy_x_get_y'
      readonly buy: number
      readonly get: number
      readonly ppm: number
      /** What is got; null: of the same goods that are bought. */
      readonly gets: Scope | null
      /** How often in one order; null: as often as there are units. */
      readonly timesMax: number | null
    }
  /** By these methods; by all if there are none. */
  | { readonly kind: 'free_shipping'; readonly methods: readonly string[] }

/** Goods that are in one of these. All empty: all goods. */
export type Scope = {
  readonly products: readonly string[]
  /** With all below them. */
  readonly categories: readonly string[]
  readonly brands: readonly string[]
  readonly tags: readonly string[]
}

export type Season = { readonly startsMs: number | null; readonly endsMs: number | null }

const isTextList = (value: Value): value is readonly string[] =>
  Array.isArray(value) && value.every(isText)

const isScope = (value: Value): value is Scope =>
  isFields(value) &&
  [value['products'], value['categories'], value['brands'], value['tags']].every((list) =>
    isTextList(list ?? null),
  )

const isNaturalOrNull = (value: Value | undefined): value is number | null =>
  value === null || (value !== undefined && isNatural(value))

const isShare = (value: Value | undefined): boolean =>
  value !== undefined && isNatural(value) && value <= million

const isCount = (value: Value | undefined): boolean =>
  value !== undefined && isNatural(value) && value > 0

// A share of more than all, or a bargain that gives something for nothing, would make prices negative.
const isBenefit = (value: Value): value is Benefit => {
  if (!isFields(value)) return false
  switch (value['kind']) {
    case 'percentage':
      return isShare(value['ppm'])
    case 'amount':
      return isNatural(value['amount'] ?? null) && isText(value['currency'] ?? null)
    case 'buy_x_get_y':
      return (
        [value['buy'], value['get']].every(isCount) &&
        isShare(value['ppm']) &&
        (value['gets'] === null || isScope(value['gets'] ?? null)) &&
        isNaturalOrNull(value['timesMax'])
      )
    case 'free_shipping':
      return isTextList(value['methods'] ?? null)
    default:
      return false
  }
}

const isPriceOrNull = (value: Value): value is Price | null =>
  value === null ||
  (isFields(value) && isNatural(value['amount'] ?? null) && isText(value['currency'] ?? null))

const isSeason = (value: Value): value is Season =>
  isFields(value) && isNaturalOrNull(value['startsMs']) && isNaturalOrNull(value['endsMs'])

export const promotion = schema('promotion', 1, {
  ...rosteredFields,
  /** What the shopper reads as the reason. */
  name: [3, lwwRegister.shape(isText)],
  benefit: [4, lwwRegister.shape(isBenefit)],
  scope: [5, lwwRegister.shape(isScope)],
  /** What the goods in scope must cost together, before discounts; null: anything. */
  minSubtotal: [6, lwwRegister.shape(isPriceOrNull)],
  season: [7, lwwRegister.shape(isSeason)],
  needsCoupon: [8, lwwRegister.shape(isBoolean)],
  /** Whether it counts together with others that do. */
  isCombinable: [9, lwwRegister.shape(isBoolean)],
})

export type Promotion = Document<typeof promotion.fields>

export const promotionKind = documentKind({ schema: promotion, tables: [], project: () => ({}) })

export type PromotionView = {
  readonly id: string
  readonly name: string
  readonly benefit: Benefit
  readonly scope: Scope
  readonly minSubtotal: Price | null
  readonly season: Season
  readonly needsCoupon: boolean
  readonly isCombinable: boolean
}

export const allGoods: Scope = { products: [], categories: [], brands: [], tags: [] }

export const viewPromotion = (id: string, { store }: Promotion): PromotionView => ({
  id,
  name: lwwRegister.read({ store: store.name }) ?? id,
  benefit: lwwRegister.read<Benefit>({ store: store.benefit }) ?? { kind: 'percentage', ppm: 0 },
  scope: lwwRegister.read<Scope>({ store: store.scope }) ?? allGoods,
  minSubtotal: lwwRegister.read<Price | null>({ store: store.minSubtotal }) ?? null,
  season: lwwRegister.read<Season>({ store: store.season }) ?? { startsMs: null, endsMs: null },
  needsCoupon: lwwRegister.read({ store: store.needsCoupon }) ?? true,
  isCombinable: lwwRegister.read({ store: store.isCombinable }) ?? false,
})

/** Whether it is before, in, or after the season, whose end is no part of it. */
export const phaseOf = ({ startsMs, endsMs }: Season, nowMs: number): 'before' | 'in' | 'after' => {
  if (endsMs !== null && nowMs >= endsMs) return 'after'
  return startsMs !== null && nowMs < startsMs ? 'before' : 'in'
}

export type PromotionInput = Omit<PromotionView, 'id'>

export const promotionRules = rosteredRules<typeof promotion.fields, PromotionInput>({
  schema: promotion,
  roster: 'promotions',
  noun: 'promotion',
  codes: { exists: 'promotion_exists', notFound: 'promotion_not_found' },
  edits: (world, input) => ({
    name: given(input.name, (text) => overwrite(world, text)),
    benefit: given(input.benefit, (benefit) => overwrite<Benefit>(world, benefit)),
    scope: given(input.scope, (scope) => overwrite<Scope>(world, scope)),
    minSubtotal: given(input.minSubtotal, (price) => overwrite<Price | null>(world, price)),
    season: given(input.season, (season) => overwrite<Season>(world, season)),
    needsCoupon: given(input.needsCoupon, (needs) => overwrite(world, needs)),
    isCombinable: given(input.isCombinable, (is) => overwrite(world, is)),
  }),
})
