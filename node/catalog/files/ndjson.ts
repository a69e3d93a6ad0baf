/** Catalog NDJSON: one product a line, with its price as a decimal number. */

import { decimalOf, type Money } from '../money.ts'
import { readLines, type Line, type LinesOptions } from './lines.ts'
import { defaultCurrency, parseRecord, type CatalogEntry, type CatalogRecord } from './record.ts'

/** Every product of a file, in order, and what is wrong with the lines that hold none. Blank lines pass. */
export async function* readNdjson(
  chunks: AsyncIterable<Uint8Array>,
  options: LinesOptions = {},
): AsyncGenerator<CatalogEntry, void, undefined> {
  for await (const line of readLines(chunks, options)) {
    if ('fault' in line || line.text.trim() !== '') yield entryOf(line)
  }
}

const entryOf = (line: Line): CatalogEntry => {
  if ('fault' in line) return { line: line.number, reason: line.fault }
  let value: unknown
  try {
    value = JSON.parse(line.text)
  } catch {
    return { line: line.number, reason: 'the line is no JSON' }
  }
  const record = parseRecord(value)
  return record.ok
    ? { line: line.number, record: record.value }
    : { line: line.number, reason: record.refusal }
}

/** A record as its line, without the line break. Reading it gives an equal record. */
export const writeRecord = (record: CatalogRecord): string => {
  const { sku, name, description, brand, categories, price, tags, popularity, quantity } = record
  // `undefined` fields are left out by the encoding, so the order of fields is the file's order.
  return JSON.stringify({
    sku,
    name,
    description,
    brand,
    categories,
    ...priceFields(price, defaultCurrency),
    ...imageFields(record),
    tags: tags.length > 0 ? tags : undefined,
    popularity,
    quantity,
    variants: record.variants.length > 0 ? record.variants.map(variantLine(price)) : undefined,
  })
}

const priceFields = (price: Money, currencyUnlessSaid: string) => ({
  price: decimalOf(price),
  currency: price.currency === currencyUnlessSaid ? undefined : price.currency,
})

// The plain form where it says everything, because most catalogs have one picture a product.
const imageFields = ({ images }: CatalogRecord) => {
  const [first, ...others] = images
  if (first === undefined) return {}
  return others.length === 0 && first.alt === undefined ? { image: first.url } : { images }
}

const variantLine =
  (productPrice: Money) =>
  ({ sku, options, price, quantity }: CatalogRecord['variants'][number]) => ({
    sku,
    options,
    ...(price && priceFields(price, productPrice.currency)),
    quantity,
  })
