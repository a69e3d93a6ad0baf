/** What the merged store keeps of products, categories and brands. */

import { relation, relationalKind } from '../merged/relation.ts'
import * as categoryPath from './category-path.ts'
import { brand, category, viewBrand, viewCategory } from './category.ts'
import { brandIdOf, categoryIdOf } from './ids.ts'
import { createdMs, isLive, product, updatedMs } from './product.ts'
import { view } from './projection.ts'

export const productRelations = relationalKind({
  schema: product,
  relations: [
    relation('products', 'id', {
      id: 'text',
      sku: 'text',
      name: 'text',
      description: 'text',
      brand_id: 'text',
      price_minor: 'bigint',
      currency: 'text',
      popularity: 'double precision',
      created_at: 'timestamptz',
      updated_at: 'timestamptz',
    }),
    relation('product_variants', 'product_id', {
      id: 'text',
      product_id: 'text',
      sku: 'text',
      options: 'jsonb',
      price_minor: 'bigint',
      currency: 'text',
      position: 'integer',
    }),
    relation('product_images', 'product_id', {
      product_id: 'text',
      url: 'text',
      alt: 'text',
      position: 'integer',
    }),
    relation('product_categories', 'product_id', {
      product_id: 'text',
      category_id: 'text',
      is_own: 'boolean',
    }),
    relation('product_tags', 'product_id', { product_id: 'text', tag: 'text' }),
  ],
  rows: (id, document) => {
    if (!isLive(document)) return {}
    const shown = view(id, document)
    const own = new Set<string>(shown.categoryIds)
    // A sale of a phone is a sale of electronics: each category above the product's own is one of its too.
    const categories = new Set(
      shown.categoryPaths.flatMap(categoryPath.prefixes).map((path) => categoryIdOf(path)),
    )
    return {
      products: [
        {
          id,
          sku: shown.sku,
          name: shown.name,
          description: shown.description,
          brand_id: shown.brand === null ? null : brandIdOf(shown.brand),
          price_minor: shown.price.amount,
          currency: shown.price.currency,
          popularity: shown.popularity,
          created_at: createdMs(document),
          updated_at: updatedMs(document),
        },
      ],
      product_variants: shown.variants.map(({ id: variant, sku, options, price }, position) => ({
        id: variant,
        product_id: id,
        sku,
        options: JSON.stringify(options),
        price_minor: price.amount,
        currency: price.currency,
        position,
      })),
      product_images: shown.images.map(({ url, alt }, position) => ({
        product_id: id,
        url,
        alt: alt ?? null,
        position,
      })),
      product_categories: [...categories].map((one) => ({
        product_id: id,
        category_id: one,
        is_own: own.has(one),
      })),
      product_tags: shown.tags.map((tag) => ({ product_id: id, tag })),
    }
  },
})

export const categoryRelations = relationalKind({
  schema: category,
  relations: [
    relation('categories', 'id', {
      id: 'text',
      name: 'text',
      parent_id: ['text', 'parent'],
      path: 'text',
      description: 'text',
    }),
  ],
  rows: (id, document) => {
    const shown = viewCategory(id, document)
    return { categories: [{ ...shown, path: categoryPath.join(shown.path) }] }
  },
})

export const brandRelations = relationalKind({
  schema: brand,
  relations: [
    relation('brands', 'id', { id: 'text', name: 'text', description: 'text', logo_url: 'text' }),
  ],
  rows: (id, document) => {
    const { name, description, logoUrl } = viewBrand(id, document)
    return { brands: [{ id, name, description, logo_url: logoUrl }] }
  },
})
