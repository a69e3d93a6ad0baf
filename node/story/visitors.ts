/**
 * Visitors: in every region somebody looks at a product and puts it into a cart, over and over, so that
 * the story can say how each node served while the cable was cut.
 */

import { Cart, NewCart, type Product } from './answers.ts'
import { visitEveryMs, visitsMin } from './limits.ts'
import { inRegions, regions, type ByRegion, type Region } from './regions.ts'
import type { Stage } from './stage.ts'
import { pause } from './story-deps.ts'

export interface Visitors {
  /** Lets everybody finish their round, and tells how they were served. */
  close(): Promise<ByRegion<Service>>
}

/** How a region was served. */
export interface Service {
  readonly requests: number
  /** How long each answer took, in milliseconds. */
  readonly reads: readonly number[]
  readonly writes: readonly number[]
  /** What was answered with anything but success, or not at all: a sentence each. */
  readonly failures: readonly string[]
}

/** The visitors come in: each opens a cart of their own, and the rounds begin. */
export const createVisitors = async (stage: Stage, product: Product): Promise<Visitors> => {
  const carts = await inRegions(async (region) => {
    const opened = await stage.guests[region].change({ method: 'POST', path: 'carts' }, NewCart)
    return opened.value
  })
  const rounds = { least: Infinity }
  const visit = async (region: Region): Promise<Service> => {
    const service = newService()
    for (let round = 0; round < rounds.least; round += 1) {
      await visitOnce(stage, { region, product, cart: carts[region], round }, service)
      await pause(stage.deps, visitEveryMs)
    }
    return service
  }
  const visits = { eu: visit('eu'), us: visit('us'), ap: visit('ap') }
  // A story that ends early has nobody to hear of it.
  for (const region of regions) visits[region].catch(() => undefined)
  return {
    close: () => {
      rounds.least = visitsMin
      return inRegions((region) => visits[region])
    },
  }
}

const newService = () => ({
  requests: 0,
  reads: [] as number[],
  writes: [] as number[],
  failures: [] as string[],
})

interface Visit {
  readonly region: Region
  readonly product: Product
  readonly cart: NewCart
  readonly round: number
}

const visitOnce = async (
  { guests, deps }: Stage,
  { region, product, cart, round }: Visit,
  service: ReturnType<typeof newService>,
): Promise<void> => {
  const client = guests[region]
  const intent = { id: `visit-${round}`, type: 'set', variantId: product.variants[0]?.id }
  try {
    service.requests += 1
    const { status, ms } = await client.ask({ method: 'GET', path: `products/${product.id}` })
    service.reads.push(ms)
    if (status !== 200) service.failures.push(`${region} answers a read with ${status}`)
    service.requests += 1
    const written = await client.change(
      {
        method: 'POST',
        path: `carts/${cart.id}/intents`,
        headers: { 'x-cart-token': cart.token },
        body: { intents: [{ ...intent, quantity: (round % 9) + 1 }] },
      },
      Cart,
    )
    service.writes.push(written.ms)
  } catch (error) {
    deps.signal.throwIfAborted()
    service.failures.push(error instanceof Error ? error.message : String(error))
  }
}
