/**
 * A quote: what a basket costs here and now, to whom, sent where; a pure function of the world.
 *
 * It never fails. What stands in the way of ordering is a problem in it, which the client can resolve;
 * what can be priced is priced beside it. Its parts add up to its total to the minor unit: everything
 * that is rounded is rounded once, in one line, half to even, and never again.
 */

import { productOf, type VariantId } from '../catalog/ids.ts'
import type { Price } from '../catalog/product.ts'
import type { World } from '../core/capability.ts'
import { subtotalOf, type Goods } from '../promotions/discount.ts'
import { stack, type Basket, type Counted, type Stacked } from '../promotions/stacking.ts'
import { taxOn } from '../tax/taxation.ts'
import { taxTable, type TaxRateView, type TaxTable } from '../tax/tax-rate.ts'
import { findOffers, unusedCoupons } from './offers.ts'
import { priceLines, type PricedLine } from './price-lines.ts'
import type { QuoteProblem } from './quote-problem.ts'
import { chooseShipping, goesNot, type ShippingChoice } from './shipping-choice.ts'

export interface QuoteAsk {
  readonly lines: readonly QuoteLine[]
  /** Codes as the shopper typed them. */
  readonly coupons: readonly string[]
  /** undefined: not known yet; then nothing is said of tax and shipping. */
  readonly address: Destination | undefined
  /** The id of a shipping method; undefined: the one that costs least. */
  readonly shippingMethod: string | undefined
  /** The account that buys; undefined for a guest. Limits per customer are counted by it. */
  readonly customer: string | undefined
  readonly nowMs: number
}

export interface QuoteLine {
  readonly variant: VariantId
  readonly quantity: number
  /** A price that was agreed otherwise, by a flash sale for one; today's catalog price if absent. */
  readonly agreed?: Price
}

/** As much of an address as prices depend on; any address will do. */
export interface Destination {
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  readonly state?: string | null | undefined
  readonly postalCode?: string | null | undefined
}

/** All amounts are minor units of `currency`. A type and not an interface, so that it is a `Value`. */
export type Quote = {
  readonly currency: string
  /** One for each line that was asked for, in the same order. */
  readonly lines: readonly QuotedLine[]
  /** null: nothing goes there, or this shop has no methods and charges nothing. */
  readonly shipping: QuotedShipping | null
  /** The coupons that count, by code: what an order that is made of this quote must redeem. */
  readonly coupons: readonly QuotedCoupon[]
  /** What each promotion takes off, lines and shipping together. */
  readonly discounts: readonly Discount[]
  /** What each rate comes to, lines and shipping together. */
  readonly taxes: readonly Tax[]
  readonly totals: Totals
  readonly problems: readonly QuoteProblem[]
}

export type QuotedLine = {
  readonly variant: VariantId
  readonly product: string
  readonly sku: string
  readonly name: string
  readonly quantity: number
  /** null: it cannot be sold; a problem says why, and all amounts of the line are 0. */
  readonly unitMinor: number | null
  /** Unit price times quantity. */
  readonly subtotalMinor: number
  readonly discounts: readonly Discount[]
  readonly discountMinor: number
  readonly tax: Tax | null
  /** What the line adds to the quote's total: subtotal − discount, and tax if it comes on top. */
  readonly totalMinor: number
}

export type QuotedShipping = {
  readonly method: string
  readonly name: string
  readonly priceMinor: number
  readonly discounts: readonly Discount[]
  readonly discountMinor: number
  readonly tax: Tax | null
  readonly totalMinor: number
  /** Days until it arrives, by the carrier's word. */
  readonly daysMin: number
  readonly daysMax: number
}

export type Discount = {
  readonly promotion: string
  /** Why, in the shop's words. */
  readonly reason: string
  /** The coupon that brought it; null for a promotion that needs none. */
  readonly coupon: string | null
  readonly amountMinor: number
}

export type Tax = {
  readonly rate: string
  readonly name: string
  /** Parts per million: 190000 is 19 %. */
  readonly ratePpm: number
  /** Whether the price has the tax in it; otherwise it comes on top. */
  readonly isIncluded: boolean
  readonly amountMinor: number
}

export type QuotedCoupon = { readonly code: string; readonly promotion: string }

/** `totalMinor` = items − discount + shipping − shippingDiscount + tax. */
export type Totals = {
  readonly itemsMinor: number
  readonly discountMinor: number
  readonly shippingMinor: number
  readonly shippingDiscountMinor: number
  /** Tax that comes on top of prices. */
  readonly taxMinor: number
  /** Tax that prices have in them. */
  readonly includedTaxMinor: number
  readonly totalMinor: number
}

export const quote = (world: Pick<World, 'read' | 'replica' | 'lineage'>, ask: QuoteAsk): Quote => {
  const priced = priceLines(world, ask.lines)
  const sold = priced.lines.flatMap(({ goods }) => goods ?? [])
  const choice = chooseShipping(world, ask, priced)
  const found = findOffers(world, ask)
  const basket: Basket = { currency: priced.currency, lines: sold, shipping: choice.shipping }
  const stacked = stack(found.offers, basket)
  const taxes = ask.address && taxTable(world, ask.address)
  const lines = priced.lines.map((line) => quoteLine(line, sold, { stacked, taxes }))
  const shipping = quoteShipping(choice, { stacked, taxes })
  return {
    currency: priced.currency,
    lines,
    shipping,
    coupons: couponsOf(stacked),
    discounts: sumDiscounts([...lines, ...(shipping ? [shipping] : [])]),
    taxes: sumTaxes([...lines, ...(shipping ? [shipping] : [])]),
    totals: totalsOf(lines, shipping),
    problems: [
      ...priced.problems,
      ...choice.problems,
      ...(choice.method && !shipping ? [goesNot(choice.method)] : []),
      ...found.problems,
      ...unusedCoupons(found.offers, stacked, basket),
    ],
  }
}

interface Terms {
  readonly stacked: Stacked
  readonly taxes: TaxTable | undefined
}

const quoteLine = (
  { asked: { variant, quantity }, sku, name, goods }: PricedLine,
  sold: readonly Goods[],
  { stacked, taxes }: Terms,
): QuotedLine => {
  const product = productOf(variant)
  if (!goods) return { variant, product, sku, name, quantity, ...unsold }
  const at = sold.indexOf(goods)
  const discounts = discountsBy(stacked, ({ lineMinor }) => lineMinor[at] ?? 0)
  const subtotalMinor = subtotalOf(goods)
  const discountMinor = sum(discounts, ({ amountMinor }) => amountMinor)
  const tax = taxOf(subtotalMinor - discountMinor, taxes?.forGoods(goods.categories))
  return {
    variant,
    product,
    sku,
    name,
    quantity,
    unitMinor: goods.unitMinor,
    subtotalMinor,
    discounts,
    discountMinor,
    tax,
    totalMinor: subtotalMinor - discountMinor + onTop(tax),
  }
}

const unsold = {
  unitMinor: null,
  subtotalMinor: 0,
  discounts: [],
  discountMinor: 0,
  tax: null,
  totalMinor: 0,
} as const

const quoteShipping = (
  { method }: Pick<ShippingChoice, 'method'>,
  { stacked, taxes }: Terms,
): QuotedShipping | null => {
  const { shippingMinor: priceMinor } = stacked
  if (!method || priceMinor === undefined) return null
  const discounts = discountsBy(stacked, ({ shippingMinor }) => shippingMinor)
  const discountMinor = sum(discounts, ({ amountMinor }) => amountMinor)
  const tax = taxOf(priceMinor - discountMinor, taxes?.forShipping())
  return {
    method: method.id,
    name: method.name,
    priceMinor,
    discounts,
    discountMinor,
    tax,
    totalMinor: priceMinor - discountMinor + onTop(tax),
    daysMin: method.days.min,
    daysMax: method.days.max,
  }
}

const discountsBy = (
  { counted }: Stacked,
  amountOf: (one: Counted) => number,
): readonly Discount[] =>
  counted
    .map((one) => ({
      promotion: one.offer.promotion.id,
      reason: one.offer.promotion.name,
      coupon: one.offer.coupon,
      amountMinor: amountOf(one),
    }))
    .filter(({ amountMinor }) => amountMinor > 0)

const taxOf = (amountMinor: number, rate: TaxRateView | undefined): Tax | null =>
  rate
    ? {
        rate: rate.id,
        name: rate.name,
        ratePpm: rate.ratePpm,
        isIncluded: rate.isIncluded,
        amountMinor: taxOn(amountMinor, rate.ratePpm, rate.isIncluded),
      }
    : null

const onTop = (tax: Tax | null): number => (tax && !tax.isIncluded ? tax.amountMinor : 0)
const within = (tax: Tax | null): number => (tax?.isIncluded ? tax.amountMinor : 0)

const couponsOf = ({ counted }: Stacked): readonly QuotedCoupon[] =>
  counted.flatMap(({ offer: { coupon, promotion } }) =>
    coupon === null ? [] : [{ code: coupon, promotion: promotion.id }],
  )

type Part = Pick<QuotedLine, 'discounts' | 'tax'>

const sumDiscounts = (parts: readonly Part[]): readonly Discount[] =>
  addUp(
    parts.flatMap(({ discounts }) => discounts),
    ({ promotion }) => promotion,
  )

const sumTaxes = (parts: readonly Part[]): readonly Tax[] =>
  addUp(
    parts.flatMap(({ tax }) => tax ?? []),
    ({ rate }) => rate,
  )

/** One of each key, with the amounts of all that have it. */
const addUp = <T extends { readonly amountMinor: number }>(
  items: readonly T[],
  keyOf: (item: T) => string,
): readonly T[] =>
  [...Map.groupBy(items, keyOf).values()].flatMap((same) =>
    same.slice(0, 1).map((one) => ({ ...one, amountMinor: sum(same, (each) => each.amountMinor) })),
  )

const totalsOf = (lines: readonly QuotedLine[], shipping: QuotedShipping | null): Totals => {
  const parts = [...lines, ...(shipping ? [shipping] : [])]
  return {
    itemsMinor: sum(lines, ({ subtotalMinor }) => subtotalMinor),
    discountMinor: sum(lines, ({ discountMinor }) => discountMinor),
    shippingMinor: shipping?.priceMinor ?? 0,
    shippingDiscountMinor: shipping?.discountMinor ?? 0,
    taxMinor: sum(parts, ({ tax }) => onTop(tax)),
    includedTaxMinor: sum(parts, ({ tax }) => within(tax)),
    totalMinor: sum(parts, ({ totalMinor }) => totalMinor),
  }
}

const sum = <T>(items: readonly T[], part: (item: T) => number): number =>
  items.reduce((total, item) => total + part(item), 0)
