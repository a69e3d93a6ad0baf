/**
 * A product: what the shop says about a thing it sells, and the variants in which it sells it.
 *
 * Its fields are registers and sets, each of which any region may change at any time. A product that
 * is deleted in one region while another edits it stays deleted, because something was withdrawn for
 * a reason that the editor did not know; the edit is kept, and shown to the admin as a conflict.
 */

import * as causalContext from '../../crdt/causal-context.ts'
import { schema, type Document } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import * as orSet from '../../crdt/or-set.ts'
import { isFields, isNatural, isNaturals, isNull, isText, isTextOrNull } from '../guards.ts'
import type { Value } from '../../crdt/value.ts'
import type { VariantId } from './ids.ts'
import type { Money } from './money.ts'

/** A type and not an interface, so that it is a `Value`. */
export type Price = { readonly amount: number; readonly currency: string }

export type VariantFields = {
  readonly sku: string
  /** `Size: M`, in the order in which they are shown. */
  readonly options: readonly (readonly [name: string, value: string])[]
  /** null: the product's. */
  readonly price: Price | null
  /** Its place among the product's variants. */
  readonly position: number
}

export type ImageFields = { readonly alt: string | null; readonly position: number }

export type Deletion = {
  readonly reason: string
  /** What whoever deleted it had seen of it, to tell edits that they did not know of. */
  readonly seen: { readonly [replica: string]: number }
}

const isPrice = (value: Value): value is Price =>
  isFields(value) && isNatural(value['amount'] ?? null) && isText(value['currency'] ?? null)

const isOptions = (value: Value): boolean =>
  Array.isArray(value) &&
  value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isText))

const isVariant = (value: Value): value is VariantFields =>
  isFields(value) &&
  isText(value['sku'] ?? null) &&
  isOptions(value['options'] ?? null) &&
  (isNull(value['price'] ?? null) || isPrice(value['price'] ?? null)) &&
  isNatural(value['position'] ?? null)

const isImage = (value: Value): value is ImageFields =>
  isFields(value) && isTextOrNull(value['alt'] ?? null) && isNatural(value['position'] ?? null)

const isDeletion = (value: Value): value is Deletion | null =>
  value === null ||
  (isFields(value) && isText(value['reason'] ?? null) && isNaturals(value['seen'] ?? null))

export const variantShape = lwwRegister.shape(isVariant)
export const imageShape = lwwRegister.shape(isImage)

export const product = schema('product', 1, {
  sku: [1, lwwRegister.shape(isText)],
  name: [2, lwwRegister.shape(isText)],
  description: [3, lwwRegister.shape(isText)],
  brand: [4, lwwRegister.shape(isTextOrNull)],
  price: [5, lwwRegister.shape(isPrice)],
  /** Paths of names, `Phones > Prepaid Phones`. */
  categories: [6, orSet.shape],
  tags: [7, orSet.shape],
  /** By address. */
  images: [8, orMap.shape(imageShape)],
  popularity: [9, lwwRegister.shape(isNatural)],
  /** By variant id. */
  variants: [10, orMap.shape(variantShape)],
  /** Each creation of this product, here or elsewhere; the first counts. */
  created: [11, eventLog.shape(isNull)],
  deletion: [12, lwwRegister.shape(isDeletion)],
  /** When a set was changed last: what is removed from a set leaves no time behind. */
  touched: [13, lwwRegister.shape(isNull)],
})

export type Product = Document<typeof product.fields>

/** Whether it is there to be sold. */
export const isLive = (document: Product): boolean =>
  !causalContext.isEmpty(document.context) && !deletionOf(document)

export const deletionOf = ({ store }: Product): Deletion | undefined =>
  lwwRegister.read({ store: store.deletion }) ?? undefined

/** The fields of a deleted product that were edited by somebody who did not know of the deletion. */
export const unseenEdits = (document: Product): readonly string[] => {
  if (!deletionOf(document)) return []
  // Of several who deleted it, one who had seen an edit is enough: the product went in spite of it.
  const deletions = lwwRegister
    .siblings({ store: document.store.deletion })
    .map(({ value }) => value.value?.seen ?? {})
  const fields = new Set<string>()
  product.shape.visit(document.store, ({ dot }, [field = '']) => {
    const isSeen = deletions.some((seen) => dot.counter <= (seen[dot.replica] ?? 0))
    if (field !== 'deletion' && !isSeen) fields.add(field)
  })
  return [...fields]
}

/** Whether a deletion met an edit, or a restoration, that it did not know of. */
export const isDeletionContested = (document: Product): boolean => {
  const siblings = lwwRegister.siblings({ store: document.store.deletion })
  const restorations = siblings.filter(({ value }) => value.value === null).length
  const isRestoredToo = restorations > 0 && restorations < siblings.length
  return isRestoredToo || unseenEdits(document).length > 0
}

/** A product as it is shown. */
export interface ProductView {
  readonly id: string
  readonly sku: string
  readonly name: string
  readonly description: string
  readonly brand: string | null
  /** Names, general to special; of several paths, each name once. */
  readonly categories: readonly string[]
  /** Every path, general to special. */
  readonly categoryPaths: readonly (readonly string[])[]
  readonly categoryIds: readonly string[]
  readonly tags: readonly string[]
  readonly images: readonly { readonly url: string; readonly alt?: string }[]
  readonly popularity: number
  readonly price: Money
  readonly variants: readonly (VariantView & { readonly available: number | null })[]
  readonly createdAt: string
  readonly updatedAt: string
}

export interface VariantView {
  readonly id: VariantId
  readonly sku: string
  readonly options: Readonly<Record<string, string>>
  readonly price: Money
}

/** The part of a product's JSON that says of a variant that its units are not counted. */
export const uncountedJson = (variant: VariantId): string => `"${variant}","available":null`

/** The product's price; one that was never set, which no honest node leaves, is shown as nothing. */
export const priceOf = ({ store }: Product): Price =>
  lwwRegister.read({ store: store.price }) ?? { amount: 0, currency: 'USD' }

/** The variants' fields by id, in the order in which they are shown. */
export const variantFieldsOf = ({
  store,
}: Product): readonly (readonly [id: VariantId, fields: VariantFields])[] => {
  const found: (readonly [VariantId, VariantFields])[] = []
  for (const [id, register] of store.variants) {
    const fields = lwwRegister.read<VariantFields>({ store: register })
    if (fields) found.push([id as VariantId, fields])
  }
  return found.sort(([x, a], [y, b]) => a.position - b.position || (x < y ? -1 : 1))
}

export const variantsOf = (document: Product): readonly VariantView[] => {
  const price = priceOf(document)
  return variantFieldsOf(document).map(([id, fields]) => ({
    id,
    sku: fields.sku,
    options: Object.fromEntries(fields.options),
    price: fields.price ?? price,
  }))
}

export const imagesOf = ({ store }: Product): ProductView['images'] =>
  [...store.images]
    .map(([url, inner]) => ({ url, fields: lwwRegister.read<ImageFields>({ store: inner }) }))
    .sort(
      (a, b) => (a.fields?.position ?? 0) - (b.fields?.position ?? 0) || (a.url < b.url ? -1 : 1),
    )
    .map(({ url, fields }) => (fields?.alt ? { url, alt: fields.alt } : { url }))

/** The time of the latest write, as far as it is still to be seen; sets have `touched` for theirs. */
export const updatedMs = ({ store }: Product): number => {
  let latest = 0
  const see = ({ value }: { readonly value: unknown }) => {
    if (typeof value === 'object' && value !== null && 'wallMs' in value) {
      latest = Math.max(latest, value.wallMs as number)
    }
  }
  product.shape.visit(store, see)
  return latest
}

export const createdMs = ({ store }: Product): number =>
  eventLog.entries({ store: store.created })[0]?.value.wallMs ?? 0

export const text = (store: Product['store']['name']): string => lwwRegister.read({ store }) ?? ''
