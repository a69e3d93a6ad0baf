/**
 * Which units and coupons of an order are to be given back, and by whom.
 *
 * Units that are given back twice would be sold twice. So only the node that sold them gives them
 * back: its replicas live one after the other and read each other's log, so that it knows what it has
 * done. Whoever cancels elsewhere need not do more than cancel.
 */

import type { DotKey, ReplicaId } from '../../crdt/dot.ts'
import type { SoldUnits } from './agreement.ts'
import type { Order, Placement } from './order.ts'
import { keptOf } from './order-money.ts'

/** What a node is to give back for one placement. */
export interface Owed {
  readonly placement: DotKey
  readonly units: readonly SoldUnits[]
  /** Codes of which a use comes back. */
  readonly coupons: readonly string[]
  readonly reason: 'placed_twice' | 'cancelled' | 'returned' | 'edited'
}

/** All that is owed on account of placements by `lineage`. */
export const owedBy = (order: Order, lineage: readonly ReplicaId[] | 'anybody'): readonly Owed[] =>
  [order.placement, ...order.doubles]
    .filter(({ replica }) => lineage === 'anybody' || lineage.includes(replica))
    .map((placement) => owedFor(order, placement))
    .filter(({ units, coupons }) => units.length > 0 || coupons.length > 0)

const owedFor = (order: Order, placement: Placement): Owed => {
  const { sold, agreed } = placement.event
  const events = order.givenBack.filter((event) => event.placement === placement.dot)
  const given = events.flatMap(({ units }) => units)
  const returned = new Set(events.flatMap((event) => event.coupons))
  const isVoid = placement !== order.placement || order.status === 'cancelled'
  const coupons = agreed.coupons
    .map(({ code }) => code)
    .filter((code) => isVoid && !returned.has(code))
  const of = { placement: placement.dot, coupons }
  if (placement !== order.placement) {
    const all = new Map<string, number>()
    for (const { variant, units } of sold) all.set(variant, (all.get(variant) ?? 0) + units)
    return { ...of, units: pick(sold, all, given), reason: 'placed_twice' }
  }
  const isWhole = order.lines.every(
    (state) => keptOf(order, state) === state.line.units && state.returned === 0,
  )
  // Most orders are as they were placed, and every change of one asks.
  if (isWhole) return { ...of, units: [], reason: 'edited' }
  const back = new Map(
    order.lines.map((state) => [
      state.line.variant as string,
      state.line.units - keptOf(order, state) + state.returned,
    ]),
  )
  const reason = order.isCancelled
    ? 'cancelled'
    : order.lines.some(({ returned }) => returned > 0)
      ? 'returned'
      : 'edited'
  return { ...of, units: pick(sold, back, given), reason }
}

// From where they were sold, in the order in which they were.
const pick = (
  sold: readonly SoldUnits[],
  back: ReadonlyMap<string, number>,
  given: readonly SoldUnits[],
): readonly SoldUnits[] => {
  const already = new Map<string, number>()
  for (const { variant, units } of given) already.set(variant, (already.get(variant) ?? 0) + units)
  const left = new Map(
    [...back].map(([variant, units]) => [variant, units - (already.get(variant) ?? 0)]),
  )
  const atPlace = new Map(given.map(({ variant, location }) => [`${variant}.${location}`, 0]))
  for (const { variant, location, units } of given) {
    const place = `${variant}.${location}`
    atPlace.set(place, (atPlace.get(place) ?? 0) + units)
  }
  return sold.flatMap((one) => {
    const wanted = left.get(one.variant) ?? 0
    const room = one.units - (atPlace.get(`${one.variant}.${one.location}`) ?? 0)
    const units = Math.min(wanted, room)
    if (units <= 0) return []
    left.set(one.variant, wanted - units)
    return [{ ...one, units }]
  })
}

/** Units that are back in stock although a parcel with them has left: the count is too high by them. */
export const givenBackTooMany = (order: Order): readonly { variant: string; units: number }[] => {
  const given = new Map<string, number>()
  for (const event of order.givenBack) {
    if (event.placement !== order.placement.dot) continue
    for (const { variant, units } of event.units) {
      given.set(variant, (given.get(variant) ?? 0) + units)
    }
  }
  return order.lines.flatMap((state) => {
    const back = state.line.units - keptOf(order, state) + state.returned
    const units = (given.get(state.line.variant) ?? 0) - back
    return units > 0 ? [{ variant: state.line.variant, units }] : []
  })
}
