/**
 * Which product has a SKU, so that no second one is given it, as far as this node knows.
 *
 * The read model knows it of everything that is written. Commands that are decided in one transaction
 * with others must also know what those before them took, which is written at the end of it; what was
 * taken is therefore remembered here, and believed only if the product's document says the same.
 * Two regions that are cut off from each other can still give one SKU to two products: then both are
 * kept, and the conflict is listed for the admin.
 */

import type { World } from '../core/capability.ts'
import { batchCommandsMax } from '../core/limits.ts'
import { productIdOf, type ProductId } from './ids.ts'
import { variantsMax } from './limits.ts'
import { isLive, product, text, variantFieldsOf, type Product } from './product.ts'

export interface SkuOwners {
  /** A product other than `id` that has the SKU and is there to be sold. */
  other(world: World, sku: string, id: ProductId): ProductId | undefined
  /** Notes that a command is about to give these SKUs to a product. */
  take(skus: Iterable<string>, id: ProductId): void
}

/** As many as one transaction can take. */
const takenMax = batchCommandsMax * variantsMax

export const createSkuOwners = (queries: {
  readonly skuOwners: (sku: string) => readonly ProductId[]
}): SkuOwners => {
  // In the order of taking, so that the oldest leave first.
  const taken = new Map<string, ProductId>()

  return {
    other: (world, sku, id) =>
      [productIdOf(sku), taken.get(sku), ...queries.skuOwners(sku)]
        .filter((owner) => owner !== undefined)
        .find((owner) => owner !== id && has(world.read(product, owner), sku)),
    take: (skus, id) => {
      for (const sku of skus) {
        // A product's own SKU names its document, which is found without a note.
        if (productIdOf(sku) === id) continue
        taken.delete(sku)
        taken.set(sku, id)
      }
      for (const sku of taken.keys()) {
        if (taken.size <= takenMax) break
        taken.delete(sku)
      }
    },
  }
}

const has = (document: Product, sku: string): boolean =>
  isLive(document) &&
  (text(document.store.sku) === sku ||
    variantFieldsOf(document).some(([, fields]) => fields.sku === sku))
