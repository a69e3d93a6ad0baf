/** What admins do to the catalog. */

import { editBrand, editCategory, createCategory } from '../../../node/catalog/category.ts'
import { brandIdOf, categoryIdOf, type ProductId } from '../../../node/catalog/ids.ts'
import type { ProductInput } from '../../../node/catalog/product-input.ts'
import {
  changePrice,
  createProduct,
  deleteProduct,
  editProduct,
  putProduct,
} from '../../../node/catalog/product-rules.ts'
import type { Random } from '../world/random.ts'
import { deed, type MakeDeed } from './deed.ts'
import { brands, images, paths, words, type Goods } from './goods.ts'

const admin = 'account/admin'

const some = <T>(random: Random, items: readonly T[]): readonly T[] =>
  items.filter(() => random.chance(0.4))

const priceOf = (random: Random) => ({ amount: random.between(1, 20) * 100, currency: 'USD' })

const inputOf = (random: Random, goods: Goods): ProductInput => {
  const sku = random.pick(goods.skus)
  const initialQuantity = random.chance(0.5) ? random.between(1, 9) : undefined
  const isManifold = random.chance(0.2)
  return {
    sku,
    name: `${sku} ${random.pick(words)}`,
    description: random.pick(words),
    brand: random.pick(brands),
    categories: some(random, paths),
    tags: some(random, words),
    images: some(random, images).map((url) => ({ url, alt: null })),
    popularity: random.below(5),
    price: priceOf(random),
    initialQuantity,
    variants: isManifold
      ? ['', '-L'].map((size) => ({
          sku: `${sku}${size}`,
          options: [['Size', `${size}.`] as const],
          price: null,
          initialQuantity,
        }))
      : [],
  }
}

const aProduct = (random: Random, { products }: Goods): ProductId => random.pick(products)

export const catalogDeeds = {
  createProduct: ({ random, goods }) => ({
    actor: admin,
    rule: ({ skuOwners }) => createProduct(skuOwners),
    input: inputOf(random, goods),
  }),
  putProduct: ({ random, goods }) => ({
    actor: admin,
    rule: ({ skuOwners }) => putProduct(skuOwners),
    input: inputOf(random, goods),
  }),
  editProduct: ({ random, goods }) => {
    const { name, description, brand, tags, categories } = inputOf(random, goods)
    const what = random.below(5)
    return deed(admin, editProduct, {
      id: aProduct(random, goods),
      ...(what === 0 ? { name, description } : {}),
      ...(what === 1 ? { addTags: tags, removeTags: some(random, words) } : {}),
      ...(what === 2 ? { tags } : {}),
      ...(what === 3 ? { brand, categories } : {}),
      ...(what === 4 ? { images: some(random, images).map((url) => ({ url, alt: url })) } : {}),
    })
  },
  changePrice: ({ random, goods }) =>
    deed(admin, changePrice, {
      id: aProduct(random, goods),
      price: priceOf(random),
      reason: random.pick(words),
    }),
  deleteProduct: ({ random, goods }) =>
    deed(admin, deleteProduct, { id: aProduct(random, goods), reason: random.pick(words) }),
  createCategory: ({ random }) =>
    deed(admin, createCategory, { path: [...random.pick(paths)], description: random.pick(words) }),
  editCategory: ({ random }) =>
    deed(admin, editCategory, {
      id: categoryIdOf(random.pick(paths)),
      description: random.pick(words),
    }),
  editBrand: ({ random }) =>
    deed(admin, editBrand, { id: brandIdOf('Harbour'), description: random.pick(words) }),
} satisfies Record<string, MakeDeed>
