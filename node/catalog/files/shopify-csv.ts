/**
 * Shopify's product CSV: a product is the run of rows with one handle, its first row the product
 * itself, each row a variant, an image, or both.
 *
 * A product's line is its first row's. A row that cannot be read is a fault of its own; when the rows
 * after it go on with the same product, that product is refused too, because one of its variants may
 * be the row that is missing, and half a product is worse than none.
 */

import { readCsvRows, type CsvRow } from './csv-rows.ts'
import { defaultCurrency, type CatalogEntry } from './record.ts'
import { columnsOf, productEntry, type ShopifyRow } from './shopify-product.ts'

export interface ShopifyOptions {
  /** The file does not say it. */
  readonly currency?: string
  /** Entries of lines up to this one are left out. */
  readonly afterLine?: number
}

/** Shopify's own limits are 2,048 variants and 250 images a product. */
const groupRowsMax = 4096

/** Every product of a file, in order, and what is wrong with the rows that make none. */
export async function* readShopifyCsv(
  chunks: AsyncIterable<Uint8Array>,
  { currency = defaultCurrency, afterLine = 0 }: ShopifyOptions = {},
): AsyncGenerator<CatalogEntry, void, undefined> {
  let columns: ReadonlyMap<string, number> | undefined
  let group: Group | undefined
  for await (const row of readCsvRows(chunks)) {
    if (columns === undefined) {
      columns = 'fields' in row ? columnsOf(row.fields) : undefined
      if (columns === undefined) {
        yield {
          line: row.line,
          reason: 'the file does not begin with the columns of Shopify’s product CSV',
        }
        return
      }
      continue
    }
    const step = nextGroup(group, row, columns)
    if (step.closed) yield* entriesOf(step.closed, { currency, afterLine })
    if (step.entry && step.entry.line > afterLine) yield step.entry
    group = step.group
  }
  if (group) yield* entriesOf(group, { currency, afterLine })
}

/** The rows of the product being read. */
interface Group {
  readonly handle: string
  readonly line: number
  readonly rows: ShopifyRow[]
  /** Unreadable rows since the last readable one; they are told after the product, to keep line order. */
  readonly faults: CatalogEntry[]
  /** Why the product is refused whatever its rows say. */
  fault?: string
}

interface Step {
  readonly group: Group | undefined
  readonly closed?: Group
  readonly entry?: CatalogEntry
}

const nextGroup = (
  group: Group | undefined,
  row: CsvRow,
  columns: ReadonlyMap<string, number>,
): Step => {
  if ('fault' in row) return withFault(group, { line: row.line, reason: row.fault })
  const cell = (name: string): string => row.fields[columns.get(name) ?? -1]?.trim() ?? ''
  const handle = cell('handle')
  if (handle === '') return withFault(group, { line: row.line, reason: 'the row has no Handle' })
  const shopifyRow: ShopifyRow = { line: row.line, cell }
  if (group?.handle !== handle) {
    const next: Group = { handle, line: row.line, rows: [shopifyRow], faults: [] }
    return group ? { group: next, closed: group } : { group: next }
  }
  const unreadable = group.faults.at(-1)
  if (unreadable) group.fault ??= `its row on line ${unreadable.line} cannot be read`
  if (group.rows.length < groupRowsMax) group.rows.push(shopifyRow)
  else group.fault ??= `it has more than ${groupRowsMax} rows`
  return { group }
}

const withFault = (group: Group | undefined, entry: CatalogEntry): Step => {
  if (group === undefined) return { group, entry }
  group.faults.push(entry)
  // Faults without end must not fill the memory either; no real product stands around so many.
  return group.faults.length < groupRowsMax ? { group } : { group: undefined, closed: group }
}

function* entriesOf(
  group: Group,
  { currency, afterLine }: Required<ShopifyOptions>,
): Generator<CatalogEntry, void, undefined> {
  const { handle, line, rows, fault } = group
  if (line > afterLine) {
    yield fault === undefined
      ? productEntry({ handle, line, rows, currency })
      : { line, reason: fault }
  }
  for (const entry of group.faults) if (entry.line > afterLine) yield entry
}
