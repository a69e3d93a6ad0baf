/**
 * What a checkout does with stock: sets units aside, gives them back, or sells them. Each function
 * answers deltas for the change of whoever asks, at most one for a document: so an order, its stock and
 * its cart are one change. Two of these functions must not meet on one variant in the same change,
 * because neither sees what the other does.
 *
 * What may be set aside here is what this node has rights to; nobody is asked. What others have is in
 * the refusal, for the broker to fetch (see `broker.ts`).
 */

import { edit, type Edits } from '../../crdt/document.ts'
import * as escrowCounter from '../../crdt/escrow-counter.ts'
import * as pnCounter from '../../crdt/pn-counter.ts'
import { assert } from '../../crdt/assert.ts'
import type { VariantId } from '../catalog/ids.ts'
import { draftDelta, type DraftDelta, type World } from '../core/capability.ts'
import { ok, refused, type Result } from '../result.ts'
import { drop, heldUnits, holdsOf, setAside } from './holds.ts'
import { mainLocation, stockIdOf, type LocationId, type StockId } from './location-id.ts'
import * as purse from './purse.ts'
import {
  available,
  locationsOf,
  stock,
  stockAt,
  tracked,
  variantMode,
  type Stock,
  type StockMode,
} from './stock.ts'

export interface Wanted {
  readonly variant: VariantId
  readonly units: number
}

/** Units that were set aside, or would have been if they were counted. */
export type HeldUnits = {
  readonly variant: VariantId
  readonly location: LocationId
  readonly units: number
  /** `rights`: out of stock; `backorder`: on promise; `untracked`: not counted. */
  readonly mode: StockMode
}

/** What there is too little of: `here` can be sold by this node now, `elsewhere` by others, as far as known. */
export interface Shortage {
  readonly kind: 'shortage'
  readonly lines: readonly ShortLine[]
}

export interface ShortLine {
  readonly variant: VariantId
  readonly wanted: number
  readonly here: number
  readonly elsewhere: number
}

export interface HoldInput {
  /** Names the checkout; no two have the same name. */
  readonly checkout: string
  readonly wanted: readonly Wanted[]
  readonly untilMs: number
}

export interface Held {
  readonly deltas: readonly DraftDelta[]
  readonly held: readonly HeldUnits[]
}

/**
 * Sets units aside until a time, all that is wanted or nothing: from one location if one has enough,
 * else from as many as it takes. What the checkout had set aside at these locations is replaced.
 */
export const hold = (
  world: World,
  { checkout, wanted, untilMs }: HoldInput,
): Result<Held, Shortage> => {
  const lines = summedUp(wanted)
  const picked = lines.map((line) => pick(world, line, checkout))
  const short = picked.flatMap((one, at) => (one ? [] : [shortLine(world, lines[at]!, checkout)]))
  if (short.length > 0) return refused({ kind: 'shortage', lines: short })
  const held = picked.flatMap((one) => one ?? [])
  const deltas = held
    .filter(({ mode }) => mode === 'rights')
    .map(({ variant, location, units }) =>
      deltaOf(world, stockIdOf(variant, location), () => ({
        holds: setAside(world, checkout, { units, untilMs }),
      })),
    )
  return ok({ deltas, held })
}

/** Gives back what was set aside, as far as it was seen. */
export const release = (
  world: World,
  { checkout, held }: { readonly checkout: string; readonly held: readonly HeldUnits[] },
): readonly DraftDelta[] =>
  [...byStock(held)]
    .filter(([, units]) => units.rights > 0)
    .map(([id]) => deltaOf(world, id, () => ({ holds: drop(checkout) })))

/**
 * Sets the same units aside until another time. If their hold is gone, they are set aside anew where they
 * can still be spared; if not all of them can, nothing changes.
 */
export const prolong = (
  world: World,
  {
    checkout,
    held,
    untilMs,
  }: {
    readonly checkout: string
    readonly held: readonly HeldUnits[]
    readonly untilMs: number
  },
): Result<readonly DraftDelta[], Shortage> => {
  const lacking = shortageOf(world, { checkout, held })
  if (lacking) return refused(lacking)
  return ok(
    [...byStock(held)]
      .filter(([, { rights }]) => rights > 0)
      .map(([id, { rights }]) =>
        deltaOf(world, id, () => ({
          holds: setAside(world, checkout, { units: rights, untilMs }),
        })),
      ),
  )
}

/**
 * Turns holds into sales. Units whose hold is gone are sold if they can still be spared; if not all of
 * them can, nothing is sold.
 */
export const sell = (
  world: World,
  { checkout, held }: { readonly checkout: string; readonly held: readonly HeldUnits[] },
): Result<readonly DraftDelta[], Shortage> => {
  const lacking = shortageOf(world, { checkout, held })
  if (lacking) return refused(lacking)
  return ok(
    [...byStock(held)].map(([id, { rights, owed }]) =>
      deltaOf(world, id, () => ({
        holds: drop(checkout),
        units:
          rights === 0
            ? []
            : (counter) => {
                const spent = purse.spend(world, counter, rights)
                assert(spent.ok, 'what can be spared is held')
                return spent.value
              },
        owed: owed === 0 ? [] : (counter) => pnCounter.add(counter, world.replica, owed),
      })),
    ),
  )
}

/** What of these units can no longer be spared for the checkout; undefined if all can. */
const shortageOf = (
  world: World,
  { checkout, held }: { readonly checkout: string; readonly held: readonly HeldUnits[] },
): Shortage | undefined => {
  const lacking = new Set(
    [...byStock(held)]
      .filter(([id, { rights }]) => rights > spare(world, world.read(stock, id), checkout))
      .map(([, { variant }]) => variant),
  )
  if (lacking.size === 0) return undefined
  const wanted = summedUp(held.filter(({ variant }) => lacking.has(variant)))
  return { kind: 'shortage', lines: wanted.map((line) => shortLine(world, line, checkout)) }
}

/**
 * Units that come back, by cancellation or return: this node may sell them again. Whoever sold them has
 * to see that they come back once, by one node only.
 */
export const giveBack = (world: World, { held }: GivenBack): readonly DraftDelta[] =>
  [...byStock(held)].map(([id, { rights, owed }]) =>
    deltaOf(world, id, (document) => {
      // A promise that was kept meanwhile, or that another node made, comes back as a unit.
      const promised = Math.min(owed, owedHere(world, document))
      const back = rights + owed - promised
      return {
        units: back > 0 ? (counter) => purse.receive(world, counter, back) : [],
        owed: promised > 0 ? (counter) => pnCounter.add(counter, world.replica, -promised) : [],
        isTracked: tracked(world, document),
      }
    }),
  )

export interface GivenBack {
  readonly held: readonly HeldUnits[]
  /** Why, for whoever reads the rule; the log of the stock tells it from the change. */
  readonly reason: string
}

/** The units of a stock that this node can sell to somebody new; never fewer than none. */
export const free = (world: World, document: Stock): number => Math.max(spare(world, document), 0)

/** The units that this node promised and has not delivered. */
export const owedHere = ({ lineage }: Pick<World, 'lineage'>, { store }: Stock): number =>
  Math.max(pnCounter.readOf({ store: store.owed }, lineage), 0)

/** The rights that no checkout but this one has a claim to; fewer than none if too many were spent. */
export const spare = (world: World, document: Stock, checkout?: string): number =>
  purse.rights(world, { store: document.store.units }) -
  heldUnits(document, { lineage: world.lineage, nowMs: world.time.wallMs, except: checkout })

/** The units that others can sell, as far as this node knows. */
export const elsewhere = (world: World, document: Stock): number => {
  const here = escrowCounter.rights({ store: document.store.units }, world.lineage)
  const others = othersHoldUnits(world, document)
  return Math.max((available(document) ?? 0) + owedTotal(document) - here - others, 0)
}

const owedTotal = ({ store }: Stock): number => pnCounter.read({ store: store.owed })

const othersHoldUnits = ({ lineage, time }: World, document: Stock): number => {
  let units = 0
  for (const hold of holdsOf(document)) {
    if (hold.untilMs > time.wallMs && !lineage.includes(hold.replica)) units += hold.units
  }
  return units
}

/** Where the units of a line come from; undefined if there are not enough. */
const pick = (
  world: World,
  { variant, units }: Wanted,
  checkout: string,
): readonly HeldUnits[] | undefined => {
  const mode = variantMode(world, variant)
  if (mode === 'untracked') return [{ variant, location: mainLocation, units, mode }]
  const places = locationsOf(world, variant).map((location) => ({
    location,
    spare: Math.max(spare(world, stockAt(world, variant, location), checkout), 0),
  }))
  const whole = places.find(({ spare }) => spare >= units)
  if (whole) return [{ variant, location: whole.location, units, mode: 'rights' }]
  const parts: HeldUnits[] = []
  let left = units
  for (const { location, spare } of places.toSorted((a, b) => b.spare - a.spare)) {
    const taken = Math.min(spare, left)
    if (taken > 0) parts.push({ variant, location, units: taken, mode: 'rights' })
    left -= taken
  }
  if (left === 0) return parts
  return mode === 'backorder'
    ? [...parts, { variant, location: mainLocation, units: left, mode }]
    : undefined
}

const shortLine = (world: World, { variant, units }: Wanted, checkout: string): ShortLine => {
  const stocks = locationsOf(world, variant).map((location) => stockAt(world, variant, location))
  const sum = (part: (document: Stock) => number) =>
    stocks.reduce((total, document) => total + part(document), 0)
  return {
    variant,
    wanted: units,
    here: sum((document) => Math.max(spare(world, document, checkout), 0)),
    elsewhere: sum((document) => elsewhere(world, document)),
  }
}

/** One line for each variant, in the order in which they come first. */
const summedUp = (lines: readonly Wanted[]): readonly Wanted[] =>
  [...Map.groupBy(lines, ({ variant }) => variant)].map(([variant, own]) => ({
    variant,
    units: own.reduce((sum, { units }) => sum + units, 0),
  }))

interface UnitsOfStock {
  readonly variant: VariantId
  readonly rights: number
  readonly owed: number
}

/** What is held of each stock; what is not counted has none. */
const byStock = (held: readonly HeldUnits[]): ReadonlyMap<StockId, UnitsOfStock> => {
  const stocks = new Map<StockId, UnitsOfStock>()
  for (const { variant, location, units, mode } of held) {
    if (mode === 'untracked') continue
    const id = stockIdOf(variant, location)
    const { rights, owed } = stocks.get(id) ?? { rights: 0, owed: 0 }
    stocks.set(
      id,
      mode === 'rights'
        ? { variant, rights: rights + units, owed }
        : { variant, rights, owed: owed + units },
    )
  }
  return stocks
}

const deltaOf = (
  world: World,
  id: StockId,
  edits: (document: Stock) => Edits<typeof stock.fields>,
): DraftDelta => {
  const document = world.read(stock, id)
  return draftDelta(stock, id, edit(stock, document, edits(document)))
}
