/** How the goods of a quote travel: by the method that was chosen, or by the one that costs least. */

import type { World } from '../core/capability.ts'
import { subtotalOf } from '../promotions/discount.ts'
import type { Basket } from '../promotions/stacking.ts'
import { chargeOf } from '../shipping/charge.ts'
import { method, viewMethod, type MethodView } from '../shipping/method.ts'
import { createExactness } from '../shipping/zone.ts'
import type { PricedLines } from './price-lines.ts'
import type { QuoteAsk } from './quote.ts'
import { problemOf, type QuoteProblem } from './quote-problem.ts'
import { idsOf } from './roster.ts'
import { isLive } from './rostered.ts'

export interface ShippingChoice {
  readonly method: MethodView | undefined
  readonly shipping: Basket['shipping']
  readonly problems: readonly QuoteProblem[]
}

export const chooseShipping = (
  world: Pick<World, 'read'>,
  { address, shippingMethod }: Pick<QuoteAsk, 'address' | 'shippingMethod'>,
  priced: PricedLines,
): ShippingChoice => {
  const offered = methodsOf(world)
  const chosen = offered.find(({ id }) => id === shippingMethod)
  if (shippingMethod !== undefined && !chosen) {
    const detail = `There is no shipping method ${shippingMethod}`
    return none(problemOf('shipping_method_unknown', detail))
  }
  if (!address) {
    return none(problemOf('address_required', 'Tax and shipping follow from the address'))
  }
  const charge = charger(world, address, priced)
  const method = chosen ?? cheapest(offered, charge, priced)
  if (!method) {
    return offered.length === 0
      ? none()
      : none(problemOf('shipping_unavailable', 'No method brings these goods to this address'))
  }
  const chargeFor = (goodsMinor: number) => charge(method, goodsMinor)
  return { method, shipping: { method: method.id, chargeFor }, problems: [] }
}

/** The methods that bring the goods to the address, with what each costs before discounts. */
export const shippingOptions = (
  world: Pick<World, 'read'>,
  address: NonNullable<QuoteAsk['address']>,
  priced: PricedLines,
): readonly { readonly method: MethodView; readonly priceMinor: number }[] => {
  const charge = charger(world, address, priced)
  return methodsOf(world).flatMap((method) => {
    const priceMinor = charge(method, goodsMinorOf(priced))
    return priceMinor === undefined ? [] : [{ method, priceMinor }]
  })
}

/** The problem of a method that does not take these goods there. */
export const goesNot = ({ name }: MethodView): QuoteProblem =>
  problemOf('shipping_unavailable', `${name} does not bring these goods to this address`)

/** All methods, in the order of their ids. */
export const methodsOf = (world: Pick<World, 'read'>): readonly MethodView[] =>
  idsOf(world, 'shipping-methods').flatMap((id) => {
    const document = world.read(method, id)
    return isLive(document) ? [viewMethod(id, document)] : []
  })

type Charge = (method: MethodView, goodsMinor: number) => number | undefined

const charger = (
  world: Pick<World, 'read'>,
  address: NonNullable<QuoteAsk['address']>,
  { currency, lines }: PricedLines,
): Charge => {
  const exactnessOf = createExactness(world, address)
  const grams = lines.reduce((sum, line) => sum + line.grams, 0)
  return (method, subtotalMinor) =>
    chargeOf(method, exactnessOf, { currency, grams, subtotalMinor })
}

// The lower id of equally cheap ones: methods come in the order of their ids.
const cheapest = (
  methods: readonly MethodView[],
  charge: Charge,
  priced: PricedLines,
): MethodView | undefined => {
  let best: { readonly method: MethodView; readonly minor: number } | undefined
  for (const method of methods) {
    const minor = charge(method, goodsMinorOf(priced))
    if (minor !== undefined && minor < (best?.minor ?? Infinity)) best = { method, minor }
  }
  return best?.method
}

const goodsMinorOf = ({ lines }: PricedLines): number =>
  lines.reduce((sum, { goods }) => sum + (goods ? subtotalOf(goods) : 0), 0)

const none = (...problems: readonly QuoteProblem[]): ShippingChoice => ({
  method: undefined,
  shipping: undefined,
  problems,
})
