/**
 * A process that ends anywhere in the middle of a checkout, and a shopper who sends the same again, at
 * the same node or at another: in all combinations one order, one capture, one confirmation.
 */

import { describe, expect, it } from 'vitest'
import { mainLocation } from '../../../../node/inventory/location-id.ts'
import { receiveStock } from '../../../../node/inventory/stock-rules.ts'
import { createProduct } from '../../../../node/catalog/product-rules.ts'
import { order as orderSchema } from '../../../../node/orders/order.ts'
import { isOpen, runsOf } from '../../../../node/orders/run.ts'
import type { BeginInput } from '../../../../node/checkout/begin-rules.ts'
import { isUnsettled } from '../../../../node/orders/attend.ts'
import { orderIdOf } from '../../../../node/orders/order-id.ts'
import { orderOf } from '../../../../node/orders/order-log.ts'
import { moneyOf } from '../../../../node/orders/order-money.ts'
import { tasksOf } from '../../../../node/orders/order-tasks.ts'
import { available, stockAt } from '../../../../node/inventory/stock.ts'
import { declareGone } from '../../../../node/replication/membership.ts'
import { variantOf } from '../cart/shopping.ts'
import { productInput } from '../catalog/region.ts'
import { address } from '../orders/selling.ts'
import {
  connect,
  createShop,
  createWorld,
  tell,
  type Life,
  type Moment,
  type World,
} from './shops.ts'

const price = 4_900
const tea = variantOf('TEA')
const none: ReadonlySet<string> = new Set()

const ask = (token: string): BeginInput => ({
  id: orderIdOf('account/carol', 'k'),
  node: '',
  who: 'account/carol',
  account: 'carol',
  basket: { items: [{ variant: tea, quantity: 2 }] },
  address,
  coupons: [],
  shippingMethod: undefined,
  payment: { provider: 'sandbox', token },
  expectedTotal: undefined,
})

const stockUp = (life: Life): void => {
  life.run({
    decide: createProduct(life.skuOwners),
    input: productInput({ sku: 'TEA', name: 'TEA', initialQuantity: 10 }),
    actor: 'account/admin',
  })
}

const receiveTea = (life: Life): void => {
  const input = { variant: tea, location: mainLocation, units: 10, reason: 'delivery' }
  life.run({ decide: receiveStock, input, actor: 'account/admin' })
}

/** Two nodes that have met and have ten units each. */
const open = (world: World, endAt: Moment | undefined, inReach = none) => {
  const alice = createShop(world, { name: 'alice' })
  const bob = createShop(world, { name: 'bob' })
  const first = alice.start(() => inReach, endAt)
  const other = bob.start(() => none, undefined)
  stockUp(first)
  tell(first, other)
  receiveTea(other)
  tell(other, first)
  return { alice, bob, first, other }
}

/** The moments of a checkout that nothing goes wrong with. */
const momentsOf = async (token: string): Promise<readonly Moment[]> => {
  const world = createWorld()
  const { first } = open(world, undefined)
  const placed = await world.until(first.place(ask(token)))
  expect(placed.ok).toBe(true)
  await settle(world, [first])
  return first.moments
}

/** Lets time pass until there is nothing more to be done about the order, but at most ten minutes. */
const settle = async (world: World, lives: readonly Life[]): Promise<void> => {
  const isSettled = (life: Life): boolean => {
    const order = orderOf(life.core, ask('').id)
    const isOwnOpen = runsOf(life.core.read(orderSchema, ask('').id))
      .filter(isOpen)
      .some(({ replica }) => life.core.lineage().includes(replica))
    return !(order && isUnsettled(order)) && !isOwnOpen
  }
  for (let passed = 0; passed < 600_000 && !lives.every(isSettled); passed += 2_000) {
    await world.pass(2_000)
  }
}

const left = (life: Life): number => available(stockAt(life.core, tea, mainLocation)) ?? 0

/** One order, one capture, one confirmation; and units and money that add up. */
const expectOne = (world: World, lives: readonly Life[]): void => {
  const { id } = ask('')
  expect(world.gateway.books(id)).toMatchObject({
    intents: 1,
    captures: 1,
    capturedMinor: 2 * price,
    refundedMinor: 0,
  })
  for (const life of lives) {
    const order = orderOf(life.core, id)
    expect(order?.status).toBe('paid')
    expect(order?.history.filter(({ type }) => type === 'confirmed')).toHaveLength(1)
    expect(order && moneyOf(order)).toMatchObject({ captured: 2 * price, payable: 2 * price })
  }
}

/** In the long run also with answers that are lost on the way. */
const tokens =
  process.env['ATOLL_TEST_SIZE'] === 'full'
    ? ['tok_ok', 'tok_timeout_once', 'tok_capture_timeout_once']
    : ['tok_ok']

describe.each(tokens)('a process that ends in a checkout with %s', (token) => {
  it('has moments to end in', async () => {
    const moments = await momentsOf(token)
    expect(moments).toContain('after begin')
    expect(moments).toContain('after conclude')
    expect(moments).toContain('after the gateway captures')
    expect(new Set(moments).size).toBeGreaterThanOrEqual(10)
  })

  it('and starts again: sent again to it, there is one order', async () => {
    for (const moment of new Set(await momentsOf(token))) {
      const world = createWorld()
      const { alice, first } = open(world, moment)
      void first.place(ask(token))
      await world.until(first.ended)
      const next = alice.start(() => none, undefined)
      const again = await world.until(next.place(ask(token)))
      expect(again, `ended ${moment}`).toMatchObject({ ok: true })
      await settle(world, [next])
      expectOne(world, [next])
      expect(left(next)).toBe(18)
    }
  })

  it('and starts again: although nobody asks, what was begun is finished', async () => {
    for (const moment of new Set(await momentsOf(token))) {
      const world = createWorld()
      const { alice, first } = open(world, moment)
      void first.place(ask(token))
      await world.until(first.ended)
      const isBegun = first.core.isAnswered(`key/${ask('').id}`)
      const next = alice.start(() => none, undefined)
      await settle(world, [next])
      expect(orderOf(next.core, ask('').id) !== undefined).toBe(isBegun)
      if (isBegun) expectOne(world, [next])
    }
  })

  describe.each([true, false])('sent again to a node that has heard of it: %s', (hasHeard) => {
    it('and the first one comes back meanwhile: there is one order', async () => {
      for (const moment of new Set(await momentsOf(token))) {
        const world = createWorld()
        const { alice, first, other } = open(world, moment)
        void first.place(ask(token))
        await world.until(first.ended)
        if (hasHeard) tell(first, other)
        const again = world.until(other.place(ask(token)))
        const next = alice.start(() => none, undefined)
        await settle(world, [next, other])
        expect(await again, `ended ${moment}`).toMatchObject({ ok: true })
        connect(next, other)
        await world.pass(2_000)
        await settle(world, [next, other])
        expectOne(world, [next, other])
        expect(left(other)).toBe(18)
        const order = orderOf(other.core, ask('').id)
        expect(order && tasksOf(order)).toEqual([])
      }
    })

    it('and the first one comes back afterwards: there is one order', async () => {
      for (const moment of new Set(await momentsOf(token))) {
        const world = createWorld()
        const { alice, first, other } = open(world, moment)
        void first.place(ask(token))
        await world.until(first.ended)
        if (hasHeard) tell(first, other)
        const again = await world.until(other.place(ask(token)))
        expect(again, `ended ${moment}`).toMatchObject({ ok: true })
        await settle(world, [other])
        const next = alice.start(() => none, undefined)
        connect(next, other)
        await world.pass(2_000)
        await settle(world, [next, other])
        expectOne(world, [next, other])
        expect(left(other)).toBe(18)
      }
    })

    it('and the first one is declared gone: there is one order', async () => {
      for (const moment of new Set(await momentsOf(token))) {
        const world = createWorld()
        const { first, other } = open(world, moment)
        void first.place(ask(token))
        await world.until(first.ended)
        if (hasHeard) tell(first, other)
        const again = await world.until(other.place(ask(token)))
        expect(again, `ended ${moment}`).toMatchObject({ ok: true })
        const input = { self: 'bob', name: 'alice', reason: 'burned' }
        other.run({ decide: declareGone, input, actor: 'account/admin' })
        await world.pass(2_000)
        await settle(world, [other])
        expectOne(world, [other])
      }
    })
  })

  it('and is declared gone before anybody asks again: what it had taken is let go or finished', async () => {
    for (const moment of new Set(await momentsOf(token))) {
      const world = createWorld()
      const { first, other } = open(world, moment)
      void first.place(ask(token))
      await world.until(first.ended)
      tell(first, other)
      const input = { self: 'bob', name: 'alice', reason: 'burned' }
      other.run({ decide: declareGone, input, actor: 'account/admin' })
      await world.pass(2_000)
      await settle(world, [other])
      // Others leave it to the one who took the payment on for five minutes.
      await world.pass(360_000)
      const { id } = ask('')
      const isPlaced = orderOf(other.core, id) !== undefined
      if (isPlaced) expectOne(world, [other])
      const captures = isPlaced ? 1 : 0
      expect(world.gateway.books(id)).toMatchObject({ captures, authorisedMinor: 0 })
    }
  })
})
