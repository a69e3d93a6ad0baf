/**
 * The stock of one variant at one location: how much came in, how much was sold, which replica may sell
 * how much, and what is set aside for checkouts.
 *
 * The stock at the main location speaks for the variant as a whole: whether its units are counted, and
 * where else there are some.
 */

import { edit, schema, type Document, type Edit } from '../../crdt/document.ts'
import * as escrowCounter from '../../crdt/escrow-counter.ts'
import type { EscrowCounter } from '../../crdt/escrow-counter.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import * as orSet from '../../crdt/or-set.ts'
import * as pnCounter from '../../crdt/pn-counter.ts'
import type { Value } from '../../crdt/value.ts'
import type { VariantId } from '../catalog/ids.ts'
import { draftDelta, type DraftDelta, type World } from '../core/capability.ts'
import { isBoolean, isFields, isNatural, isNull } from '../guards.ts'
import { isLocationId, mainLocation, stockIdOf, type LocationId } from './location-id.ts'

/** How a variant is sold. */
export type StockMode =
  /** Never more than there is. */
  | 'rights'
  /** What there is first, and beyond it on promise. */
  | 'backorder'
  /** Without counting. */
  | 'untracked'

export const stockModes = [
  'rights',
  'backorder',
  'untracked',
] as const satisfies readonly StockMode[]

/** Set aside for a checkout, by the replica that wrote it. */
export type Hold = { readonly units: number; readonly untilMs: number }

const isMode = (value: Value): value is StockMode => stockModes.some((mode) => mode === value)

const isHold = (value: Value): value is Hold =>
  isFields(value) && isNatural(value['units'] ?? null) && isNatural(value['untilMs'] ?? null)

const isNaturalOrNull = (value: Value): value is number | null => isNull(value) || isNatural(value)

export const holdShape = lwwRegister.shape(isHold)

export const stock = schema('stock', 2, {
  units: [1, escrowCounter.shape],
  /** Set once units were said to be counted; a variant without is sold without counting. */
  isTracked: [2, lwwRegister.shape(isBoolean)],
  /** What an admin chose; see `modeOf` for what holds if nobody did. */
  mode: [3, lwwRegister.shape(isMode)],
  /** By checkout. */
  holds: [4, orMap.shape(holdShape)],
  /** At or below so many units somebody is to be told; null or nothing: never. */
  threshold: [5, lwwRegister.shape(isNaturalOrNull)],
  /** Beside the main one. */
  locations: [6, orSet.shape],
  /** Units sold on promise and not delivered out of stock yet, by the replica that promised. */
  owed: [7, pnCounter.shape],
})

export type Stock = Document<typeof stock.fields>

/** How a variant is sold, by the stock at its main location. */
export const modeOf = ({ store }: Stock): StockMode => {
  const chosen = lwwRegister.read<StockMode>({ store: store.mode })
  if (chosen !== undefined) return chosen
  return lwwRegister.read({ store: store.isTracked }) ? 'rights' : 'untracked'
}

/** The units of this stock that somebody may still sell; undefined if they are not counted. */
export const available = (document: Stock): number | undefined => {
  const { isTracked, units, owed } = document.store
  if (!lwwRegister.read({ store: isTracked })) return undefined
  return escrowCounter.available({ store: units }) - pnCounter.read({ store: owed })
}

/** The units that are there: what was promised and not delivered is none of them. */
export const inStock = ({ store }: Stock): number => escrowCounter.available({ store: store.units })

export const counterOf = ({ store, context }: Stock): EscrowCounter => ({
  store: store.units,
  context,
})

export const thresholdOf = ({ store }: Stock): number | null =>
  lwwRegister.read<number | null>({ store: store.threshold }) ?? null

/** Where the variant has stock, the main location first. */
export const locationsOf = (
  world: Pick<World, 'read'>,
  variant: VariantId,
): readonly LocationId[] => [
  mainLocation,
  ...orSet
    .elements({ store: world.read(stock, stockIdOf(variant, mainLocation)).store.locations })
    .filter(isLocationId),
]

export const stockAt = (
  { read }: Pick<World, 'read'>,
  variant: VariantId,
  location: LocationId,
): Stock => read(stock, stockIdOf(variant, location))

/** How a variant is sold. */
export const variantMode = (world: Pick<World, 'read'>, variant: VariantId): StockMode =>
  modeOf(stockAt(world, variant, mainLocation))

/**
 * The units of a variant that somebody may still sell, wherever they are; undefined if it never runs
 * out, because it is not counted or sold on promise.
 */
export const sellable = (world: Pick<World, 'read'>, variant: VariantId): number | undefined => {
  if (variantMode(world, variant) !== 'rights') return undefined
  const units = locationsOf(world, variant).map(
    (location) => available(stockAt(world, variant, location)) ?? 0,
  )
  return Math.max(
    units.reduce((sum, one) => sum + one, 0),
    0,
  )
}

/** Whether anything was ever said of a variant's stock. */
export const isCounted = ({ exists }: Pick<World, 'exists'>, variant: VariantId): boolean =>
  exists(stock, stockIdOf(variant, mainLocation))

/** The delta by which a variant's stock begins to be counted, with `units` received here. */
export const begin = (world: World, variant: VariantId, units: number): DraftDelta => {
  const id = stockIdOf(variant, mainLocation)
  const delta = edit(stock, world.read(stock, id), {
    isTracked: (register) => lwwRegister.write(register, world.time, true),
    units: units > 0 ? (counter) => escrowCounter.receive(counter, world.replica, units) : [],
  })
  return draftDelta(stock, id, delta)
}

/** The edit that has a stock's units counted, if they are not yet. */
export const tracked = ({ time }: Pick<World, 'time'>, { store }: Stock) =>
  lwwRegister.read({ store: store.isTracked })
    ? []
    : (register: Parameters<Edit<Stock['store']['isTracked']>>[0]) =>
        lwwRegister.write(register, time, true)
