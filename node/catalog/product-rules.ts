/** What may be done to a product, and what change it makes: pure functions of the world and the input. */

import { assert } from '../../crdt/assert.ts'
import * as causalContext from '../../crdt/causal-context.ts'
import type { Causal } from '../../crdt/causal.ts'
import { edit, type Edit, type Edits } from '../../crdt/document.ts'
import type { DotMap, DotSet } from '../../crdt/dot-store.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import * as orSet from '../../crdt/or-set.ts'
import type { Value } from '../../crdt/value.ts'
import { draftDelta, type Decide, type DraftDelta, type World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { begin, isCounted } from '../inventory/stock.ts'
import { ok, refused, type Result } from '../result.ts'
import * as categoryPath from './category-path.ts'
import { missingBrand, missingCategories } from './category.ts'
import { given, overwrite } from './edits.ts'
import { productIdOf, variantIdOf, type ProductId } from './ids.ts'
import { tagsMax } from './limits.ts'
import { variantFields, variantsOf, type ImageInput, type ProductInput } from './product-input.ts'
import {
  deletionOf,
  imageShape,
  isLive,
  priceOf,
  product,
  variantShape,
  type Deletion,
  type Price,
  type Product,
} from './product.ts'
import type { SkuOwners } from './sku-owners.ts'

export type ProductAnswer = { readonly id: ProductId }

/** Creates a product, or brings a deleted one back with all that is given. */
export const createProduct =
  (skuOwners: SkuOwners): Decide<ProductInput, ProductAnswer> =>
  (world, input) => {
    const id = productIdOf(input.sku)
    const before = world.read(product, id)
    if (isLive(before)) {
      return refused({
        code: 'sku_taken',
        detail: `The product ${id} has the SKU ${input.sku}`,
        productId: id,
      })
    }
    const unfit = variantsRefusal(world, input, skuOwners)
    if (unfit) return refused(unfit)
    return ok({
      type: 'product.created',
      deltas: [
        ...productDeltas(world, id, input, {
          created: (log) => eventLog.append(log, world.time, null),
          deletion: deletionOf(before) ? overwrite<Deletion | null>(world, null) : [],
        }),
        ...stockDeltas(world, id, input),
      ],
      answer: { id },
    })
  }

export type PutAnswer = ProductAnswer & { readonly isNew: boolean }

/** Makes a product as given: creates it if need be, or overwrites what differs. */
export const putProduct =
  (skuOwners: SkuOwners): Decide<ProductInput, PutAnswer> =>
  (world, input) => {
    const id = productIdOf(input.sku)
    if (!isLive(world.read(product, id))) {
      const created = createProduct(skuOwners)(world, input)
      return created.ok ? ok({ ...created.value, answer: { id, isNew: true } }) : created
    }
    const unfit = variantsRefusal(world, input, skuOwners)
    if (unfit) return refused(unfit)
    return ok({
      type: 'product.updated',
      deltas: [...productDeltas(world, id, input, {}), ...stockDeltas(world, id, input)],
      answer: { id, isNew: false },
    })
  }

const productDeltas = (
  world: World,
  id: ProductId,
  input: ProductInput,
  more: Edits<typeof product.fields>,
): readonly DraftDelta[] => [
  draftDelta(
    product,
    id,
    edit(product, world.read(product, id), {
      sku: overwrite(world, input.sku),
      name: overwrite(world, input.name),
      description: overwrite(world, input.description),
      brand: overwrite(world, input.brand),
      price: overwrite(world, input.price),
      popularity: overwrite(world, input.popularity),
      categories: become(world, input.categories.map(categoryPath.join)),
      tags: become(world, input.tags),
      images: becomeImages(world, input.images),
      variants: becomeVariants(world, id, input),
      ...more,
    }),
  ),
  ...missingCategories(world, input.categories),
  ...missingBrand(world, input.brand),
]

// Only a variant whose stock is not counted yet begins to be; an import never adds stock twice.
const stockDeltas = (world: World, id: ProductId, input: ProductInput): readonly DraftDelta[] =>
  variantsOf(input).flatMap(({ sku, initialQuantity }) => {
    const variant = variantIdOf(id, sku)
    return initialQuantity === undefined || isCounted(world, variant)
      ? []
      : [begin(world, variant, initialQuantity)]
  })

// Why a product may not have these variants, if it may not; if it may, their SKUs are its own by now.
const variantsRefusal = (
  world: World,
  input: ProductInput,
  skuOwners: SkuOwners,
): Refusal | undefined => {
  const id = productIdOf(input.sku)
  const skus = new Set([input.sku, ...variantsOf(input).map((variant) => variant.sku)])
  for (const sku of skus) {
    const owner = skuOwners.other(world, sku, id)
    if (owner !== undefined) {
      const detail = `The product ${owner} has the SKU ${sku}`
      return { code: 'sku_taken', detail, productId: owner }
    }
  }
  if (
    variantsOf(input).some(({ price }) => (price ?? input.price).currency !== input.price.currency)
  ) {
    return { code: 'currency_mismatch', detail: 'All prices of a product are in one currency' }
  }
  skuOwners.take(skus, id)
  return undefined
}

export interface ProductEdit {
  readonly id: ProductId
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly brand?: string | null | undefined
  readonly popularity?: number | undefined
  readonly categories?: readonly (readonly string[])[] | undefined
  readonly tags?: readonly string[] | undefined
  readonly addTags?: readonly string[] | undefined
  readonly removeTags?: readonly string[] | undefined
  readonly images?: readonly ImageInput[] | undefined
}

/**
 * Edits the fields that are given. What is given is written even if it is the same as before: who
 * says "the tags are these" means it, against whatever somebody else does to them at the same time.
 */
export const editProduct: Decide<ProductEdit, ProductAnswer> = (world, input) => {
  const found = findLive(world, input.id)
  if (!found.ok) return found
  const { name, description, brand, popularity, categories, tags, images } = input
  const tagsLeft = tagsAfter(found.value, input)
  if (tagsLeft.size > tagsMax) {
    const detail = `A product has at most ${tagsMax} tags, not ${tagsLeft.size}`
    return refused({ code: 'invalid_request', detail })
  }
  const touches = [categories, tags, input.addTags, input.removeTags, images]
  const delta = edit(product, found.value, {
    name: given(name, (value) => overwrite(world, value)),
    description: given(description, (value) => overwrite(world, value)),
    brand: given(brand, (value) => overwrite(world, value)),
    popularity: given(popularity, (value) => overwrite(world, value)),
    categories: given(categories, (paths) => become(world, paths.map(categoryPath.join))),
    tags: [
      ...(tags ? become(world, tags) : []),
      ...(input.addTags ?? []).map(addTo(world)),
      ...(input.removeTags ?? []).map(removeFrom),
    ],
    images: given(images, (list) => becomeImages(world, list)),
    touched: touches.some((one) => one !== undefined) ? overwrite<null>(world, null) : [],
  })
  return ok({
    type: 'product.updated',
    deltas: [
      draftDelta(product, input.id, delta),
      ...missingCategories(world, categories ?? []),
      ...missingBrand(world, brand ?? null),
    ],
    answer: { id: input.id },
  })
}

const tagsAfter = (document: Product, { tags, addTags, removeTags }: ProductEdit) =>
  new Set(tags ?? orSet.elements({ store: document.store.tags }))
    .union(new Set(addTags))
    .difference(new Set(removeTags))

export interface PriceChange {
  readonly id: ProductId
  readonly price: Price
  readonly reason: string | null
}

export const changePrice: Decide<PriceChange, ProductAnswer> = (world, { id, price, reason }) => {
  const found = findLive(world, id)
  if (!found.ok) return found
  const before = priceOf(found.value)
  if (before.currency !== price.currency) {
    const detail = `The product is priced in ${before.currency}, not in ${price.currency}`
    return refused({ code: 'currency_mismatch', detail })
  }
  return ok({
    type: 'product.price_changed',
    details: { reason, before },
    deltas: [
      draftDelta(product, id, edit(product, found.value, { price: overwrite(world, price) })),
    ],
    answer: { id },
  })
}

export interface ProductDeletion {
  readonly id: ProductId
  readonly reason: string
}

export const deleteProduct: Decide<ProductDeletion, ProductAnswer> = (world, { id, reason }) => {
  const found = findLive(world, id)
  if (!found.ok) return found
  const { vector } = found.value.context
  const deletion = { reason, seen: Object.fromEntries(vector) }
  return ok({
    type: 'product.deleted',
    details: { reason },
    deltas: [
      draftDelta(
        product,
        id,
        edit(product, found.value, { deletion: overwrite<Deletion | null>(world, deletion) }),
      ),
    ],
    answer: { id },
  })
}

/**
 * Settles a deletion that met edits it did not know of: `restore` ends it, and what was edited is there
 * again; `keep` affirms it, edits and all.
 */
export const settleDeletion: Decide<
  { readonly id: string; readonly value: Value },
  ProductAnswer
> = (world, { id: text, value }) => {
  const id = text as ProductId
  const before = world.read(product, id)
  const deletion = lwwRegister.siblings({ store: before.store.deletion })[0]?.value.value
  if (value !== 'restore' && value !== 'keep') {
    const detail = 'A contested deletion is settled with the value "restore" or "keep"'
    return refused({ code: 'invalid_request', detail })
  }
  const seen = Object.fromEntries(before.context.vector)
  const settled =
    value === 'restore' ? null : { reason: deletion?.reason ?? 'kept by an administrator', seen }
  const delta = edit(product, before, { deletion: overwrite<Deletion | null>(world, settled) })
  return ok({
    type: value === 'restore' ? 'product.restored' : 'product.deleted',
    deltas: [draftDelta(product, id, delta)],
    answer: { id },
  })
}

const findLive = (world: World, id: ProductId): Result<Product, Refusal> => {
  const document = world.read(product, id)
  if (isLive(document)) return ok(document)
  return deletionOf(document)
    ? refused({ code: 'product_deleted', detail: `The product ${id} was deleted` })
    : refused({ code: 'product_not_found', detail: `There is no product ${id}` })
}

const addTo =
  (world: World) =>
  (element: string): Edit<DotMap<DotSet>> =>
  (set) =>
    orSet.add(set, world.replica, element)

const removeFrom =
  (element: string): Edit<DotMap<DotSet>> =>
  (set) =>
    orSet.remove(set, element)

/** The edits that leave a set with just these elements, each of them affirmed. */
const become = (world: World, wanted: readonly string[]): readonly Edit<DotMap<DotSet>>[] => [
  (set) => removeAll(set, new Set(wanted)),
  ...new Set(wanted).values().map(addTo(world)),
]

const removeAll = (set: orSet.OrSet, kept: ReadonlySet<string>): orSet.OrSet =>
  orSet
    .elements(set)
    .filter((element) => !kept.has(element))
    .map((element) => orSet.remove(set, element))
    .reduce(orSet.join, orSet.bottom)

const becomeImages = (
  world: World,
  images: readonly ImageInput[],
): readonly Edit<Product['store']['images']>[] => [
  (map) => keepKeys(map, imageShape, new Set(images.map(({ url }) => url))),
  ...images.map(
    ({ url, alt }, position): Edit<Product['store']['images']> =>
      (map) =>
        orMap.update(map, imageShape, { key: url, edit: overwrite(world, { alt, position }) }),
  ),
]

const becomeVariants = (
  world: World,
  id: ProductId,
  input: ProductInput,
): readonly Edit<Product['store']['variants']>[] => {
  const variants = variantsOf(input)
  const ids = new Set(variants.map(({ sku }): string => variantIdOf(id, sku)))
  assert(ids.size === variants.length, 'the variants of a product have different SKUs')
  return [
    (map) => keepKeys(map, variantShape, ids),
    ...variants.map(
      (variant, position): Edit<Product['store']['variants']> =>
        (map) =>
          orMap.update(map, variantShape, {
            key: variantIdOf(id, variant.sku),
            edit: overwrite(world, variantFields(variant, position)),
          }),
    ),
  ]
}

const keepKeys = <S>(
  map: Causal<DotMap<S>>,
  of: Parameters<typeof orMap.remove<S>>[1],
  kept: ReadonlySet<string>,
): Causal<DotMap<S>> => {
  const gone = [...map.store.keys()].filter((key) => !kept.has(key))
  return {
    store: new Map(),
    context: gone
      .map((key) => orMap.remove(map, of, key).context)
      .reduce(causalContext.join, causalContext.bottom),
  }
}
