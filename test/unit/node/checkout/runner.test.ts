/** What the runner makes of the world: a gateway that is away, goods that went meanwhile, copies that nobody keeps. */

import { describe, expect, it } from 'vitest'
import { accountCartId } from '../../../../node/cart/cart-id.ts'
import { applyIntents } from '../../../../node/cart/cart-rules.ts'
import { cart, lines } from '../../../../node/cart/cart.ts'
import { createProduct } from '../../../../node/catalog/product-rules.ts'
import type { BeginInput } from '../../../../node/checkout/begin-rules.ts'
import { holdMs } from '../../../../node/checkout/limits.ts'
import { mainLocation } from '../../../../node/inventory/location-id.ts'
import { available, stockAt } from '../../../../node/inventory/stock.ts'
import { orderIdOf, type OrderId } from '../../../../node/orders/order-id.ts'
import { orderOf } from '../../../../node/orders/order-log.ts'
import { cancelOrder } from '../../../../node/orders/order-rules.ts'
import { paymentOf } from '../../../../node/payments/payment-rules.ts'
import { tasksOf } from '../../../../node/orders/order-tasks.ts'
import { issueCoupon, couponCodeOf } from '../../../../node/promotions/coupon.ts'
import { judgeCoupon } from '../../../../node/promotions/redemption.ts'
import { allGoods, promotionRules } from '../../../../node/promotions/promotion.ts'
import { variantOf } from '../cart/shopping.ts'
import { productInput } from '../catalog/region.ts'
import { address } from '../orders/selling.ts'
import { connect, createShop, createWorld, tell, type Life, type ShopOptions } from './shops.ts'

const tea = variantOf('TEA')
const who = 'account/carol'
const none: ReadonlySet<string> = new Set()

const ask = (key: string, more: Partial<BeginInput> & { token?: string } = {}): BeginInput => {
  const { token = 'tok_ok', ...fields } = more
  return {
    id: orderIdOf(who, key),
    node: '',
    who,
    account: 'carol',
    basket: { items: [{ variant: tea, quantity: 2 }] },
    address,
    coupons: [],
    shippingMethod: undefined,
    payment: { provider: 'sandbox', token },
    expectedTotal: undefined,
    ...fields,
  }
}

const stockUp = (life: Life, units: number): void => {
  life.run({
    decide: createProduct(life.skuOwners),
    input: productInput({ sku: 'TEA', name: 'TEA', initialQuantity: units }),
    actor: 'account/admin',
  })
}

const open = (options: Partial<ShopOptions> = {}, units = 10) => {
  const world = createWorld()
  const shop = createShop(world, { name: 'alice', ...options })
  const life = shop.start(() => none, undefined)
  stockUp(life, units)
  return { world, shop, life }
}

const left = (life: Life): number => available(stockAt(life.core, tea, mainLocation)) ?? 0
const statusOf = (life: Life, id: OrderId) => orderOf(life.core, id)?.status
const hourMs = 3_600_000

describe('a gateway', () => {
  it('that is down for an hour keeps orders pending, loses none, and is paid when it is back', async () => {
    const { world, life } = open()
    world.gateway.setDown(true)
    const asks = ['a', 'b', 'c'].map((key) => ask(key))
    for (const input of asks) {
      const placed = await world.until(life.place(input))
      expect(placed.ok).toBe(true)
      expect(statusOf(life, input.id)).toBe('pending')
    }
    expect(left(life)).toBe(4)
    await world.pass(hourMs)
    for (const { id } of asks) expect(statusOf(life, id)).toBe('pending')
    world.gateway.setDown(false)
    await world.pass(5 * 60_000)
    for (const { id } of asks) {
      expect(statusOf(life, id)).toBe('paid')
      expect(world.gateway.books(id)).toMatchObject({ intents: 1, captures: 1, refundedMinor: 0 })
    }
    expect(left(life)).toBe(4)
  })

  it('that declines leaves nothing behind', async () => {
    const { world, life } = open()
    const input = ask('a', { token: 'tok_declined' })
    const placed = await world.until(life.place(input))
    expect(placed).toMatchObject({ ok: false, refusal: { code: 'payment_declined' } })
    expect(orderOf(life.core, input.id)).toBeUndefined()
    expect(left(life)).toBe(10)
    // The same request is the same checkout, which is over.
    expect(await world.until(life.place(input))).toMatchObject({
      ok: false,
      refusal: { code: 'payment_declined' },
    })
  })

  it('that declines late, after the order was taken, ends the order', async () => {
    const { world, life } = open()
    const input = ask('a', { token: 'tok_late_declined' })
    await world.until(life.place(input))
    expect(statusOf(life, input.id)).toBe('pending')
    expect(left(life)).toBe(8)
    await world.pass(5 * 60_000)
    expect(statusOf(life, input.id)).toBe('cancelled')
    expect(left(life)).toBe(10)
  })

  it('that approves after the order was cancelled takes no money', async () => {
    const { world, life } = open()
    const input = ask('a', { token: 'tok_late' })
    await world.until(life.place(input))
    const act = { id: input.id, by: who, reason: 'too slow' }
    life.run({ decide: cancelOrder, input: act, actor: who })
    expect(statusOf(life, input.id)).toBe('cancelled')
    await world.pass(10 * 60_000)
    const books = world.gateway.books(input.id)
    expect(books).toMatchObject({ authorisedMinor: 0 })
    expect(books.capturedMinor).toBe(books.refundedMinor)
    expect(statusOf(life, input.id)).toBe('cancelled')
    expect(left(life)).toBe(10)
  })

  it('that has taken money for an order that is then cancelled gives it back', async () => {
    const { world, life } = open()
    const input = ask('a')
    await world.until(life.place(input))
    const act = { id: input.id, by: who, reason: 'changed my mind' }
    life.run({ decide: cancelOrder, input: act, actor: who })
    await world.pass(5 * 60_000)
    expect(world.gateway.books(input.id)).toMatchObject({
      capturedMinor: 9_800,
      refundedMinor: 9_800,
    })
    expect(left(life)).toBe(10)
  })
})

describe('a reservation', () => {
  it('that expired is sold all the same while there are units', async () => {
    const { world, shop, life } = open()
    const first = shop.start(() => none, 'after the gateway authorises')
    life.end()
    void first.place(ask('a'))
    await world.until(first.ended)
    await world.pass(holdMs + 60_000)
    const next = shop.start(() => none, undefined)
    await world.pass(60_000)
    expect(statusOf(next, ask('a').id)).toBe('paid')
    expect(left(next)).toBe(8)
  })

  it('that expired and went to somebody else ends the checkout, and the money is let go', async () => {
    const { world, shop, life } = open({}, 2)
    const first = shop.start(() => none, 'after the gateway authorises')
    life.end()
    void first.place(ask('a'))
    await world.until(first.ended)
    await world.pass(holdMs + 60_000)
    // Whoever comes first after the start: the runner has not looked yet.
    const next = shop.start(() => none, undefined)
    const other = await world.until(next.place(ask('b')))
    expect(other.ok).toBe(true)
    await world.pass(5 * 60_000)
    const placed = ['a', 'b'].filter((key) => statusOf(next, ask(key).id) === 'paid')
    expect(placed).toHaveLength(1)
    expect(left(next)).toBe(0)
    for (const key of ['a', 'b']) {
      const books = world.gateway.books(ask(key).id)
      expect(books.captures).toBe(placed.includes(key) ? 1 : 0)
      expect(books.authorisedMinor).toBe(0)
    }
  })

  it('is not carried further if nobody had asked for the money when it expired', async () => {
    const { world, shop, life } = open()
    const first = shop.start(() => none, 'after begin')
    life.end()
    void first.place(ask('a'))
    await world.until(first.ended)
    world.gateway.setDown(true)
    await world.pass(holdMs + 60_000)
    const next = shop.start(() => none, undefined)
    await world.pass(60_000)
    expect(orderOf(next.core, ask('a').id)).toBeUndefined()
    const again = await world.until(next.place(ask('a')))
    expect(again).toMatchObject({ ok: false, refusal: { code: 'checkout_expired' } })
    world.gateway.setDown(false)
    await world.pass(30 * 60_000)
    expect(world.gateway.books(ask('a').id)).toMatchObject({ captures: 0, authorisedMinor: 0 })
    expect(left(next)).toBe(10)
  })
})

describe('an order that only this node has', () => {
  it('is taken with a note, until another node has it', async () => {
    let copies = 0
    const { world, life } = open({
      hasOthers: true,
      copies: {
        copies: () => copies,
        isMerged: () => false,
        waitForCopy: () => Promise.resolve(copies),
      },
    })
    const placed = await world.until(life.place(ask('a')))
    expect(placed).toMatchObject({ ok: true, value: { copies: 0 } })
    const alone = orderOf(life.core, ask('a').id)
    expect(alone && tasksOf(alone)).toMatchObject([{ kind: 'accepted_alone' }])
    copies = 2
    const second = await world.until(life.place(ask('b')))
    expect(second).toMatchObject({ ok: true, value: { copies: 2 } })
    const kept = orderOf(life.core, ask('b').id)
    expect(kept && tasksOf(kept)).toEqual([])
  })

  it('is not taken by a shop that wants copies: units, money and cart are as before', async () => {
    const { world, life } = open({
      hasOthers: true,
      durability: 'replicated',
      copies: { copies: () => 0, isMerged: () => false, waitForCopy: () => Promise.resolve(0) },
    })
    const id = accountCartId('carol')
    const intents = [{ id: 'i-1', type: 'add', variantId: tea, quantity: 3 } as const]
    life.run({ decide: applyIntents, input: { id, intents }, actor: who })
    const input = ask('a', { basket: { cart: id } })
    const refused = { ok: false, refusal: { code: 'order_not_replicated' } }
    expect(await world.until(life.place(input))).toMatchObject(refused)
    expect(await world.until(life.place(input))).toMatchObject(refused)
    await world.pass(5 * 60_000)
    expect(left(life)).toBe(10)
    expect(lines(life.core.read(cart, id))).toEqual([{ variant: tea, quantity: 3 }])
    expect(world.gateway.books(input.id)).toMatchObject({ captures: 0, authorisedMinor: 0 })
  })
})

describe('a cart', () => {
  it('keeps what came in while it was being ordered', async () => {
    const { world, life } = open()
    const id = accountCartId('carol')
    const put = (name: string, quantity: number) => {
      const intents = [{ id: name, type: 'add', variantId: tea, quantity } as const]
      life.run({ decide: applyIntents, input: { id, intents }, actor: who })
    }
    put('i-1', 2)
    const placing = life.place(ask('a', { basket: { cart: id } }))
    await world.pass(7)
    put('i-2', 1)
    expect(await world.until(placing)).toMatchObject({ ok: true })
    expect(lines(life.core.read(cart, id))).toEqual([{ variant: tea, quantity: 1 }])
  })

  it('that lost something meanwhile is not ordered as it was', async () => {
    const { world, life } = open()
    const id = accountCartId('carol')
    const intend = (intents: Parameters<typeof applyIntents>[1]['intents']) =>
      life.run({ decide: applyIntents, input: { id, intents }, actor: who })
    intend([{ id: 'i-1', type: 'add', variantId: tea, quantity: 2 }])
    const input = ask('a', { basket: { cart: id } })
    const placing = life.place(input)
    await world.pass(7)
    intend([{ id: 'i-2', type: 'remove', variantId: tea }])
    expect(await world.until(placing)).toMatchObject({
      ok: false,
      refusal: { code: 'cart_changed' },
    })
    await world.pass(60_000)
    expect(left(life)).toBe(10)
    expect(world.gateway.books(input.id)).toMatchObject({ captures: 0, authorisedMinor: 0 })
  })
})

describe('a bill', () => {
  it('that goes to another country than the goods is looked at twice', async () => {
    const { world, life } = open()
    const payment = { provider: 'sandbox', token: 'tok_ok' }
    const [near, far] = ['US', 'DE'].map((billingCountry) =>
      ask(billingCountry, { payment: { ...payment, billingCountry } }),
    ) as [BeginInput, BeginInput]
    for (const input of [near, far]) await world.until(life.place(input))
    expect(paymentOf(life.core, near.id).risk).toBeUndefined()
    expect(paymentOf(life.core, far.id).risk?.reasons).toEqual([
      'address mismatch: goods and bill go to two countries',
    ])
  })
})

describe('a coupon', () => {
  it('is used by the order, and may be used again when the order is cancelled', async () => {
    const { world, life } = open()
    const code = couponCodeOf('HARBOUR')
    if (!code) throw new Error('It is a code')
    life.run({
      decide: promotionRules.create,
      input: {
        id: 'ten-off',
        name: 'Ten off',
        benefit: { kind: 'amount', amount: 1_000, currency: 'USD' },
        scope: allGoods,
        minSubtotal: null,
        season: { startsMs: null, endsMs: null },
        needsCoupon: true,
        isCombinable: true,
      },
      actor: 'account/admin',
    })
    const promotion = 'ten-off'
    const issue = { code, promotion, limit: 1, perCustomer: null, endsMs: null, nodes: [] }
    life.run({ decide: issueCoupon, input: issue, actor: 'account/admin' })
    const mayUse = () => {
      const bearer = { customer: 'carol', nowMs: 0 }
      const world = { ...life.core, replica: life.core.replica(), lineage: life.core.lineage() }
      return judgeCoupon(world, code, bearer).ok
    }
    expect(mayUse()).toBe(true)
    const input = ask('a', { coupons: ['harbour'] })
    expect(await world.until(life.place(input))).toMatchObject({ ok: true })
    expect(orderOf(life.core, input.id)?.placement.event.agreed.totals.total).toBe(8_800)
    expect(mayUse()).toBe(false)
    const second = await world.until(life.place(ask('b', { coupons: ['HARBOUR'] })))
    expect(second).toMatchObject({
      ok: false,
      refusal: { problems: [{ code: 'coupon_exhausted' }] },
    })
    const act = { id: input.id, by: who, reason: 'no' }
    life.run({ decide: cancelOrder, input: act, actor: who })
    expect(mayUse()).toBe(true)
  })
})

describe('a checkout that another node runs', () => {
  it('is waited for while that node is in reach', async () => {
    const world = createWorld()
    const alice = createShop(world, { name: 'alice' })
    const bob = createShop(world, { name: 'bob' })
    const first = alice.start(() => none, undefined)
    const other = bob.start(() => new Set(['alice']), undefined)
    stockUp(first, 10)
    connect(first, other)
    await world.pass(10)
    const placing = first.place(ask('a'))
    await world.pass(7)
    const there = await world.until(other.place(ask('a')))
    expect(there).toMatchObject({ ok: true })
    expect(await world.until(placing)).toMatchObject({ ok: true })
    expect(orderOf(other.core, ask('a').id)?.doubles).toEqual([])
    expect(world.gateway.calls.filter((call) => call.endsWith('/capture'))).toHaveLength(1)
  })

  it('is told to be under way if that takes too long', async () => {
    const world = createWorld()
    const alice = createShop(world, { name: 'alice' })
    const bob = createShop(world, { name: 'bob' })
    const first = alice.start(() => none, 'after begin')
    const other = bob.start(() => new Set(['alice']), undefined)
    stockUp(first, 10)
    void first.place(ask('a'))
    await world.until(first.ended)
    tell(first, other)
    const there = await world.until(other.place(ask('a')))
    expect(there).toMatchObject({ ok: false, refusal: { code: 'order_in_progress' } })
    expect(orderOf(other.core, ask('a').id)).toBeUndefined()
  })
})
