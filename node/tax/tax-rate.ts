/**
 * A tax rate: how much of what is sold goes to the state, in a zone, for a category of goods.
 *
 * One rate taxes a line: of those whose zone holds the address and whose category holds the product,
 * the one with the most exact zone; of these the one with the longest category; of equals the one with
 * the lower id. Where several taxes are due at once, their sum is one rate.
 */

import { schema, type Document } from '../../crdt/document.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import { given, overwrite } from '../catalog/edits.ts'
import { documentKind, type World } from '../core/capability.ts'
import { isBoolean, isNatural, isText, isTextOrNull } from '../guards.ts'
import { idsOf } from '../pricing/roster.ts'
import { isLive, rosteredFields, rosteredRules } from '../pricing/rostered.ts'
import type { Destination } from '../pricing/quote.ts'
import { createExactness, zone } from '../shipping/zone.ts'

export const taxRate = schema('tax-rate', 1, {
  ...rosteredFields,
  name: [3, lwwRegister.shape(isText)],
  zone: [4, lwwRegister.shape(isText)],
  /** A category of the catalog, with all below it; null: all goods. */
  category: [5, lwwRegister.shape(isTextOrNull)],
  ratePpm: [6, lwwRegister.shape(isNatural)],
  /** Whether prices shown in the zone have the tax in them. */
  isIncluded: [7, lwwRegister.shape(isBoolean)],
  /** Whether shipping is taxed by it, too. */
  isOnShipping: [8, lwwRegister.shape(isBoolean)],
})

export type TaxRate = Document<typeof taxRate.fields>

export const taxRateKind = documentKind({ schema: taxRate, tables: [], project: () => ({}) })

export type TaxRateView = {
  readonly id: string
  readonly name: string
  readonly zone: string
  readonly category: string | null
  readonly ratePpm: number
  readonly isIncluded: boolean
  readonly isOnShipping: boolean
}

export const viewTaxRate = (id: string, { store }: TaxRate): TaxRateView => ({
  id,
  name: lwwRegister.read({ store: store.name }) ?? id,
  zone: lwwRegister.read({ store: store.zone }) ?? '',
  category: lwwRegister.read({ store: store.category }) ?? null,
  ratePpm: lwwRegister.read({ store: store.ratePpm }) ?? 0,
  isIncluded: lwwRegister.read({ store: store.isIncluded }) ?? false,
  isOnShipping: lwwRegister.read({ store: store.isOnShipping }) ?? false,
})

/** The rates that hold at an address. */
export interface TaxTable {
  /** The rate of goods in these categories. */
  forGoods(categories: readonly string[]): TaxRateView | undefined
  forShipping(): TaxRateView | undefined
}

export const taxTable = (world: Pick<World, 'read'>, destination: Destination): TaxTable => {
  const exactnessOf = createExactness(world, destination)
  const rates = idsOf(world, 'tax-rates')
    .map((id) => ({ id, document: world.read(taxRate, id) }))
    .filter(({ document }) => isLive(document))
    .map(({ id, document }) => viewTaxRate(id, document))
    .map((rate) => ({ rate, exactness: exactnessOf(rate.zone) ?? -1 }))
    .filter(({ exactness }) => exactness >= 0)
    .sort(
      (a, b) =>
        b.exactness - a.exactness ||
        (b.rate.category ?? '').length - (a.rate.category ?? '').length ||
        (a.rate.id < b.rate.id ? -1 : 1),
    )
    .map(({ rate }) => rate)
  return {
    forGoods: (categories) =>
      rates.find(({ category }) => category === null || isWithin(categories, category)),
    forShipping: () => rates.find(({ isOnShipping }) => isOnShipping),
  }
}

/** Whether one of the categories is `category` or lies below it. */
export const isWithin = (categories: readonly string[], category: string): boolean =>
  categories.some((one) => one === category || one.startsWith(`${category}.`))

export interface TaxRateInput {
  readonly name: string
  readonly zone: string
  readonly category: string | null
  readonly ratePpm: number
  readonly isIncluded: boolean
  readonly isOnShipping: boolean
}

export const taxRateRules = rosteredRules<typeof taxRate.fields, TaxRateInput>({
  schema: taxRate,
  roster: 'tax-rates',
  noun: 'tax_rate',
  codes: { exists: 'tax_rate_exists', notFound: 'tax_rate_not_found' },
  judge: ({ read }, { zone: id }) =>
    id === undefined || isLive(read(zone, id))
      ? undefined
      : { code: 'zone_not_found', detail: `There is no zone ${id}` },
  edits: (world, input) => ({
    name: given(input.name, (text) => overwrite(world, text)),
    zone: given(input.zone, (id) => overwrite(world, id)),
    category: given(input.category, (id) => overwrite<string | null>(world, id)),
    ratePpm: given(input.ratePpm, (ppm) => overwrite(world, ppm)),
    isIncluded: given(input.isIncluded, (is) => overwrite(world, is)),
    isOnShipping: given(input.isOnShipping, (is) => overwrite(world, is)),
  }),
})
