/** Which format a catalog file is in. */

import { ok, refused, type Result } from '../../result.ts'
import { readNdjson } from './ndjson.ts'
import type { CatalogEntry } from './record.ts'
import { readShopifyCsv, type ShopifyOptions } from './shopify-csv.ts'

export type CatalogFormat = 'ndjson' | 'shopify-csv'

/** How much of a file tells its format: more than the longest header row seen in the wild. */
export const headBytes = 64 * 1024

/** Decided by the file's first bytes, and where they are empty or say nothing, by its name. */
export const formatOf = (name: string, head: Uint8Array): Result<CatalogFormat, string> => {
  const text = new TextDecoder().decode(head).trimStart()
  if (text.startsWith('{')) return ok('ndjson')
  if (text.startsWith('[')) {
    return refused(`${name} is a JSON array; a catalog has one product a line, without brackets`)
  }
  const header = text.split('\n', 1)[0]?.toLowerCase() ?? ''
  if (/(^|[,"])(url )?handle([,"]|$)/.test(header)) return ok('shopify-csv')
  if (/\.(ndjson|jsonl)$/i.test(name)) return ok('ndjson')
  return refused(
    /\.csv$/i.test(name)
      ? `${name} is no Shopify product CSV: its first row has no column Handle`
      : `${name} is neither NDJSON (one JSON object a line) nor a Shopify product CSV`,
  )
}

/** Every entry of a file in `format`. */
export const readCatalog = (
  chunks: AsyncIterable<Uint8Array>,
  { format, ...options }: { readonly format: CatalogFormat } & ShopifyOptions,
): AsyncGenerator<CatalogEntry, void, undefined> =>
  format === 'ndjson' ? readNdjson(chunks, options) : readShopifyCsv(chunks, options)
