/**
 * Load on a cluster whose nodes come and go: an admin and shoppers who never give up. Each request has
 * a name that makes it count once, and is sent again, to whichever node, until somebody acknowledges it.
 */

import type { Random } from '../crash-points/random.ts'
import { pause, request, signIn, type Reply } from './node-process.ts'

export interface Load {
  /** The dots of all changes that were acknowledged. */
  readonly receipts: ReadonlySet<string>
  readonly productIds: ReadonlySet<string>
  /** What each cart must hold: its token, and the quantity of each variant. */
  readonly carts: ReadonlyMap<string, ExpectedCart>
  /** Requests that had to be sent again. */
  readonly repeated: () => number
  /** Lets everybody finish what they have begun. */
  stop(): Promise<void>
}

export interface ExpectedCart {
  readonly token: string
  readonly quantities: ReadonlyMap<string, number>
}

export interface LoadPlan {
  readonly urls: readonly string[]
  readonly shoppers: number
  readonly random: Random
  /** A pause between two requests of one person, at most; none if it is 0. */
  readonly pauseMsMax: number
}

interface Attempt {
  readonly method: string
  readonly path: string
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
}

export const startLoad = async (plan: LoadPlan): Promise<Load> => {
  const { urls, shoppers, random, pauseMsMax } = plan
  const receipts = new Set<string>()
  const productIds = new Set<string>()
  const variantIds: string[] = []
  const carts = new Map<string, { token: string; quantities: Map<string, number> }>()
  const stopping = new AbortController()
  let repeated = 0
  let named = 0
  const name = (what: string) => `${what}-${random.below(2 ** 31)}-${++named}`

  /** Sends until it is acknowledged. What a node does not know yet, another one does, or it will. */
  const insist = async (attempt: Attempt): Promise<Reply> => {
    for (let tries = 0; ; tries++) {
      if (tries > 0) {
        repeated++
        await pause(20 + random.below(60))
      }
      if (tries > 2_000) throw new Error(`${attempt.method} ${attempt.path} was never taken`)
      const reply = await request(random.pick(urls), attempt.method, attempt.path, attempt).catch(
        () => undefined,
      )
      if (!reply || isPassing(reply)) continue
      if (reply.status >= 300) throw new Error(`${attempt.path}: ${reply.text}`)
      receipts.add(reply.body.receipt.change)
      return reply
    }
  }

  let adminHeaders = await signIn(urls[0]!)
  const asAdmin = async (method: string, path: string, body: unknown): Promise<Reply> => {
    const headers = { ...adminHeaders, 'idempotency-key': name('key') }
    return insist({ method, path: `/api/v1${path}`, body, headers })
  }

  const createProduct = async (): Promise<void> => {
    const sku = name('KILL')
    const price = { amount: 100 + random.below(9_900), currency: 'USD' }
    const { body } = await asAdmin('POST', '/products', { sku, name: `Lamp ${sku}`, price })
    productIds.add(body.id)
    for (const { id } of body.variants) variantIds.push(id)
  }

  const administer = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (random.below(2) === 0) await createProduct()
      else {
        const price = { price: { amount: 100 + random.below(9_900), currency: 'USD' } }
        await asAdmin('PUT', `/products/${random.pick([...productIds])}/price`, price)
      }
      await rest()
    }
  }

  /** Fills a cart, or stops before it is full when the load does. */
  const fillCart = async (): Promise<void> => {
    const { body } = await insist({
      method: 'POST',
      path: '/api/v1/carts',
      body: undefined,
      headers: { 'idempotency-key': `${name('a-cart-of-a-shopper')}-long-enough` },
    })
    const { id, token } = body
    const quantities = new Map<string, number>()
    carts.set(id, { token, quantities })
    for (let intents = 0; intents < intentsPerCart && !stopping.signal.aborted; intents++) {
      const variantId = random.pick(variantIds)
      const quantity = 1 + random.below(3)
      const intent = { id: name('i'), type: 'add', variantId, quantity }
      await insist({
        method: 'POST',
        path: `/api/v1/carts/${id}/intents`,
        body: { intents: [intent] },
        headers: { 'x-cart-token': token },
      })
      quantities.set(variantId, (quantities.get(variantId) ?? 0) + quantity)
      await rest()
    }
  }

  const shop = async (): Promise<void> => {
    while (!stopping.signal.aborted) await fillCart()
  }

  const rest = async (): Promise<void> => {
    if (pauseMsMax > 0) await pause(random.below(pauseMsMax))
  }

  for (let at = 0; at < 5; at++) await createProduct()
  const people = [administer(), ...Array.from({ length: shoppers }, shop)]
  // Whoever fails is heard when the load is stopped.
  const finished = Promise.allSettled(people)
  return {
    receipts,
    productIds,
    carts,
    repeated: () => repeated,
    stop: async () => {
      stopping.abort()
      for (const outcome of await finished) {
        if (outcome.status === 'rejected') throw outcome.reason
      }
    },
  }
}

/** A cart has room for a hundred lines. */
const intentsPerCart = 60

/** What another try, or another node, answers otherwise. */
const passingCodes = new Set([
  'cart_not_found',
  'product_not_found',
  'unknown_variant',
  'unauthorized',
  'account_not_found',
  'not_ready',
  'overloaded',
  'shutting_down',
  'storage_full',
  'storage_failed',
])

const isPassing = ({ status, body }: Reply): boolean => status >= 400 && passingCodes.has(body.code)
