/** What a checkout does with stock, each as a command of its own: easy to drive by a test or a simulator. */

import type { Value } from '../../../../crdt/value.ts'
import type { VariantId } from '../../../../node/catalog/ids.ts'
import type { Decide } from '../../../../node/core/capability.ts'
import type { Refusal } from '../../../../node/errors.ts'
import {
  giveBack,
  hold,
  release,
  sell,
  type HeldUnits,
  type Shortage,
} from '../../../../node/inventory/reservation.ts'
import { ok, refused } from '../../../../node/result.ts'

export interface Order {
  /** Names the checkout. */
  readonly checkout: string
  readonly variant: VariantId
  readonly units: number
  readonly untilMs: number
}

export type HeldAnswer = { readonly held: readonly HeldUnits[] }

const short = (shortage: Shortage): Refusal => ({
  code: 'insufficient_stock',
  detail: 'There are not enough units',
  shortage,
})

/** Sets units aside. */
export const holdUnits: Decide<Order, HeldAnswer> = (
  world,
  { checkout, variant, units, untilMs },
) => {
  const done = hold(world, { checkout, wanted: [{ variant, units }], untilMs })
  if (!done.ok) return refused(short(done.refusal))
  const { deltas, held } = done.value
  return ok({ type: 'test.held', deltas, answer: { held } })
}

export interface OfHeld {
  readonly checkout: string
  readonly held: readonly HeldUnits[]
}

/** Sells what was set aside. */
export const sellHeld: Decide<OfHeld, HeldAnswer> = (world, { checkout, held }) => {
  const sold = sell(world, { checkout, held })
  return sold.ok
    ? ok({ type: 'test.sold', deltas: sold.value, answer: { held } })
    : refused(short(sold.refusal))
}

export const releaseHeld: Decide<OfHeld, null> = (world, input) =>
  ok({ type: 'test.released', deltas: release(world, input), answer: null })

export const returnUnits: Decide<OfHeld, null> = (world, { held }) =>
  ok({ type: 'test.returned', deltas: giveBack(world, { held, reason: 'returned' }), answer: null })

/** Sells from the main location without having set anything aside. */
export const sellAtOnce: Decide<Order, Value> = (world, { checkout, variant, units }) => {
  const picked = hold(world, { checkout, wanted: [{ variant, units }], untilMs: 0 })
  return picked.ok
    ? sellHeld(world, { checkout, held: picked.value.held })
    : refused(short(picked.refusal))
}
