/**
 * What a product weighs, as far as shipping goes. It is kept apart from the product, because those who
 * pack are not those who describe. A variant may weigh something else than its product.
 */

import { edit, schema, type Document } from '../../crdt/document.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Value } from '../../crdt/value.ts'
import { overwrite } from '../catalog/edits.ts'
import { productOf, type ProductId, type VariantId } from '../catalog/ids.ts'
import { isLive, product, variantsOf } from '../catalog/product.ts'
import { documentKind, draftDelta, type Decide, type World } from '../core/capability.ts'
import { isNatural } from '../guards.ts'
import { ok, refused } from '../result.ts'

const isNaturalOrNull = (value: Value): value is number | null => value === null || isNatural(value)

export const parcel = schema('parcel', 1, {
  /** null: as the product, or nothing. */
  grams: [1, lwwRegister.shape(isNaturalOrNull)],
})

export type Parcel = Document<typeof parcel.fields>

export const parcelKind = documentKind({ schema: parcel, tables: [], project: () => ({}) })

/** The weight of one unit; what nobody has weighed weighs nothing. */
export const gramsOf = (world: Pick<World, 'read'>, variant: VariantId): number =>
  ownGrams(world, variant) ?? ownGrams(world, productOf(variant)) ?? 0

/** What was written of this very product or variant. */
export const ownGrams = ({ read }: Pick<World, 'read'>, id: string): number | null =>
  lwwRegister.read({ store: read(parcel, id).store.grams }) ?? null

export interface Weighing {
  readonly product: ProductId
  /** undefined: the product's own weight, that of all variants without one. */
  readonly variant: VariantId | undefined
  readonly grams: number | null
}

export type WeighingAnswer = { readonly id: string; readonly grams: number | null }

export const weigh: Decide<Weighing, WeighingAnswer> = (world, input) => {
  const { variant, grams } = input
  const id = variant ?? input.product
  const document = world.read(product, input.product)
  if (!isLive(document)) {
    return refused({ code: 'product_not_found', detail: `There is no product ${input.product}` })
  }
  if (variant !== undefined && !variantsOf(document).some((one) => one.id === variant)) {
    return refused({ code: 'unknown_variant', detail: `The product has no variant ${variant}` })
  }
  const delta = edit(parcel, world.read(parcel, id), {
    grams: overwrite<number | null>(world, grams),
  })
  return ok({
    type: 'parcel.weighed',
    deltas: [draftDelta(parcel, id, delta)],
    answer: { id, grams },
  })
}
