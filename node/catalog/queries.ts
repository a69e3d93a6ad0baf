/** What may be asked of the catalog's read model. */

import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { Refusal } from '../errors.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { stockOfProductSql } from '../inventory/projection.ts'
import { ok, type Result } from '../result.ts'
import { brandIdOf, slug, type ProductId, type VariantId } from './ids.ts'
import { uncountedJson } from './product.ts'

export const productSorts = [
  'newest',
  'oldest',
  'price_asc',
  'price_desc',
  'name',
  'popularity',
] as const
export type ProductSort = (typeof productSorts)[number]

export interface ProductFilter {
  /** A category's id, or the name of one anywhere in the tree; what is below it is included. */
  readonly category?: string | undefined
  readonly tag?: string | undefined
  readonly brand?: string | undefined
  /** Minor units. */
  readonly minPrice?: number | undefined
  readonly maxPrice?: number | undefined
  readonly minRating?: number | undefined
  readonly inStock?: boolean | undefined
  readonly sort: ProductSort
  readonly limit: number
  readonly cursor?: string | undefined
}

/** One page: JSON texts as they are answered. */
export interface Page {
  readonly items: readonly string[]
  readonly next?: string
}

export interface CatalogQueries {
  /** The product's JSON, if it is there to be sold. */
  product(id: ProductId): string | undefined
  products(filter: ProductFilter): Result<Page, Refusal>
  /** The products that have this SKU, their own or a variant's. */
  skuOwners(sku: string): readonly ProductId[]
  categories(): readonly CountedJson[]
  category(id: string): CountedJson | undefined
  brands(): readonly CountedJson[]
  brand(id: string): CountedJson | undefined
  tags(limit: number): readonly { readonly tag: string; readonly productCount: number }[]
}

export interface CountedJson {
  readonly json: string
  readonly productCount: number
}

const order: Record<ProductSort, { readonly by: string; readonly direction: 'asc' | 'desc' }> = {
  newest: { by: 'created_ms', direction: 'desc' },
  oldest: { by: 'created_ms', direction: 'asc' },
  price_asc: { by: 'price', direction: 'asc' },
  price_desc: { by: 'price', direction: 'desc' },
  name: { by: 'name', direction: 'asc' },
  popularity: { by: 'popularity', direction: 'desc' },
}

/**
 * Where a page ended: the sort it was of, the last item's key and, for equal keys, its id. Equal keys
 * come in the order in which this node met the products, which is another at every node.
 */
const Position = z.tuple([z.enum(productSorts), z.union([z.string(), z.number()]), z.string()])

export const createCatalogQueries = (database: Database.Database): CatalogQueries => {
  const product = database.prepare<[string], Pick<ProductRow, 'json' | 'stock'>>(
    `select json, ${stockJson} as stock
     from documents join products on products.document = documents.number
     where documents.kind = 'product' and documents.id = ?`,
  )
  const skuOwners = database
    .prepare<[string], ProductId>(
      'select id from product_skus join products using (document) where sku = ?',
    )
    .pluck()
  const categories = database.prepare<[], CountedJson>(
    `select json, (select count(*) from product_categories where category = categories.id)
       as productCount from categories order by id`,
  )
  const category = database.prepare<[string], CountedJson>(
    `select json, (select count(*) from product_categories where category = categories.id)
       as productCount from categories where id = ?`,
  )
  const brands = database.prepare<[], CountedJson>(
    `select json, (select count(*) from products where brand = brands.id) as productCount
     from brands order by id`,
  )
  const brand = database.prepare<[string], CountedJson>(
    `select json, (select count(*) from products where brand = brands.id) as productCount
     from brands where id = ?`,
  )
  const tags = database.prepare<[number], { tag: string; productCount: number }>(
    `select tag, count(*) as productCount from product_tags
     group by tag order by productCount desc, tag limit ?`,
  )
  // One statement for each combination of filters and sort that was asked for: a few dozen at most.
  const statements = new Map<string, Database.Statement<unknown[], ProductRow>>()
  const prepared = (sql: string) => {
    const statement = statements.get(sql) ?? database.prepare<unknown[], ProductRow>(sql)
    statements.set(sql, statement)
    return statement
  }

  return {
    product: (id) => {
      const row = product.get(id)
      return row && withStock(row)
    },
    skuOwners: (sku) => skuOwners.all(sku),

    products: (filter) => {
      const after = filter.cursor === undefined ? ok(undefined) : parsePosition(filter)
      if (!after.ok) return after
      const { sql, values } = productQuery(filter, after.value)
      const rows = prepared(sql).all(...values, filter.limit + 1)
      const items = rows.slice(0, filter.limit)
      const last = items.at(-1)
      const next = rows.length > filter.limit && last && [filter.sort, last.key, last.id]
      return ok({
        items: items.map(withStock),
        ...(next ? { next: encodeCursor(next) } : {}),
      })
    },

    categories: () => categories.all(),
    category: (id) => category.get(id),
    brands: () => brands.all(),
    brand: (id) => brand.get(id),
    tags: (limit) => tags.all(limit),
  }
}

interface ProductRow {
  readonly id: string
  readonly key: string | number
  readonly json: string
  /** The units of each variant that is counted, as JSON. */
  readonly stock: string
}

const stockJson = `(select json_group_object(variant, units)
  from (${stockOfProductSql}) where mode is not 'untracked')`

// A product's JSON says of each variant that it is not counted; nothing in a text can look the same,
// because quotes in a text are escaped.
const withStock = ({ json, stock }: Pick<ProductRow, 'json' | 'stock'>): string => {
  if (stock === '{}') return json
  const units = Object.entries(JSON.parse(stock) as Record<VariantId, number>)
  return units.reduce((text, [variant, available]) => {
    const uncounted = uncountedJson(variant as VariantId)
    return text.replace(uncounted, () => uncounted.replace('null', String(available)))
  }, json)
}

interface Position {
  readonly key: string | number
  readonly id: string
}

const parsePosition = ({
  cursor = '',
  sort,
}: ProductFilter): Result<Position | undefined, Refusal> => {
  const decoded = decodeCursor(cursor, Position)
  if (!decoded.ok) return decoded
  const [sortedBy, key, id] = decoded.value
  return sortedBy === sort
    ? ok({ key, id })
    : {
        ok: false,
        refusal: {
          code: 'invalid_cursor',
          detail: `The cursor is of a list sorted by ${sortedBy}`,
        },
      }
}

const productQuery = (
  filter: ProductFilter,
  after: Position | undefined,
): { readonly sql: string; readonly values: readonly unknown[] } => {
  const { by, direction } = order[filter.sort]
  const conditions: string[] = []
  const values: unknown[] = []
  const where = (condition: string, ...given: readonly unknown[]) => {
    conditions.push(condition)
    values.push(...given)
  }
  if (filter.category !== undefined) {
    const { id, name } = categoryTerms(filter.category)
    where(
      `document in (select document from product_categories where category in (
         select below.id from categories as above
         join categories as below
           on below.id = above.id or (below.id > above.id || '.' and below.id < above.id || '/')
         where above.id = ? or above.slug = ?))`,
      id,
      name,
    )
  }
  if (filter.tag !== undefined) {
    where('document in (select document from product_tags where tag = ?)', filter.tag)
  }
  if (filter.brand !== undefined) where('brand = ?', brandIdOf(filter.brand))
  if (filter.minPrice !== undefined) where('price >= ?', filter.minPrice)
  if (filter.maxPrice !== undefined) where('price <= ?', filter.maxPrice)
  if (filter.minRating !== undefined) where('rating >= ?', filter.minRating)
  if (filter.inStock !== undefined) where(filter.inStock ? isInStock : `not (${isInStock})`)
  if (after) {
    const { comes, start } = beyond[direction]
    // A product that this node does not know: its equals are rather told twice than not at all.
    const met = `coalesce((select number from documents where kind = 'product' and id = ?), ${start})`
    where(`(${by}, document) ${comes} (?, ${met})`, after.key, after.id)
  }
  const condition = conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''
  return {
    sql: `select id, ${by} as key, json, ${stockJson} as stock from products ${condition}
          order by ${by} ${direction}, document ${direction} limit ?`,
    values,
  }
}

const beyond = {
  asc: { comes: '>', start: '-1' },
  desc: { comes: '<', start: String(2n ** 63n - 1n) },
} as const

// Stock that is not counted never runs out.
const isInStock = `(not exists (select 1 from stock where product = products.id)
  or exists (select 1 from (${stockOfProductSql}) where mode is not 'rights' or units > 0))`

// "phones.prepaid" is an id; "Prepaid Phones" and "Phones > Prepaid Phones" are names.
const categoryTerms = (text: string): { readonly id: string; readonly name: string } => ({
  id: text
    .split(/\s*>\s*|\./)
    .map(slug)
    .join('.'),
  name: slug(text),
})
