/** The products that were read lately, as they are answered: most reads are of few products. */

import { productOf, type ProductId, type VariantId } from './ids.ts'
import { cachedProductsMax } from './limits.ts'
import type { CatalogQueries } from './queries.ts'

export interface ProductCache {
  /** The product's JSON, if it is there to be sold. */
  product(id: ProductId): string | undefined
  /** To be told of every document that a transaction changed, before anything else is read. */
  forget(changed: Iterable<ChangedDocument>): void
}

export interface ChangedDocument {
  readonly kind: { readonly schema: { readonly kind: string } }
  readonly id: string
}

export const createProductCache = (queries: Pick<CatalogQueries, 'product'>): ProductCache => {
  // In the order of reading anew, so that the first is the oldest.
  const jsonById = new Map<string, string>()

  const load = (id: ProductId): string | undefined => {
    const json = queries.product(id)
    if (json === undefined) return undefined
    if (jsonById.size >= cachedProductsMax) {
      const { value: oldest } = jsonById.keys().next()
      if (oldest !== undefined) jsonById.delete(oldest)
    }
    jsonById.set(id, json)
    return json
  }

  return {
    product: (id) => jsonById.get(id) ?? load(id),
    forget: (changed) => {
      for (const id of productsChangedBy(changed)) jsonById.delete(id)
    },
  }
}

/** The products that read otherwise since these documents changed. */
export function* productsChangedBy(changed: Iterable<ChangedDocument>): Generator<ProductId> {
  for (const { kind, id } of changed) {
    if (kind.schema.kind === 'product') yield id as ProductId
    else if (kind.schema.kind === 'stock') yield productOf(id as VariantId)
  }
}
