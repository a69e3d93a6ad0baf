/** What shop and shopper agree on when an order is placed: its lines, prices, address, and who takes the payment. */

import type { Value } from '../../crdt/value.ts'
import { isVariantId, type VariantId } from '../catalog/ids.ts'
import { isFields, isNatural, isText, isTextOrNull, isTexts } from '../guards.ts'
import { isLocationId } from '../inventory/location-id.ts'
import type { HeldUnits } from '../inventory/reservation.ts'
import { stockModes } from '../inventory/stock.ts'

/** One variant of an order, with its price as it was agreed. */
export type OrderLine = {
  readonly variant: VariantId
  readonly sku: string
  readonly name: string
  readonly options: { readonly [name: string]: string }
  readonly units: number
  /** Of one unit, before discounts; like all amounts here, minor units of the order's currency. */
  readonly unitPrice: number
  readonly discount: number
  readonly tax: number
  /** What the shopper pays for the line; the lines and the shipping make up the order's total. */
  readonly total: number
}

/** `total` = items − discount + shipping + tax. */
export type Totals = {
  readonly items: number
  readonly discount: number
  readonly shipping: number
  /** Tax that comes on top of prices. */
  readonly tax: number
  /** Tax that prices have in them. */
  readonly includedTax: number
  readonly total: number
}

/** How it is sent, and what of the total that is. */
export type OrderShipping = {
  readonly method: string
  readonly name: string
  readonly total: number
}

export type OrderAddress = {
  readonly name: string
  readonly line1: string
  readonly line2: string | null
  readonly city: string
  readonly state: string | null
  readonly postalCode: string
  readonly country: string
  readonly phone: string | null
}

/** Units that were sold from a place: where they go back to, if they do. */
export type SoldUnits = HeldUnits

/** What shop and shopper agree on. */
export type Agreement = {
  /** `account/…` or `cart/…`: whose order it is. */
  readonly who: string
  /** The cart that it was made of, whose token opens the order too. */
  readonly cart: string | null
  readonly currency: string
  readonly lines: readonly OrderLine[]
  readonly totals: Totals
  readonly address: OrderAddress
  /** null: nothing was chosen, and nothing is charged. */
  readonly shipping: OrderShipping | null
  /** Coupons that count, with the promotions that they are of. */
  readonly coupons: readonly OrderCoupon[]
  /** Who takes the payment; null for an order that is paid some other way. */
  readonly payment: string | null
}

export type OrderCoupon = { readonly code: string; readonly promotion: string }

export const isListOf = (value: Value, is: (item: Value) => boolean): boolean =>
  Array.isArray(value) && value.every(is)

const isLine = (value: Value): boolean =>
  isFields(value) &&
  ['variant', 'sku', 'name'].every((name) => isText(value[name] ?? null)) &&
  isTexts(value['options'] ?? null) &&
  ['units', 'unitPrice', 'discount', 'tax', 'total'].every((name) => isNatural(value[name] ?? null))

const isTotals = (value: Value): boolean =>
  isFields(value) &&
  ['items', 'discount', 'shipping', 'tax', 'includedTax', 'total'].every((name) =>
    isNatural(value[name] ?? null),
  )

const isShipping = (value: Value): boolean =>
  value === null ||
  (isFields(value) &&
    ['method', 'name'].every((name) => isText(value[name] ?? null)) &&
    isNatural(value['total'] ?? null))

export const isAddress = (value: Value): value is OrderAddress =>
  isFields(value) &&
  ['name', 'line1', 'city', 'postalCode', 'country'].every((name) => isText(value[name] ?? null)) &&
  ['line2', 'state', 'phone'].every((name) => isTextOrNull(value[name] ?? null))

export const isSoldUnits = (value: Value): value is SoldUnits => {
  if (!isFields(value)) return false
  const { variant = null, location = null, units = null, mode = null } = value
  return (
    isText(variant) &&
    isVariantId(variant) &&
    isText(location) &&
    isLocationId(location) &&
    isNatural(units) &&
    stockModes.some((one) => one === mode)
  )
}

const isCoupon = (value: Value): boolean =>
  isFields(value) && isText(value['code'] ?? null) && isText(value['promotion'] ?? null)

export const isAgreement = (value: Value): value is Agreement => {
  if (!isFields(value)) return false
  const get = (name: string): Value => value[name] ?? null
  return (
    isText(get('who')) &&
    isText(get('currency')) &&
    isTextOrNull(get('cart')) &&
    isTextOrNull(get('payment')) &&
    isShipping(get('shipping')) &&
    isListOf(get('lines'), isLine) &&
    isTotals(get('totals')) &&
    isAddress(get('address')) &&
    isListOf(get('coupons'), isCoupon)
  )
}
