/** What may be asked of the stock's read model. */

import type Database from 'better-sqlite3'
import type { VariantId } from '../catalog/ids.ts'
import { stockIdOf, type LocationId, type StockId } from './location-id.ts'

export interface InventoryQueries {
  /** Stocks after a document's number, in the order of these numbers; 0 begins. */
  stocksAfter(
    document: number,
    limit: number,
  ): readonly { readonly document: number; readonly id: StockId }[]
  /** Stocks of which a hold's time is over, whoever's it is, in the order of that time. */
  stocksWithHoldsOver(nowMs: number, after: HoldOver, limit: number): readonly HoldOver[]
  /** Stocks that are at or below their threshold, in the order of their numbers. */
  lowStocks(after: number, limit: number): readonly LowStock[]
  /** The rows of one variant, main location first. */
  stocksOf(variant: VariantId): readonly StockRow[]
  /** The nodes whose estates are open. */
  openEstates(): readonly string[]
  locations(after: string, limit: number): readonly { readonly id: string; readonly json: string }[]
  location(id: string): string | undefined
}

export interface HoldOver {
  readonly untilMs: number
  readonly document: number
  readonly id: StockId
}

export interface StockRow {
  readonly location: LocationId
  readonly available: number
}

export interface LowStock {
  readonly document: number
  readonly variant: VariantId
  readonly location: LocationId
  readonly available: number
  readonly threshold: number
}

interface PlaceRow {
  readonly document: number
  readonly variant: VariantId
  readonly location: LocationId
}

export const createInventoryQueries = (database: Database.Database): InventoryQueries => {
  const stocksAfter = database.prepare<[number, number], PlaceRow>(
    'select document, variant, location from stock where document > ? order by document limit ?',
  )
  const holdsOver = database.prepare<[number, number, number, number], PlaceRow & HoldOver>(
    `select document, variant, location, hold_until_ms as untilMs from stock
     where hold_until_ms <= ? and (hold_until_ms, document) > (?, ?)
     order by hold_until_ms, document limit ?`,
  )
  const lowStocks = database.prepare<[number, number], LowStock>(
    `select document, variant, location, available, low as threshold from stock
     where low is not null and document > ? order by document limit ?`,
  )
  const stocksOf = database.prepare<[string], StockRow>(
    `select location, available from stock where variant = ?
     order by location <> 'main', location`,
  )
  const openEstates = database.prepare<[], string>('select node from estates order by node').pluck()
  const locations = database.prepare<[string, number], { id: string; json: string }>(
    'select id, json from locations where id > ? order by id limit ?',
  )
  const location = database
    .prepare<[string], string>('select json from locations where id = ?')
    .pluck()

  return {
    stocksAfter: (document, limit) =>
      stocksAfter.all(document, limit).map((row) => ({ document: row.document, id: idOf(row) })),
    stocksWithHoldsOver: (nowMs, { untilMs, document }, limit) =>
      holdsOver
        .all(nowMs, untilMs, document, limit)
        .map((row) => ({ untilMs: row.untilMs, document: row.document, id: idOf(row) })),
    lowStocks: (after, limit) => lowStocks.all(after, limit),
    stocksOf: (variant) => stocksOf.all(variant),
    openEstates: () => openEstates.all(),
    locations: (after, limit) => locations.all(after, limit),
    location: (id) => location.get(id),
  }
}

const idOf = ({ variant, location }: PlaceRow): StockId => stockIdOf(variant, location)
