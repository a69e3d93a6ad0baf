/** The stock of one variant: how much came in, how much was sold, and which replica may sell how much. */

import * as escrowCounter from '../../crdt/escrow-counter.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import { edit, schema, type Document } from '../../crdt/document.ts'
import { productOf, type VariantId } from '../catalog/ids.ts'
import { documentKind, draftDelta, type DraftDelta, type World } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import { isBoolean } from '../guards.ts'

export const stock = schema('stock', 1, {
  units: [1, escrowCounter.shape],
  /** Set for a variant whose stock is counted; others are sold without counting. */
  isTracked: [2, lwwRegister.shape(isBoolean)],
})

export type Stock = Document<typeof stock.fields>

/** The units that somebody may still sell; undefined if they are not counted. */
export const available = ({ store }: Stock): number | undefined =>
  lwwRegister.read({ store: store.isTracked })
    ? escrowCounter.available({ store: store.units })
    : undefined

/** The delta by which a variant's stock begins to be counted, with `units` received here. */
export const begin = (world: World, variant: VariantId, units: number): DraftDelta => {
  const delta = edit(stock, world.read(stock, variant), {
    isTracked: (register) => lwwRegister.write(register, world.time, true),
    units: units > 0 ? (counter) => escrowCounter.receive(counter, world.replica, units) : [],
  })
  return draftDelta(stock, variant, delta)
}

export const stockTable: Table = {
  name: 'stock',
  columns: ['variant', 'product', 'available'],
  isSingle: true,
}

export const stockSql = `
create table if not exists stock (
  document  integer primary key,
  variant   text    not null,
  product   text    not null,
  available integer not null
) strict;
-- All that a product's page asks, so that it need not go to the table.
create index if not exists stock_by_product on stock (product, variant, available);
`

export const stockKind = documentKind({
  schema: stock,
  tables: [stockTable],
  project: (id, document) => {
    const units = available(document)
    return units === undefined
      ? {}
      : { stock: [{ variant: id, product: productOf(id as VariantId), available: units }] }
  },
})
