/** A purchase in a flash sale becomes an order: at the sale's price, of its own units, once, whatever is cut short. */

import { describe, expect, it } from 'vitest'
import { createProduct } from '../../../../node/catalog/product-rules.ts'
import type { BeginInput } from '../../../../node/checkout/begin-rules.ts'
import { payWithinMs } from '../../../../node/flash-sale/limits.ts'
import { judge, purchase, purchaseIdOf } from '../../../../node/flash-sale/purchase.ts'
import {
  attemptPurchase,
  owedUndoings,
  undoPurchase,
} from '../../../../node/flash-sale/purchase-rules.ts'
import { planSale, saleIdOf } from '../../../../node/flash-sale/sale.ts'
import { mainLocation } from '../../../../node/inventory/location-id.ts'
import { free } from '../../../../node/inventory/reservation.ts'
import { receiveStock } from '../../../../node/inventory/stock-rules.ts'
import { available, stockAt } from '../../../../node/inventory/stock.ts'
import { isUnsettled } from '../../../../node/orders/attend.ts'
import { orderIdOf } from '../../../../node/orders/order-id.ts'
import { orderOf, runsOfOrder } from '../../../../node/orders/order-log.ts'
import { isOpen } from '../../../../node/orders/run.ts'
import { variantOf } from '../cart/shopping.ts'
import { productInput } from '../catalog/region.ts'
import { address } from '../orders/selling.ts'
import {
  connect,
  createShop,
  createWorld,
  startMs,
  tell,
  type Life,
  type Moment,
  type World,
} from './shops.ts'

const tea = variantOf('TEA')
const salePrice = 990
const terms = {
  variant: tea,
  name: 'Doorbuster',
  price: { amount: salePrice, currency: 'USD' },
  startsMs: startMs,
  endsMs: startMs + 3_600_000,
  perBuyer: 2,
}
const sale = saleIdOf(tea, startMs)
const none: ReadonlySet<string> = new Set()
const by = 'account/carol'

const nameOf = (attempt: string, buyer = 'carol') => ({ sale, buyer, attempt })

const ask = (key: string, attempt: string, token = 'tok_ok', buyer = 'carol'): BeginInput => ({
  id: orderIdOf(`account/${buyer}`, key),
  node: '',
  who: `account/${buyer}`,
  account: buyer,
  basket: { purchase: nameOf(attempt, buyer) },
  address,
  coupons: [],
  shippingMethod: undefined,
  payment: { provider: 'sandbox', token },
  expectedTotal: undefined,
})

/** Two nodes that have met and have ten units each, and a sale of them. */
const open = (world: World, endAt?: Moment) => {
  const alice = createShop(world, { name: 'alice' })
  const bob = createShop(world, { name: 'bob' })
  const first = alice.start(() => none, endAt)
  const other = bob.start(() => none, undefined)
  const product = productInput({ sku: 'TEA', name: 'TEA', initialQuantity: 10 })
  first.run({ decide: createProduct(first.skuOwners), input: product, actor: 'account/admin' })
  first.run({ decide: planSale, input: terms, actor: 'account/admin' })
  tell(first, other)
  const more = { variant: tea, location: mainLocation, units: 10, reason: 'delivery' }
  other.run({ decide: receiveStock, input: more, actor: 'account/admin' })
  tell(other, first)
  return { alice, bob, first, other }
}

const attempt = (life: Life, attempt: string, units = 2, buyer = 'carol') =>
  life.run({
    decide: attemptPurchase,
    input: { ...nameOf(attempt, buyer), units },
    actor: `account/${buyer}`,
  })

const undo = (life: Life, attempt: string) =>
  life.run({ decide: undoPurchase, input: { ...nameOf(attempt), by }, actor: by })

const worldOf = (life: Life, world: World) => ({
  ...life.core,
  replica: life.core.replica(),
  lineage: life.core.lineage(),
  time: { wallMs: startMs + world.timeline.nowMs(), logical: 0, replica: life.core.replica() },
})

const shown = (life: Life, world: World, buyer = 'carol') =>
  judge(life.core.read(purchase, purchaseIdOf(sale, buyer)), {
    perBuyer: terms.perBuyer,
    nowMs: startMs + world.timeline.nowMs(),
  }).map(({ shown: state, order }) => [state, order])

const left = (life: Life): number => available(stockAt(life.core, tea, mainLocation)) ?? 0
const freeAt = (life: Life, world: World): number =>
  free(worldOf(life, world), stockAt(life.core, tea, mainLocation))
const statusOf = (life: Life, { id }: BeginInput) => orderOf(life.core, id)?.status

const settle = async (world: World, lives: readonly Life[], id: BeginInput['id']) => {
  const isSettled = (life: Life): boolean => {
    const order = orderOf(life.core, id)
    const isOwnOpen = runsOfOrder(life.core, id)
      .filter(isOpen)
      .some(({ replica }) => life.core.lineage().includes(replica))
    return !(order && isUnsettled(order)) && !isOwnOpen
  }
  for (let passed = 0; passed < 600_000 && !lives.every(isSettled); passed += 2_000) {
    await world.pass(2_000)
  }
}

describe('a purchase that is ordered', () => {
  it('costs what the sale promised, and sells the units that were set aside', async () => {
    const world = createWorld()
    const { first } = open(world)
    attempt(first, 'a')
    expect(freeAt(first, world)).toBe(8)
    // What the plan says by now is not what was promised.
    const dearer = { ...terms, price: { amount: 4_000, currency: 'USD' } }
    first.run({ decide: planSale, input: dearer, actor: 'account/admin' })
    const asked = ask('k', 'a')
    expect(await world.until(first.place(asked))).toMatchObject({ ok: true })
    const { totals, lines } = orderOf(first.core, asked.id)!.placement.event.agreed
    expect(totals.total).toBe(2 * salePrice)
    expect(lines).toMatchObject([{ variant: tea, units: 2, unitPrice: salePrice }])
    expect(statusOf(first, asked)).toBe('paid')
    expect(world.gateway.books(asked.id)).toMatchObject({
      captures: 1,
      capturedMinor: 2 * salePrice,
    })
    expect(shown(first, world)).toEqual([['bought', asked.id]])
    expect([left(first), freeAt(first, world)]).toEqual([18, 8])
    // It was all of the buyer's share.
    expect(attempt(first, 'b', 1)).toMatchObject({ refusal: { code: 'purchase_limit_reached' } })
  })

  it('whose card is declined is the buyer’s still, to be paid with another one', async () => {
    const world = createWorld()
    const { first } = open(world)
    attempt(first, 'a')
    const declined = ask('k', 'a', 'tok_declined')
    expect(await world.until(first.place(declined))).toMatchObject({
      ok: false,
      refusal: { code: 'payment_declined' },
    })
    expect(shown(first, world)).toEqual([['held', declined.id]])
    expect(freeAt(first, world)).toBe(8)
    const again = ask('another', 'a')
    expect(await world.until(first.place(again))).toMatchObject({ ok: true })
    expect(shown(first, world)).toEqual([['bought', again.id]])
    expect([left(first), freeAt(first, world)]).toEqual([18, 8])
    expect(world.gateway.books(declined.id)).toMatchObject({ captures: 0, authorisedMinor: 0 })
  })

  it('twice at once is one order', async () => {
    const world = createWorld()
    const { first } = open(world)
    attempt(first, 'a')
    const placing = first.place(ask('one', 'a'))
    await world.pass(3)
    expect(await world.until(first.place(ask('two', 'a')))).toMatchObject({
      ok: false,
      refusal: { code: 'order_in_progress', orderId: ask('one', 'a').id },
    })
    expect(await world.until(placing)).toMatchObject({ ok: true })
    expect(await world.until(first.place(ask('three', 'a')))).toMatchObject({
      ok: false,
      refusal: { code: 'purchase_not_found' },
    })
    expect(left(first)).toBe(18)
  })

  it('in the last second is kept until the bank has answered', async () => {
    const world = createWorld()
    const { first } = open(world)
    attempt(first, 'a', 2)
    await world.pass(payWithinMs - 3)
    const placing = first.place(ask('k', 'a'))
    await world.pass(4)
    // The time to pay is over, and the units are nobody else's.
    expect(freeAt(first, world)).toBe(8)
    expect(await world.until(placing)).toMatchObject({ ok: true })
    expect(shown(first, world)).toMatchObject([['bought', ask('k', 'a').id]])
  })

  it('too late is refused if somebody else has the units by then, and lets them go if not', async () => {
    const world = createWorld()
    const { first } = open(world)
    attempt(first, 'a', 2)
    await world.pass(payWithinMs + 1)
    expect(freeAt(first, world)).toBe(10)
    for (const buyer of ['dave', 'erin', 'frank', 'gina', 'hugo']) attempt(first, buyer, 2, buyer)
    expect(await world.until(first.place(ask('k', 'a')))).toMatchObject({
      ok: false,
      refusal: { code: 'sold_out' },
    })
    const dave = ask('d', 'dave', 'tok_ok', 'dave')
    expect(await world.until(first.place(dave))).toMatchObject({ ok: true })
    await world.pass(payWithinMs)
    expect(await world.until(first.place(ask('k', 'a', 'tok_declined')))).toMatchObject({
      refusal: { code: 'payment_declined' },
    })
    expect(freeAt(first, world)).toBe(8)
  })

  it('is ordered where its units are set aside', async () => {
    const world = createWorld()
    const { first, other } = open(world)
    attempt(first, 'a')
    tell(first, other)
    expect(await world.until(other.place(ask('k', 'a')))).toMatchObject({
      ok: false,
      refusal: { code: 'purchase_elsewhere', node: 'alice' },
    })
    expect(await world.until(first.place(ask('k', 'a')))).toMatchObject({ ok: true })
  })

  it('that is given back cancels its order, and units and money go back once', async () => {
    const world = createWorld()
    const { first } = open(world)
    attempt(first, 'a')
    const asked = ask('k', 'a')
    await world.until(first.place(asked))
    expect(undo(first, 'a')).toMatchObject({ value: { answer: { state: 'given_back' } } })
    await settle(world, [first], asked.id)
    expect(statusOf(first, asked)).toBe('cancelled')
    expect([left(first), freeAt(first, world)]).toEqual([20, 10])
    expect(world.gateway.books(asked.id)).toMatchObject({ refundedMinor: 2 * salePrice })
    expect(attempt(first, 'b', 2)).toMatchObject({ value: { answer: { state: 'held' } } })
  })

  it('that was given back while it was being paid for is not charged', async () => {
    const world = createWorld()
    const { first } = open(world)
    attempt(first, 'a')
    const placing = first.place(ask('k', 'a'))
    await world.pass(3)
    undo(first, 'a')
    expect(await world.until(placing)).toMatchObject({ refusal: { code: 'purchase_not_found' } })
    await world.pass(60_000)
    expect(world.gateway.books(ask('k', 'a').id)).toMatchObject({ captures: 0, authorisedMinor: 0 })
    expect([left(first), freeAt(first, world)]).toEqual([20, 10])
  })
})

describe('a buyer who buys in two regions that are cut off from each other', () => {
  it('keeps the earlier order; the later is cancelled, and its money goes back', async () => {
    const world = createWorld()
    const { first, other } = open(world)
    attempt(first, 'a', 2)
    await world.pass(10)
    attempt(other, 'b', 2)
    const [one, two] = [ask('one', 'a'), ask('two', 'b')]
    expect(await world.until(first.place(one))).toMatchObject({ ok: true })
    expect(await world.until(other.place(two))).toMatchObject({ ok: true })
    connect(first, other)
    await world.pass(10)
    const owedAt = (life: Life) => owedUndoings(worldOf(life, world), { sale, buyer: 'carol' })
    expect([owedAt(first), owedAt(other)]).toEqual([[], [nameOf('b')]])
    const input = { ...nameOf('b'), by: 'node/bob' }
    other.run({ decide: undoPurchase, input, actor: 'node/bob' })
    await settle(world, [first, other], two.id)
    await world.pass(2_000)
    for (const life of [first, other]) {
      expect([statusOf(life, one), statusOf(life, two)]).toEqual(['paid', 'cancelled'])
      expect(left(life)).toBe(18)
    }
    expect(world.gateway.books(two.id)).toMatchObject({ refundedMinor: 2 * salePrice })
  })
})

describe('a process that ends while a purchase is ordered', () => {
  const momentsOf = async (): Promise<readonly Moment[]> => {
    const world = createWorld()
    const { first } = open(world)
    attempt(first, 'a')
    expect(await world.until(first.place(ask('k', 'a')))).toMatchObject({ ok: true })
    await settle(world, [first], ask('k', 'a').id)
    return first.moments
  }

  const expectOne = (world: World, life: Life): void => {
    const { id } = ask('k', 'a')
    expect(world.gateway.books(id)).toMatchObject({
      intents: 1,
      captures: 1,
      capturedMinor: 2 * salePrice,
      refundedMinor: 0,
    })
    expect(orderOf(life.core, id)?.status).toBe('paid')
    expect(left(life)).toBe(18)
    expect(shown(life, world)).toEqual([['bought', id]])
  }

  it('and starts again: sent again to it, there is one order, and no unit stays set aside', async () => {
    const moments = new Set(await momentsOf())
    expect(moments.size).toBeGreaterThanOrEqual(10)
    for (const moment of moments) {
      const world = createWorld()
      const { alice, first } = open(world, moment)
      attempt(first, 'a')
      void first.place(ask('k', 'a'))
      await world.until(first.ended)
      const next = alice.start(() => none, undefined)
      expect(await world.until(next.place(ask('k', 'a'))), `ended ${moment}`).toMatchObject({
        ok: true,
      })
      await settle(world, [next], ask('k', 'a').id)
      expectOne(world, next)
      expect(freeAt(next, world)).toBe(8)
    }
  })

  it.each([true, false])(
    'and it is sent to another that has heard of it (%s): in the end there is one order',
    async (hasHeard) => {
      for (const moment of new Set(await momentsOf())) {
        const world = createWorld()
        const { alice, first, other } = open(world, moment)
        attempt(first, 'a')
        tell(first, other)
        void first.place(ask('k', 'a'))
        await world.until(first.ended)
        if (hasHeard) tell(first, other)
        const there = await world.until(other.place(ask('k', 'a')))
        const next = alice.start(() => none, undefined)
        // Where it was not begun it cannot be: then the buyer goes to where the units are.
        const refusal = there.ok ? 'none' : there.refusal.code
        expect(['none', 'purchase_elsewhere'], `ended ${moment}`).toContain(refusal)
        const done = there.ok ? there : await world.until(next.place(ask('k', 'a')))
        expect(done, `ended ${moment}`).toMatchObject({ ok: true })
        connect(next, other)
        await world.pass(2_000)
        await settle(world, [next, other], ask('k', 'a').id)
        for (const life of [next, other]) expectOne(world, life)
        await world.pass(20 * 60_000)
        expect(freeAt(next, world) + freeAt(other, world), `ended ${moment}`).toBe(18)
      }
    },
  )
})
