/** A product as somebody gives it: to be created, or to be put in the place of what is there. */

import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orSet from '../../crdt/or-set.ts'
import { equals, type Value } from '../../crdt/value.ts'
import * as categoryPath from './category-path.ts'
import { productIdOf, variantIdOf } from './ids.ts'
import {
  imagesOf,
  priceOf,
  text,
  variantFieldsOf,
  type Price,
  type Product,
  type VariantFields,
} from './product.ts'

export interface ProductInput {
  readonly sku: string
  readonly name: string
  readonly description: string
  readonly brand: string | null
  /** Paths of names, general to special. */
  readonly categories: readonly (readonly string[])[]
  readonly tags: readonly string[]
  readonly images: readonly ImageInput[]
  readonly popularity: number
  readonly price: Price
  /** Units that came in at this node; undefined: not counted. */
  readonly initialQuantity: number | undefined
  readonly variants: readonly VariantInput[]
}

export interface ImageInput {
  readonly url: string
  readonly alt: string | null
}

export interface VariantInput {
  readonly sku: string
  readonly options: readonly (readonly [name: string, value: string])[]
  readonly price: Price | null
  readonly initialQuantity: number | undefined
}

/** The variants of an input: a product without any is sold as the one that it is. */
export const variantsOf = (input: ProductInput): readonly VariantInput[] =>
  input.variants.length > 0
    ? input.variants
    : [{ sku: input.sku, options: [], price: null, initialQuantity: input.initialQuantity }]

/** A variant as the product's document holds it. */
export const variantFields = (
  { sku, options, price }: VariantInput,
  position: number,
): VariantFields => ({ sku, options, price, position })

/** Whether a product is just as given already; stock aside, which is not the catalog's to say. */
export const isAsGiven = (document: Product, input: ProductInput): boolean => {
  const { store } = document
  const id = productIdOf(input.sku)
  const now: Value = {
    name: text(store.name),
    description: text(store.description),
    brand: lwwRegister.read({ store: store.brand }) ?? null,
    price: priceOf(document),
    popularity: lwwRegister.read({ store: store.popularity }) ?? 0,
    categories: orSet.elements({ store: store.categories }),
    tags: orSet.elements({ store: store.tags }),
    images: imagesOf(document).map(({ url, alt }) => ({ url, alt: alt ?? null })),
    variants: Object.fromEntries(variantFieldsOf(document)),
  }
  const { name, description, brand, price, popularity } = input
  const given: Value = {
    name,
    description,
    brand,
    price,
    popularity,
    categories: [...new Set(input.categories.map(categoryPath.join))].sort(),
    tags: [...new Set(input.tags)].sort(),
    images: input.images.map(({ url, alt }) => ({ url, alt })),
    variants: Object.fromEntries(
      variantsOf(input).map((variant, position) => [
        variantIdOf(id, variant.sku),
        variantFields(variant, position),
      ]),
    ),
  }
  return equals(now, given)
}
