/**
 * A shipping method: a way for goods to travel, with what it costs in each zone and currency.
 *
 * A rate goes in steps: `from` which weight or subtotal on it costs how much. A flat rate is a single
 * step from 0. What lies below the first step, or above `upTo`, does not travel this way.
 */

import { schema, type Document, type Edit } from '../../crdt/document.ts'
import type { DotFun, DotMap } from '../../crdt/dot-store.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import type { Stamped } from '../../crdt/payload.ts'
import { equals, type Value } from '../../crdt/value.ts'
import { given, overwrite } from '../catalog/edits.ts'
import { documentKind, type World } from '../core/capability.ts'
import { isFields, isNatural, isText } from '../guards.ts'
import { isLive, rosteredFields, rosteredRules } from '../pricing/rostered.ts'
import { zone } from './zone.ts'

export const bases = ['flat', 'weight', 'subtotal'] as const
export type Basis = (typeof bases)[number]

export type Rate = {
  readonly zone: string
  readonly currency: string
  /** What the steps go by: nothing, grams, or minor units of the goods after their discounts. */
  readonly basis: Basis
  /** In ascending order of `from`, at least one. */
  readonly steps: readonly Step[]
  /** Grams or minor units; null: no bound. */
  readonly upTo: number | null
}

export type Step = { readonly from: number; readonly amount: number }

export type Days = { readonly min: number; readonly max: number }

const isStep = (value: Value): value is Step =>
  isFields(value) && isNatural(value['from'] ?? null) && isNatural(value['amount'] ?? null)

const isRate = (value: Value): value is Rate => {
  if (!isFields(value)) return false
  const { zone: id = null, currency = null, basis = null, steps = null, upTo = 0 } = value
  return (
    [id, currency].every(isText) &&
    bases.some((one) => one === basis) &&
    Array.isArray(steps) &&
    steps.length > 0 &&
    steps.every(isStep) &&
    (upTo === null || isNatural(upTo))
  )
}

const isDays = (value: Value): value is Days =>
  isFields(value) && isNatural(value['min'] ?? null) && isNatural(value['max'] ?? null)

const rateShape = lwwRegister.shape(isRate)

export const method = schema('shipping-method', 1, {
  ...rosteredFields,
  name: [3, lwwRegister.shape(isText)],
  carrier: [4, lwwRegister.shape(isText)],
  /** Days on the way. */
  days: [5, lwwRegister.shape(isDays)],
  /** By zone and currency, so that two who price the same zone meet in one rate. */
  rates: [6, orMap.shape(rateShape)],
})

export type Method = Document<typeof method.fields>

export const methodKind = documentKind({ schema: method, tables: [], project: () => ({}) })

export type MethodView = {
  readonly id: string
  readonly name: string
  readonly carrier: string
  readonly days: Days
  readonly rates: readonly Rate[]
}

export const viewMethod = (id: string, { store }: Method): MethodView => ({
  id,
  name: lwwRegister.read({ store: store.name }) ?? id,
  carrier: lwwRegister.read({ store: store.carrier }) ?? '',
  days: lwwRegister.read<Days>({ store: store.days }) ?? { min: 0, max: 0 },
  rates: ratesOf(store.rates),
})

const ratesOf = (rates: Method['store']['rates']): readonly Rate[] =>
  [...rates.keys()].sort().flatMap((key) => rateAt(rates, key) ?? [])

const rateAt = (rates: Method['store']['rates'], key: string): Rate | undefined =>
  lwwRegister.read<Rate>({ store: rates.get(key) ?? new Map() })

const keyOf = ({ zone: id, currency }: Pick<Rate, 'zone' | 'currency'>): string =>
  `${id} ${currency}`

export interface MethodInput {
  readonly name: string
  readonly carrier: string
  readonly days: Days
  /** All of them; those that are not among them are taken out. */
  readonly rates: readonly Rate[]
}

export const methodRules = rosteredRules<typeof method.fields, MethodInput>({
  schema: method,
  roster: 'shipping-methods',
  noun: 'shipping_method',
  codes: { exists: 'shipping_method_exists', notFound: 'shipping_method_not_found' },
  judge: ({ read }, { rates = [] }) => {
    const lost = rates.find((rate) => !isLive(read(zone, rate.zone)))
    return lost && { code: 'zone_not_found', detail: `There is no zone ${lost.zone}` }
  },
  edits: (world, { name, carrier, days, rates }, before) => ({
    name: given(name, (text) => overwrite(world, text)),
    carrier: given(carrier, (text) => overwrite(world, text)),
    days: given(days, (range) => overwrite(world, range)),
    rates: given(rates, (wanted) => replaceRates(world, before.store.rates, wanted)),
  }),
})

// A rate that stays as it is is not written: it would win over what somebody else writes meanwhile.
const replaceRates = (
  world: World,
  before: Method['store']['rates'],
  wanted: readonly Rate[],
): readonly Edit<DotMap<DotFun<Stamped<Rate>>>>[] => {
  const keys = new Set(wanted.map(keyOf))
  const removed = [...before.keys()].filter((key) => !keys.has(key))
  const changed = wanted.filter((rate) => !equals(rate, rateAt(before, keyOf(rate)) ?? null))
  return [
    ...removed.map((key): Edit<DotMap<DotFun<Stamped<Rate>>>> => {
      return (rates) => orMap.remove(rates, rateShape, key)
    }),
    ...changed.map((rate): Edit<DotMap<DotFun<Stamped<Rate>>>> => {
      return (rates) =>
        orMap.update(rates, rateShape, {
          key: keyOf(rate),
          edit: (register) => lwwRegister.write(register, world.time, rate),
        })
    }),
  ]
}
