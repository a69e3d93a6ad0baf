/** Regions that sell: carts become orders by the rules alone, with a payment that says what the test wants. */

import { parseDot, type DotKey } from '../../../../crdt/dot.ts'
import { beginCheckout, type BeginInput } from '../../../../node/checkout/begin-rules.ts'
import { conclude, type ConcludeAnswer } from '../../../../node/checkout/conclude-rules.ts'
import { order as orderSchema } from '../../../../node/orders/order.ts'
import { runsOf } from '../../../../node/orders/run.ts'
import { stockIdOf, mainLocation } from '../../../../node/inventory/location-id.ts'
import { stock } from '../../../../node/inventory/stock.ts'
import * as escrowCounter from '../../../../crdt/escrow-counter.ts'
import type { OrderAddress } from '../../../../node/orders/agreement.ts'
import { attendOrder } from '../../../../node/orders/order-rules.ts'
import { orderIdOf, type OrderId } from '../../../../node/orders/order-id.ts'
import { orderOf } from '../../../../node/orders/order-log.ts'
import type { Order } from '../../../../node/orders/order.ts'
import type { Authorisation } from '../../../../node/payments/provider.ts'
import { variantOf } from '../cart/shopping.ts'
import { createRegion, productInput, send, type Clock, type Region } from '../catalog/region.ts'

export const address: OrderAddress = {
  name: 'Carol Harbour',
  line1: '1 Quay',
  line2: null,
  city: 'Port',
  state: null,
  postalCode: '12345',
  country: 'US',
  phone: null,
}

/** Regions that have met, with `units` of each product to sell in the first one. */
export const openSellers = (
  clock: Clock,
  units: Readonly<Record<string, number>>,
  count = 2,
): readonly Region[] => {
  const regions = Array.from({ length: count }, () => createRegion(clock))
  const [first] = regions
  if (!first) throw new Error('There is at least one region')
  for (const [sku, initialQuantity] of Object.entries(units)) {
    first.create(productInput({ sku, name: sku, initialQuantity }))
  }
  for (const region of regions.slice(1)) send(first, region)
  return regions
}

export interface Wish {
  readonly key?: string
  readonly who?: string
  readonly lines: Readonly<Record<string, number>>
  readonly payment?: BeginInput['payment'] | 'none'
  readonly coupons?: readonly string[]
  readonly expectedTotal?: BeginInput['expectedTotal']
}

let keys = 0

export const inputOf = (region: Region, wish: Wish): BeginInput => {
  const who = wish.who ?? 'account/carol'
  const key = wish.key ?? `key-${++keys}`
  return {
    id: orderIdOf(who, key),
    node: nameOf(region),
    who,
    account: who.startsWith('account/') ? who.slice('account/'.length) : undefined,
    basket: {
      items: Object.entries(wish.lines).map(([sku, quantity]) => ({
        variant: variantOf(sku),
        quantity,
      })),
    },
    address,
    coupons: wish.coupons ?? [],
    shippingMethod: undefined,
    payment:
      wish.payment === 'none'
        ? undefined
        : (wish.payment ?? { provider: 'sandbox', token: 'tok_ok' }),
    expectedTotal: wish.expectedTotal,
  }
}

const names = new WeakMap<Region, string>()
let named = 0
export const nameOf = (region: Region): string => {
  const name = names.get(region) ?? `r${++named}`
  names.set(region, name)
  return name
}

export const begin = (region: Region, wish: Wish) => {
  const input = inputOf(region, wish)
  return { id: input.id, result: region.run(beginCheckout(noRisk), input) }
}

const noRisk = { assessRisk: () => ({ score: 0, reasons: [] }) }

let ordinal = 0

/** Ends the region's open run of a checkout with what the provider said. */
export const end = (
  region: Region,
  id: OrderId,
  result: Authorisation | 'unpaid' = { outcome: 'authorised', reference: `pi_${id}` },
): ConcludeAnswer => {
  const run = openRun(region, id)
  const said = result === 'unpaid' ? undefined : result
  const done = region.run(conclude, { id, run, ordinal: ++ordinal, result: said })
  if ('refused' in done) throw new Error(`A checkout always ends, not with ${done.refused}`)
  return done
}

export const openRun = (region: Region, id: OrderId): DotKey => {
  const run = runsOf(region.core.read(orderSchema, id)).find(
    (one) => one.end === undefined && region.core.lineage().includes(one.replica),
  )
  if (!run || !parseDot(run.dot)) throw new Error('The checkout has no open run here')
  return run.dot
}

/** Places an order that must succeed. */
export const place = (region: Region, wish: Wish): OrderId => {
  const { id, result } = begin(region, wish)
  if ('refused' in result) throw new Error(`Refused: ${result.refused}`)
  const { problem } = wish.payment === 'none' ? end(region, id, 'unpaid') : end(region, id)
  if (problem) throw new Error(problem.detail)
  return id
}

export const read = (region: Region, id: OrderId): Order => {
  const order = orderOf(region.core, id)
  if (!order) throw new Error(`There is no order ${id}`)
  return order
}

/** Does what is due until nothing is. */
export const attendAll = (region: Region, ids: Iterable<OrderId>): void => {
  for (const id of ids) region.run(attendOrder, { id, actsForOthers: false })
}

/** The units of a variant that nobody has sold, as the region sees them. */
export const unsold = (region: Region, sku: string): number =>
  escrowCounter.available({
    store: region.core.read(stock, stockIdOf(variantOf(sku), mainLocation)).store.units,
  })
