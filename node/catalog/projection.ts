/** The rows that products, categories and brands become: the same wherever they are written. */

import { documentKind } from '../core/capability.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orSet from '../../crdt/or-set.ts'
import * as categoryPath from './category-path.ts'
import { brand, category, viewBrand, viewCategory } from './category.ts'
import { brandIdOf, categoryIdOf, slug } from './ids.ts'
import {
  createdMs,
  imagesOf,
  isLive,
  priceOf,
  product,
  text,
  updatedMs,
  variantsOf,
  type Product,
  type ProductView,
} from './product.ts'
import {
  brandTable,
  categoryTable,
  productCategoryTable,
  productTable,
  productTagTable,
  productSkuTable,
} from './tables.ts'

export const view = (id: string, document: Product): ProductView => {
  const { store } = document
  const paths = orSet.elements({ store: store.categories })
  return {
    id,
    sku: text(store.sku),
    name: text(store.name),
    description: text(store.description),
    brand: lwwRegister.read({ store: store.brand }) ?? null,
    categories: [...new Set(paths.flatMap(categoryPath.split))],
    categoryPaths: paths.map(categoryPath.split),
    categoryIds: [...new Set(paths.map((path) => categoryIdOf(categoryPath.split(path))))],
    tags: orSet.elements({ store: store.tags }),
    images: imagesOf(document),
    popularity: lwwRegister.read({ store: store.popularity }) ?? 0,
    price: priceOf(document),
    // The read model puts the stock in the place of `null` when it is asked: see `uncountedJson`.
    variants: variantsOf(document).map(({ id, ...variant }) => ({
      id,
      available: null,
      ...variant,
    })),
    createdAt: new Date(createdMs(document)).toISOString(),
    updatedAt: new Date(updatedMs(document)).toISOString(),
  }
}

const productKind = documentKind({
  schema: product,
  tables: [productTable, productCategoryTable, productTagTable, productSkuTable],
  project: (id, document) => {
    // A deleted product keeps its document and has no rows.
    if (!isLive(document)) return {}
    const shown = view(id, document)
    return {
      products: [
        {
          id,
          name: shown.name.toLowerCase(),
          brand: shown.brand === null ? null : brandIdOf(shown.brand),
          price: shown.price.amount,
          popularity: shown.popularity,
          created_ms: createdMs(document),
          // Reviews come with a capability of their own.
          rating: null,
          json: JSON.stringify(shown),
        },
      ],
      product_categories: shown.categoryIds.map((category) => ({ category })),
      product_tags: shown.tags.map((tag) => ({ tag })),
      product_skus: [...new Set([shown.sku, ...shown.variants.map(({ sku }) => sku)])].map(
        (sku) => ({ sku }),
      ),
    }
  },
})

const categoryKind = documentKind({
  schema: category,
  tables: [categoryTable],
  project: (id, document) => {
    const shown = viewCategory(id, document)
    const { name, parent } = shown
    return { categories: [{ id, parent, slug: slug(name), json: JSON.stringify(shown) }] }
  },
})

const brandKind = documentKind({
  schema: brand,
  tables: [brandTable],
  project: (id, document) => ({ brands: [{ id, json: JSON.stringify(viewBrand(id, document)) }] }),
})

export const catalogKinds = { productKind, categoryKind, brandKind }
