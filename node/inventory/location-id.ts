/** Where stock lies: the ids of locations, and of the stock that a variant has at one. */

import { isVariantId, type VariantId } from '../catalog/ids.ts'

export type LocationId = string & { readonly brand: 'LocationId' }

/** The id of a document `stock`: `<variant>.<location>`. */
export type StockId = string & { readonly brand: 'StockId' }

export const isLocationId = (text: string): text is LocationId =>
  /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/.test(text)

/** Where stock is if nobody says where; it is there without having been made. */
export const mainLocation = 'main' as LocationId

export const stockIdOf = (variant: VariantId, location: LocationId): StockId =>
  `${variant}.${location}` as StockId

/** What a stock is of, and where; undefined if the text is no stock's id. */
export const parseStockId = (
  text: string,
): { readonly variant: VariantId; readonly location: LocationId } | undefined => {
  const at = text.indexOf('.')
  const variant = text.slice(0, at)
  const location = text.slice(at + 1)
  return isVariantId(variant) && isLocationId(location) ? { variant, location } : undefined
}
