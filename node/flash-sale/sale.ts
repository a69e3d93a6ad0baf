/** A flash sale: one variant at one price, for a while, and so many for each buyer. */

import { hash } from 'node:crypto'
import { edit, schema, type Document } from '../../crdt/document.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Value } from '../../crdt/value.ts'
import { isVariantId, productOf, type VariantId } from '../catalog/ids.ts'
import { isLive, product, variantsOf, type Price } from '../catalog/product.ts'
import { overwrite } from '../catalog/edits.ts'
import { documentKind, draftDelta, type Decide } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import { isBoolean, isFields, isNatural, isText } from '../guards.ts'
import { ok, refused } from '../result.ts'

export type SaleId = string & { readonly brand: 'SaleId' }

/** Sixteen letters and digits, of the variant and the beginning: planned in two regions, it is one sale. */
export const saleIdOf = (variant: VariantId, startsMs: number): SaleId =>
  hash('sha256', `flash sale ${variant} ${startsMs}`).slice(0, 16) as SaleId

export const isSaleId = (text: string): text is SaleId => /^[0-9a-f]{16}$/.test(text)

export type Terms = {
  readonly variant: VariantId
  readonly name: string
  readonly price: Price
  readonly startsMs: number
  readonly endsMs: number
  readonly perBuyer: number
}

const isTerms = (value: Value): value is Terms => {
  if (!isFields(value)) return false
  const { variant = null, name = null, price = null } = value
  return (
    isText(variant) &&
    isVariantId(variant) &&
    isText(name) &&
    isFields(price) &&
    isNatural(price['amount'] ?? null) &&
    isText(price['currency'] ?? null) &&
    ['startsMs', 'endsMs', 'perBuyer'].every((field) => isNatural(value[field] ?? null))
  )
}

export const sale = schema('flash-sale', 1, {
  /** Together, because half of one plan and half of another make none. */
  terms: [1, lwwRegister.shape(isTerms)],
  isCancelled: [2, lwwRegister.shape(isBoolean)],
})

export type Sale = Document<typeof sale.fields>

export const termsOf = ({ store }: Sale): Terms | undefined =>
  lwwRegister.read<Terms>({ store: store.terms })

export type SaleState = 'planned' | 'on' | 'over' | 'cancelled'

export const stateOf = (document: Sale, nowMs: number): SaleState | undefined => {
  const terms = termsOf(document)
  if (!terms) return undefined
  if (lwwRegister.read({ store: document.store.isCancelled })) return 'cancelled'
  if (nowMs < terms.startsMs) return 'planned'
  return nowMs < terms.endsMs ? 'on' : 'over'
}

export type SaleAnswer = { readonly id: string }

/** Plans a sale, or changes its terms. */
export const planSale: Decide<Terms, SaleAnswer> = (world, terms) => {
  const document = world.read(product, productOf(terms.variant))
  const variant = isLive(document)
    ? variantsOf(document).find(({ id }) => id === terms.variant)
    : undefined
  if (!variant) {
    const detail = `There is no variant ${terms.variant} to be sold`
    return refused({ code: 'unknown_variant', detail })
  }
  if (variant.price.currency !== terms.price.currency) {
    const detail = `The variant is priced in ${variant.price.currency}`
    return refused({ code: 'currency_mismatch', detail })
  }
  const id = saleIdOf(terms.variant, terms.startsMs)
  return ok({
    type: 'flash_sale.planned',
    deltas: [
      draftDelta(
        sale,
        id,
        edit(sale, world.read(sale, id), {
          terms: overwrite<Terms>(world, terms),
          isCancelled: overwrite<boolean>(world, false),
        }),
      ),
    ],
    answer: { id },
  })
}

export const cancelSale: Decide<{ readonly id: SaleId }, SaleAnswer> = (world, { id }) => {
  const before = world.read(sale, id)
  if (!termsOf(before)) return refused({ code: 'sale_not_found', detail: `There is no sale ${id}` })
  return ok({
    type: 'flash_sale.cancelled',
    deltas: [
      draftDelta(sale, id, edit(sale, before, { isCancelled: overwrite<boolean>(world, true) })),
    ],
    answer: { id },
  })
}

export const saleTable: Table = {
  name: 'flash_sales',
  columns: ['id', 'variant', 'starts_ms', 'ends_ms'],
  isSingle: true,
}

export const saleSql = `
create table if not exists flash_sales (
  document  integer primary key,
  id        text    not null,
  variant   text    not null,
  starts_ms integer not null,
  ends_ms   integer not null
) strict;
create index if not exists flash_sales_by_end on flash_sales (ends_ms, starts_ms);
create index if not exists flash_sales_by_start on flash_sales (starts_ms, id);
`

export const saleKind = documentKind({
  schema: sale,
  tables: [saleTable],
  project: (id, document) => {
    const terms = termsOf(document)
    if (!terms || lwwRegister.read({ store: document.store.isCancelled })) return {}
    const { variant, startsMs, endsMs } = terms
    return { flash_sales: [{ id, variant, starts_ms: startsMs, ends_ms: endsMs }] }
  },
})
