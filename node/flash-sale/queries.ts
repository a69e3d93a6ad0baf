/** What may be asked of the read model of flash sales. */

import type Database from 'better-sqlite3'
import type { VariantId } from '../catalog/ids.ts'
import type { SaleId } from './sale.ts'

export interface SaleQueries {
  /** The sales that are on, those that end first in front. */
  on(nowMs: number, limit: number): readonly SaleRow[]
  /** The sale to speak of if nobody says which: one that is on, else the next, else the last. */
  current(nowMs: number): SaleRow | undefined
  /** All, the latest first. */
  list(before: SaleCursor, limit: number): readonly (SaleRow & SaleCursor)[]
  /** Units of a sale by what became of them. */
  totals(sale: SaleId, nowMs: number): { readonly sold: number; readonly held: number }
  purchasesOf(buyer: string, before: number, limit: number): readonly PurchaseRow[]
  purchase(attempt: string): PurchaseRow | undefined
}

export interface SaleRow {
  readonly id: SaleId
  readonly variant: VariantId
}

export interface SaleCursor {
  readonly startsMs: number
  readonly id: string
}

export interface PurchaseRow {
  readonly sale: SaleId
  readonly buyer: string
  readonly attempt: string
  readonly atMs: number
}

const columns = 'sale, buyer, attempt, at_ms as atMs'

export const createSaleQueries = (database: Database.Database): SaleQueries => {
  const on = database.prepare<[number, number, number], SaleRow>(
    `select id, variant from flash_sales where starts_ms <= ? and ends_ms > ?
     order by ends_ms, id limit ?`,
  )
  const next = database.prepare<[number], SaleRow>(
    'select id, variant from flash_sales where starts_ms > ? order by starts_ms, id limit 1',
  )
  const last = database.prepare<[], SaleRow>(
    'select id, variant from flash_sales order by ends_ms desc, id limit 1',
  )
  const list = database.prepare<[number, string, number], SaleRow & SaleCursor>(
    `select id, variant, starts_ms as startsMs from flash_sales
     where (starts_ms, id) < (?, ?) order by starts_ms desc, id desc limit ?`,
  )
  const totals = database.prepare<[number, SaleId], { sold: number | null; held: number | null }>(
    `select sum(units) filter (where state = 'bought') as sold,
       sum(units) filter (where state = 'held' and until_ms > ?) as held
     from purchases where sale = ?`,
  )
  const purchasesOf = database.prepare<[string, number, number], PurchaseRow>(
    `select ${columns} from purchases where buyer = ? and at_ms < ?
     order by at_ms desc limit ?`,
  )
  const purchase = database.prepare<[string], PurchaseRow>(
    `select ${columns} from purchases where attempt = ?`,
  )
  return {
    on: (nowMs, limit) => on.all(nowMs, nowMs, limit),
    current: (nowMs) => on.get(nowMs, nowMs, 1) ?? next.get(nowMs) ?? last.get(),
    list: ({ startsMs, id }, limit) => list.all(startsMs, id, limit),
    totals: (sale, nowMs) => {
      const found = totals.get(nowMs, sale)
      return { sold: found?.sold ?? 0, held: found?.held ?? 0 }
    },
    purchasesOf: (buyer, before, limit) => purchasesOf.all(buyer, before, limit),
    purchase: (attempt) => purchase.get(attempt),
  }
}
