/** The rows that stock becomes, and the questions that the catalog's lists ask of them in SQL. */

import { productOf } from '../catalog/ids.ts'
import { documentKind } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import { holdsOf } from './holds.ts'
import { parseStockId } from './location-id.ts'
import { available, modeOf, stock, thresholdOf, type Stock } from './stock.ts'

export const stockTable: Table = {
  name: 'stock',
  columns: ['variant', 'location', 'product', 'mode', 'available', 'low', 'hold_until_ms'],
  isSingle: true,
}

export const stockSql = `
create table if not exists stock (
  document      integer primary key,
  variant       text    not null,
  location      text    not null,
  product       text    not null,
  -- Of the main location the mode of the variant; of others it says nothing.
  mode          text    not null,
  available     integer not null,
  -- The threshold at or below which it is low, if it is.
  low           integer,
  -- When the first of the holds is over.
  hold_until_ms integer
) strict;
-- All that a product's page asks, so that it need not go to the table.
create index if not exists stock_by_product on stock (product, variant, location, mode, available);
create index if not exists stock_by_variant on stock (variant, location);
create index if not exists stock_by_hold on stock (hold_until_ms) where hold_until_ms is not null;
create index if not exists stock_that_is_low on stock (document) where low is not null;
`

export const stockKind = documentKind({
  schema: stock,
  tables: [stockTable],
  project: (id, document) => {
    const place = parseStockId(id)
    const units = available(document)
    if (!place || units === undefined) return {}
    const { variant, location } = place
    const threshold = thresholdOf(document)
    return {
      stock: [
        {
          variant,
          location,
          product: productOf(variant),
          mode: modeOf(document),
          available: units,
          low: threshold !== null && units <= threshold ? threshold : null,
          hold_until_ms: firstExpiry(document),
        },
      ],
    }
  },
})

const firstExpiry = (document: Stock): number | null => {
  let first: number | null = null
  for (const { untilMs } of holdsOf(document)) {
    if (first === null || untilMs < first) first = untilMs
  }
  return first
}

/** The units of each counted variant of a product, as one row each: variant, mode, units. */
export const stockOfProductSql = `
select variant, max(case when location = 'main' then mode end) as mode,
  max(sum(available), 0) as units
from stock where product = products.id group by variant`
