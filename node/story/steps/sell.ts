/** A scene of the third act: the last units of a product are sold on both sides of the cut. */

import { z } from 'zod'
import { awaitAgreement } from '../agreement.ts'
import { NewCart, Product, type Money } from '../answers.ts'
import { count, shortName } from '../figures.ts'
import { agreeMsMax } from '../limits.ts'
import { forRegions, inRegions, isSame, regions, type ByRegion, type Region } from '../regions.ts'
import type { Proof } from '../proofs.ts'
import type { Stage } from '../stage.ts'

/** Of each, in eu and in us; so many shoppers come in every region. */
const unitsAtEach = 3
const shoppersAtEach = 6

export interface Sale {
  readonly variant: string
  readonly name: string
  readonly units: number
}

/** What became of the shoppers of one region. */
export interface Sold {
  /** The orders that were placed. */
  readonly orders: readonly string[]
  readonly soldOut: number
  /** Answers that were neither. */
  readonly failures: readonly string[]
}

/** Before the cut: a product with a few units, some of which eu may sell and some us. */
export const prepareSale = async (stage: Stage, price: Money): Promise<Sale> => {
  const { admins } = stage
  const body = {
    sku: 'ATOLL-STORY-LAST',
    name: 'Brass sextant',
    price,
    initialQuantity: unitsAtEach,
  }
  const made = await admins.eu.change({ method: 'POST', path: 'products', body }, Product)
  const variant = made.value.variants[0]?.id ?? ''
  await awaitAgreement(stage, agreeMsMax)
  const received = { location: 'main', quantity: unitsAtEach, reason: 'a delivery to us' }
  await admins.us.change(
    { method: 'POST', path: `inventory/${variant}/receive`, body: received },
    z.object({}),
  )
  const { isReached } = await awaitAgreement(stage, agreeMsMax)
  if (!isReached) throw new Error('the nodes do not agree although every cable is in place')
  return { variant, name: made.value.name, units: 2 * unitsAtEach }
}

/** Behind the cut: more shoppers want one than there are units, in every region. */
export const sellApart = async (stage: Stage, sale: Sale): Promise<ByRegion<Sold>> => {
  const { narrator } = stage
  const sold = await inRegions((region) => sellIn(stage, region, sale))
  const shoppers = regions.length * shoppersAtEach
  await narrator.say(
    `**The last ${count(sale.units)}.** Of ${shortName(sale.name)} there are ${count(sale.units)}, and ` +
      `${count(shoppers)} shoppers in three regions want one, and pay. Each region sells what it has the ` +
      'rights to and asks nobody behind the cut.',
  )
  narrator.table(
    [
      ['region', 'ordered and paid', 'told that it is sold out'],
      ...regions.map((region) => [
        region,
        count(sold[region].orders.length),
        count(sold[region].soldOut),
      ]),
    ],
    { hasHeading: true },
  )
  return sold
}

const sellIn = async (stage: Stage, region: Region, sale: Sale): Promise<Sold> => {
  const orders: string[] = []
  const failures: string[] = []
  let soldOut = 0
  for (let shopper = 1; shopper <= shoppersAtEach; shopper++) {
    const { status, json } = await buyOne(stage, region, sale)
    const placed = Placed.safeParse(json)
    const problem = Problem.safeParse(json)
    if (status === 201 && placed.success) orders.push(placed.data.id)
    else if (problem.data?.code === 'insufficient_stock') soldOut++
    else failures.push(`${region} answers ${status} ${problem.data?.code ?? ''}`)
  }
  return { orders, soldOut, failures }
}

const buyOne = async ({ guests }: Stage, region: Region, { variant }: Sale) => {
  const { value: cart } = await guests[region].change({ method: 'POST', path: 'carts' }, NewCart)
  const headers = { 'x-cart-token': cart.token }
  const intents = [{ id: 'one', type: 'add', variantId: variant, quantity: 1 }]
  const path = `carts/${cart.id}/intents`
  await guests[region].change({ method: 'POST', path, headers, body: { intents } }, z.object({}))
  return guests[region].ask({
    method: 'POST',
    path: 'orders',
    headers: { ...headers, 'idempotency-key': `the-order-of-${cart.id}` },
    body: {
      cartId: cart.id,
      shippingAddress: {
        line1: '1 Quay',
        city: 'Port Atoll',
        postalCode: '12345',
        country: 'US',
      },
      payment: { provider: 'sandbox', token: 'tok_ok' },
    },
  })
}

const Placed = z.object({ id: z.string(), status: z.literal('paid') })
const Problem = z.object({ code: z.string() })

export interface SaleEvidence {
  readonly sale: Sale
  readonly sold: ByRegion<Sold>
  /** Units that are left, by each node. */
  readonly left: ByRegion<number>
  /** Orders that the node has, paid, by their numbers. */
  readonly numbers: ByRegion<readonly string[]>
  /** How often the gateway took money, and for how many of the orders just once and all of it. */
  readonly books: { readonly captures: number; readonly paidOnce: number }
}

export const gatherSale = async (
  stage: Stage,
  sale: Sale,
  sold: ByRegion<Sold>,
): Promise<SaleEvidence> => {
  const { admins, guests } = stage
  const left = await inRegions(async (region) => {
    const stock = z.object({ available: z.number() })
    const found = await guests[region].read(`inventory/${sale.variant}`, stock)
    return found.available
  })
  const numbers = await inRegions(async (region) => {
    const order = z.object({ number: z.string(), status: z.string() })
    const found = await Promise.all(
      ordersOf(sold).map((id) => admins[region].read(`orders/${id}`, order)),
    )
    return found.filter(({ status }) => status === 'paid').map(({ number }) => number)
  })
  return { sale, sold, left, numbers, books: await readBooks(stage, ordersOf(sold)) }
}

const readBooks = async (
  { deps, gatewayUrl }: Stage,
  orders: readonly string[],
): Promise<SaleEvidence['books']> => {
  const books = await Promise.all(
    orders.map(async (id) => {
      const response = await deps.fetch(`${gatewayUrl}/sandbox/orders/${id}`, {
        signal: deps.signal,
      })
      return Books.parse(await response.json())
    }),
  )
  const captures = books.reduce((sum, book) => sum + book.captures, 0)
  const paidOnce = books.filter(
    ({ captures, capturedMinor }) => captures === 1 && capturedMinor > 0,
  )
  return { captures, paidOnce: paidOnce.length }
}

const Books = z.object({ captures: z.number(), capturedMinor: z.number() })

const ordersOf = (sold: ByRegion<Sold>): readonly string[] =>
  regions.flatMap((region) => sold[region].orders)

/** No unit was sold to two, no order that was taken is lost, and none was paid twice. */
export const proveSale = ({ sale, sold, left, numbers, books }: SaleEvidence): Proof => {
  const orders = ordersOf(sold)
  const distinct = forRegions((region) => new Set(numbers[region]).size)
  const failures = regions.flatMap((region) => sold[region].failures)
  const adds = isSame(left) && orders.length + left.eu === sale.units
  const areKept = regions.every((region) => distinct[region] === orders.length)
  const found =
    `${count(sale.units)} units, ${count(orders.length)} orders, ${count(left.eu)} left; ` +
    `each order is paid on all three, and the gateway took money ${count(books.captures)} times`
  const isPaidOnce = books.captures === orders.length && books.paidOnce === orders.length
  const charged = `${count(books.captures)} charges for ${count(orders.length)} orders`
  const lost = `paid on eu ${distinct.eu}, us ${distinct.us}, ap ${distinct.ap} of ${orders.length}`
  return {
    name: 'The last units were sold on both sides, and no unit twice',
    holds: adds && areKept && isPaidOnce && orders.length > 0 && failures.length === 0,
    evidence: [areKept ? (isPaidOnce ? found : charged) : lost, ...failures.slice(0, 1)].join('; '),
  }
}
