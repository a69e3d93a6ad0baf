/**
 * Buyers of one variant who come to nodes that are cut off, killed and started again. Each has a name for
 * what it asks, sends it until somebody says yes or no, and may give back later what it got.
 */

import { createCartTokens, type CartId } from '../../node/cart/cart-id.ts'
import type { Random } from '../crash-points/random.ts'
import { pause, request, type Reply } from './node-process.ts'
import { clusterKey } from './node-under-test.ts'

export interface Buyers {
  /** One buyer comes, and is served, refused, or served and gives back. */
  come(): Promise<void>
  /** What was acknowledged, less what somebody has asked to give back. */
  accepted(): number
  readonly counts: Counts
  /** The orders and purchases that stand, by their ids. */
  readonly standing: {
    readonly orders: ReadonlySet<string>
    /** The orders of purchases in the sale. */
    readonly purchases: ReadonlySet<string>
  }
}

export interface Counts {
  attempts: number
  orders: number
  purchases: number
  refused: number
  givenBack: number
  /** Requests that had to be sent again. */
  repeated: number
  /** The most that was acknowledged at any time. */
  acceptedMost: number
}

export interface BuyersPlan {
  readonly urls: readonly string[]
  readonly variant: string
  readonly sale: string
  /** Headers of an admin; asked for again when the token is about to expire. */
  readonly admin: () => Promise<Readonly<Record<string, string>>>
  readonly random: Random
  /** Of those who got something, how many give it back. */
  readonly givesBackPercent: number
}

type Asked = Readonly<{
  method: string
  path: string
  body?: unknown
  headers: Readonly<Record<string, string>>
}>

export const createBuyers = (plan: BuyersPlan): Buyers => {
  const { urls, variant, sale, random } = plan
  const tokens = createCartTokens(clusterKey)
  const orders = new Set<string>()
  const purchases = new Set<string>()
  const counts: Counts = {
    attempts: 0,
    orders: 0,
    purchases: 0,
    refused: 0,
    givenBack: 0,
    repeated: 0,
    acceptedMost: 0,
  }
  let named = 0
  const nameOf = (what: string) => `${what}-${++named}`

  /**
   * Sends it to some of these nodes until there is an answer that counts. A yes counts from anybody. A no
   * is the word of the one node that says it: where a request was not answered, it may have been taken,
   * and so that node is asked again before the buyer goes away.
   */
  const insist = async (nodes: readonly string[], asked: Asked): Promise<Reply> => {
    const unheard = new Set<string>()
    let next = random.pick(nodes)
    for (let tries = 0; tries < triesMax; tries++) {
      if (tries > 0) {
        counts.repeated++
        await pause(10 + random.below(90))
      }
      const url = next
      next = random.pick(nodes)
      const reply = await request(url, asked.method, `/api/v1${asked.path}`, asked).catch(
        () => undefined,
      )
      if (!reply) unheard.add(url)
      else if (isYes(reply, asked)) return reply
      else if (isNo(reply)) {
        unheard.delete(url)
        const [other] = unheard
        if (other === undefined) return reply
        next = other
      }
    }
    throw new Error(`${asked.method} ${asked.path} was never answered`)
  }

  const note = (standing: Set<string>, id: string) => {
    standing.add(id)
    counts.acceptedMost = Math.max(counts.acceptedMost, accepted())
  }
  const accepted = () => orders.size + purchases.size

  /** Of two answers the buyer takes either; any other is a fault of the shop. */
  const isServed = (reply: Reply, refusal: string): boolean => {
    if (reply.status < 300) return true
    if (reply.body.code !== refusal) throw new Error(`${reply.status} ${reply.text}`)
    counts.refused++
    return false
  }

  /** At whichever node, each time: the name of an order is one everywhere. */
  const order = async (): Promise<void> => {
    const key = nameOf('order-key')
    const placed = await insist(urls, {
      method: 'POST',
      path: '/orders',
      headers: { ...(await plan.admin()), 'idempotency-key': key },
      body: {
        customerId: nameOf('customer'),
        lineItems: [{ variantId: variant, quantity: 1 }],
        shippingAddress,
      },
    })
    if (!isServed(placed, 'insufficient_stock')) return
    const { id } = placed.body
    counts.orders++
    note(orders, id)
    if (random.below(100) >= plan.givesBackPercent) return
    await pause(random.below(givenBackWithinMs))
    // Counted as given back from now on, so that nobody is counted whose unit may be sold anew.
    orders.delete(id)
    counts.givenBack++
    await insist(urls, {
      method: 'POST',
      path: `/orders/${id}/cancel`,
      headers: { ...(await plan.admin()), 'idempotency-key': nameOf('cancel') },
      body: {},
    })
  }

  /** At one node, which is the buyer's: units of a purchase are set aside there. */
  const purchase = async (): Promise<void> => {
    const here = [random.pick(urls)]
    const cart = Array.from({ length: 26 }, () => random.below(16).toString(16)).join('') as CartId
    const own = { 'x-cart-token': tokens.tokenOf(cart) }
    const attempt = await insist(here, {
      method: 'POST',
      path: '/purchase/attempt',
      headers: { ...own, 'idempotency-key': nameOf('attempt') },
      body: { saleId: sale, cartId: cart },
    })
    if (!isServed(attempt, 'sold_out')) return
    const attemptId = String(attempt.body['attemptId'])
    const ordered = await insist(here, {
      method: 'POST',
      path: '/orders',
      headers: { ...own, 'idempotency-key': nameOf('purchase-key') },
      body: { purchaseId: attemptId, shippingAddress },
    })
    if (ordered.status >= 300) throw new Error(`${attemptId}: ${ordered.text}`)
    const { id } = ordered.body
    counts.purchases++
    note(purchases, id)
    if (random.below(100) >= plan.givesBackPercent) return
    await pause(random.below(givenBackWithinMs))
    purchases.delete(id)
    counts.givenBack++
    await insist(here, {
      method: 'DELETE',
      path: `/purchases/${attemptId}`,
      headers: { ...own, 'idempotency-key': nameOf('undo') },
    })
  }

  return {
    come: () => {
      counts.attempts++
      return random.below(2) === 0 ? order() : purchase()
    },
    accepted,
    counts,
    standing: { orders, purchases },
  }
}

// An order that waits for its payment stands; any other 202 is a place in a queue.
const isYes = ({ status }: Reply, { path }: Asked): boolean =>
  status < 300 && (status !== 202 || path === '/orders')

const isNo = ({ status, body }: Reply): boolean => status >= 400 && !passing.has(body.code)

const shippingAddress = { line1: '1 Quay', city: 'Atoll', postalCode: '12345', country: 'US' }

const triesMax = 2_000

const givenBackWithinMs = 500

/** What another try, or another node, answers otherwise. */
const passing = new Set([
  'order_not_found',
  'order_in_progress',
  'variant_unavailable',
  'sale_not_found',
  'unauthorized',
  'account_not_found',
  'not_ready',
  'overloaded',
  'shutting_down',
])
