/**
 * What an admin does with stock, and what change it makes: pure functions of the world and the input.
 * Units leave by this node's rights only, as sold ones do: a node cannot write off what another may be
 * selling at the same moment.
 */

import { edit, type Edit, type Edits } from '../../crdt/document.ts'
import * as orSet from '../../crdt/or-set.ts'
import * as pnCounter from '../../crdt/pn-counter.ts'
import { assert } from '../../crdt/assert.ts'
import { overwrite } from '../catalog/edits.ts'
import { productOf, type VariantId } from '../catalog/ids.ts'
import { isLive, product, variantsOf } from '../catalog/product.ts'
import { draftDelta, type Decide, type DraftDelta, type World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { ok, refused } from '../result.ts'
import { isOpenLocation } from './location.ts'
import { mainLocation, stockIdOf, type LocationId } from './location-id.ts'
import { locationsPerVariantMax } from './limits.ts'
import * as purse from './purse.ts'
import { elsewhere, free, owedHere, spare } from './reservation.ts'
import {
  inStock,
  locationsOf,
  stock,
  stockAt,
  tracked,
  type Stock,
  type StockMode,
} from './stock.ts'

/** Where something was done to a variant's stock, and how many units were there before and after. */
export type StockAnswer = {
  readonly variantId: string
  readonly location: string
  readonly old: number
  readonly new: number
}

export interface StockAct {
  readonly variant: VariantId
  readonly location: LocationId
  readonly reason: string
}

export interface UnitsInput extends StockAct {
  readonly units: number
}

/** Takes units in. What was promised is delivered first. */
export const receiveStock: Decide<UnitsInput, StockAnswer> = (world, input) =>
  changeUnits(world, input, { type: 'inventory.received', by: input.units })

/** Adds units, or takes away such as this node may sell. */
export const adjustStock: Decide<UnitsInput, StockAnswer> = (world, input) =>
  changeUnits(world, input, { type: 'inventory.adjusted', by: input.units })

export interface CountInput extends StockAct {
  readonly counted: number
}

/** Says how many units were counted: the difference to what is known here comes in or leaves. */
export const countStock: Decide<CountInput, StockAnswer> = (world, { counted, ...act }) => {
  const known = inStock(stockAt(world, act.variant, act.location))
  return changeUnits(world, act, { type: 'inventory.counted', by: counted - known })
}

export interface TransferInput {
  readonly variant: VariantId
  readonly from: LocationId
  readonly to: LocationId
  readonly units: number
  readonly reason: string
}

/** Moves units from one location to another; the right to sell them stays at this node. */
export const transferStock: Decide<TransferInput, StockAnswer> = (world, input) => {
  const { variant, from, to, units, reason } = input
  if (from === to) {
    return refused({ code: 'invalid_request', detail: 'They are at that location already' })
  }
  const unfit = unfitness(world, variant, to)
  if (unfit) return refused(unfit)
  const source = stockAt(world, variant, from)
  const lacking = lack(world, variant, source, units)
  if (lacking) return refused(lacking)
  const old = inStock(source)
  const arriving = entering(world, stockAt(world, variant, to), units)
  // A document has one delta in a change; what the main location has to say goes with its units.
  const placing = placingEdits(world, variant, to)
  const fromMain = from === mainLocation
  return ok({
    type: 'inventory.transferred',
    details: { reason, to, units },
    deltas: [
      stockDelta(world, variant, from, { ...leaving(world, units), ...(fromMain ? placing : {}) }),
      stockDelta(world, variant, to, arriving.edits),
      ...(placing && !fromMain ? [stockDelta(world, variant, mainLocation, placing)] : []),
    ],
    answer: { variantId: variant, location: from, old, new: old - units },
  })
}

export interface ModeInput {
  readonly variant: VariantId
  readonly mode: StockMode
}

export type ModeAnswer = { readonly variantId: string; readonly mode: StockMode }

/** Says how a variant is sold. */
export const setMode: Decide<ModeInput, ModeAnswer> = (world, { variant, mode }) => {
  const unfit = unfitness(world, variant, mainLocation)
  if (unfit) return refused(unfit)
  return ok({
    type: 'inventory.mode_set',
    deltas: [
      stockDelta(world, variant, mainLocation, {
        mode: overwrite<StockMode>(world, mode),
        isTracked:
          mode === 'untracked' ? [] : tracked(world, stockAt(world, variant, mainLocation)),
      }),
    ],
    answer: { variantId: variant, mode },
  })
}

export interface ThresholdInput {
  readonly variant: VariantId
  readonly location: LocationId
  /** null: nobody is to be told. */
  readonly threshold: number | null
}

export type ThresholdAnswer = {
  readonly variantId: string
  readonly location: string
  readonly threshold: number | null
}

/** Says from how few units on somebody is to be told. */
export const setThreshold: Decide<ThresholdInput, ThresholdAnswer> = (world, input) => {
  const { variant, location, threshold } = input
  const unfit = unfitness(world, variant, location)
  if (unfit) return refused(unfit)
  return ok({
    type: 'inventory.threshold_set',
    deltas: [
      stockDelta(world, variant, location, {
        threshold: overwrite<number | null>(world, threshold),
      }),
    ],
    answer: { variantId: variant, location, threshold },
  })
}

/** Delivers what this node promised, as far as its rights go: for units that came from other nodes. */
export const deliverOwed: Decide<
  { readonly variant: VariantId; readonly location: LocationId },
  null
> = (world, { variant, location }) => {
  const document = stockAt(world, variant, location)
  const units = Math.min(owedHere(world, document), free(world, document))
  return ok({
    type: 'inventory.promises_kept',
    deltas: units > 0 ? [stockDelta(world, variant, location, delivering(world, units))] : [],
    answer: null,
  })
}

type StockEdits = Edits<typeof stock.fields>

const changeUnits = (
  world: World,
  { variant, location, reason }: StockAct,
  { type, by }: { readonly type: string; readonly by: number },
): ReturnType<Decide<StockAct, StockAnswer>> => {
  const unfit = unfitness(world, variant, location)
  if (unfit) return refused(unfit)
  const document = stockAt(world, variant, location)
  const lacking = by < 0 ? lack(world, variant, document, -by) : undefined
  if (lacking) return refused(lacking)
  const old = inStock(document)
  const { edits, delivered } =
    by < 0 ? { edits: leaving(world, -by), delivered: 0 } : entering(world, document, by)
  const placing = placingEdits(world, variant, location)
  const quantities = { old, new: old + by - delivered }
  return ok({
    type,
    details: { reason, location, ...quantities },
    deltas: [
      stockDelta(world, variant, location, edits),
      ...(placing ? [stockDelta(world, variant, mainLocation, placing)] : []),
    ],
    answer: { variantId: variant, location, ...quantities },
  })
}

/** How units come in; those of them that were promised go out at once. */
const entering = (
  world: World,
  document: Stock,
  units: number,
): { readonly edits: StockEdits; readonly delivered: number } => {
  const sparing = Math.max(units + spare(world, document), 0)
  const delivered = Math.min(owedHere(world, document), sparing)
  const edits = {
    isTracked: tracked(world, document),
    units: [
      ...(units > 0 ? [(counter: Counter) => purse.receive(world, counter, units)] : []),
      ...(delivered > 0 ? [spending(world, delivered)] : []),
    ],
    owed: delivered > 0 ? keeping(world, delivered) : [],
  }
  return { edits, delivered }
}

const leaving = (world: World, units: number): StockEdits => ({ units: spending(world, units) })

const delivering = (world: World, units: number): StockEdits => ({
  units: spending(world, units),
  owed: keeping(world, units),
})

type Counter = Parameters<Edit<Stock['store']['units']>>[0]

const spending =
  (world: World, units: number): Edit<Stock['store']['units']> =>
  (counter) => {
    const spent = purse.spend(world, counter, units)
    assert(spent.ok, 'it was seen before that this node has the rights')
    return spent.value
  }

const keeping =
  ({ replica }: World, units: number): Edit<Stock['store']['owed']> =>
  (owed) =>
    pnCounter.add(owed, replica, -units)

const stockDelta = (
  world: World,
  variant: VariantId,
  location: LocationId,
  edits: StockEdits,
): DraftDelta => {
  const id = stockIdOf(variant, location)
  return draftDelta(stock, id, edit(stock, world.read(stock, id), edits))
}

/** What the stock at the main location has to say of stock elsewhere; undefined if it did already. */
const placingEdits = (
  world: World,
  variant: VariantId,
  location: LocationId,
): StockEdits | undefined =>
  locationsOf(world, variant).includes(location)
    ? undefined
    : {
        locations: (set) => orSet.add(set, world.replica, location),
        isTracked: tracked(world, stockAt(world, variant, mainLocation)),
      }

/** Whether this node knows the variant as one that is for sale. */
export const isSoldHere = ({ read }: Pick<World, 'read'>, variant: VariantId): boolean => {
  const document = read(product, productOf(variant))
  return isLive(document) && variantsOf(document).some(({ id }) => id === variant)
}

const unfitness = (world: World, variant: VariantId, location: LocationId): Refusal | undefined => {
  if (!isSoldHere(world, variant)) {
    return { code: 'unknown_variant', detail: `There is no variant ${variant} to be sold` }
  }
  if (!isOpenLocation(world, location)) {
    return { code: 'location_not_found', detail: `There is no location ${location}` }
  }
  const places = locationsOf(world, variant)
  return places.includes(location) || places.length < locationsPerVariantMax
    ? undefined
    : {
        code: 'limit_reached',
        detail: `A variant has stock at ${locationsPerVariantMax} locations at most`,
      }
}

const lack = (
  world: World,
  variant: VariantId,
  document: Stock,
  units: number,
): Refusal | undefined => {
  const here = free(world, document)
  if (here >= units) return undefined
  const others = elsewhere(world, document)
  return {
    code: 'insufficient_stock',
    detail: `This node may take away ${here} units, not ${units}; others have ${others}`,
    shortage: {
      kind: 'shortage',
      lines: [{ variant, wanted: units, here, elsewhere: others }],
    },
  }
}
