/** What may be asked of shipping's read model. */

import type Database from 'better-sqlite3'

export interface ShippingQueries {
  /** Shipments by id, as JSON: those after `after`, of one order or of all. */
  shipments(order: string | undefined, after: string, limit: number): readonly ShipmentRow[]
}

export interface ShipmentRow {
  readonly id: string
  readonly json: string
}

export const createShippingQueries = (database: Database.Database): ShippingQueries => {
  const ofAll = database.prepare<[string, number], ShipmentRow>(
    'select id, json from shipments where id > ? order by id limit ?',
  )
  const ofOrder = database.prepare<[string, string, number], ShipmentRow>(
    'select id, json from shipments where order_id = ? and id > ? order by id limit ?',
  )
  return {
    shipments: (order, after, limit) =>
      order === undefined ? ofAll.all(after, limit) : ofOrder.all(order, after, limit),
  }
}
