/** The order's rows of the conflict matrix: two moves that did not know of each other, in both orders of time. */

import { describe, expect, test } from 'vitest'
import { mainLocation } from '../../../../node/inventory/location-id.ts'
import { receiveStock } from '../../../../node/inventory/stock-rules.ts'
import { acceptOrder } from '../../../../node/checkout/accept-rules.ts'
import { moneyOf } from '../../../../node/orders/order-money.ts'
import type { OrderId } from '../../../../node/orders/order-id.ts'
import * as rules from '../../../../node/orders/order-rules.ts'
import { tasksOf, type TaskKind } from '../../../../node/orders/order-tasks.ts'
import type { Order } from '../../../../node/orders/order.ts'
import type { Status } from '../../../../node/orders/order-status.ts'
import { paymentOf } from '../../../../node/payments/payment-rules.ts'
import { rowsOf } from '../../crdt/conflict-page.ts'
import { variantOf } from '../cart/shopping.ts'
import { createClock, meet, send, type Region } from '../catalog/region.ts'
import { attendAll, begin, end, openSellers, place, read, unsold } from './selling.ts'

type Act = (region: Region, id: OrderId) => unknown

const by = 'account/carol'
const tea = variantOf('TEA')

const confirm: Act = (region, id) => region.run(rules.confirmOrder, { id, by })
const pack: Act = (region, id) => region.run(rules.packOrder, { id, by })
const deliver: Act = (region, id) => region.run(rules.deliverOrder, { id, by })
const cancel: Act = (region, id) => region.run(rules.cancelOrder, { id, by, reason: 'no' })
const ship =
  (units?: number): Act =>
  (region, id) =>
    region.run(rules.shipOrder, {
      id,
      by,
      units: units === undefined ? undefined : { [tea]: units },
      carrier: null,
      tracking: null,
      estimatedMs: null,
    })
const giveBack =
  (units: number): Act =>
  (region, id) =>
    region.run(rules.returnOrder, { id, by, units: { [tea]: units }, reason: 'x', areHere: true })
const edit =
  (units: number): Act =>
  (region, id) =>
    region.run(rules.editOrder, { id, by, units: { [tea]: units }, address: null })
const credit =
  (amount: number): Act =>
  (region, id) =>
    region.run(rules.creditOrder, { id, by, amount, reason: 'late' })
const pay: Act = (region, id) =>
  region.run(acceptOrder, {
    id,
    captured: { reference: 'pi_1', amount: paymentOf(region.core, id).captureWanted! },
    alone: undefined,
  })

interface Row {
  /** What both knew of. */
  readonly given?: readonly Act[]
  readonly acts: readonly [Act, Act]
  readonly status: Status | ((isOtherLater: boolean) => Status)
  readonly tasks?: readonly TaskKind[] | ((isOtherLater: boolean) => readonly TaskKind[])
  readonly check?: (order: Order, world: { readonly alice: Region; readonly id: OrderId }) => void
}

const price = 4_900

/** Four units are ordered. */
const rows: Record<string, Row> = {
  'order: pay x cancel': {
    acts: [pay, cancel],
    status: 'cancelled',
    check: (order, { alice, id }) => {
      expect(moneyOf(order)).toMatchObject({ captured: 4 * price, payable: 0 })
      // The payment gives all of it back by itself.
      expect(paymentOf(alice.core, id).closed).toBeDefined()
    },
  },
  'order: confirm x cancel': { acts: [confirm, cancel], status: 'cancelled' },
  'order: pack x cancel': {
    given: [pay],
    acts: [pack, cancel],
    status: 'cancelled',
    tasks: ['unpack_to_do'],
  },
  'order: ship x cancel': {
    given: [pay],
    acts: [ship(), cancel],
    status: 'shipped',
    // If the cancellation came first, its units were back in stock by then.
    tasks: (isCancelLater) =>
      isCancelLater ? ['return_to_do'] : ['return_to_do', 'stock_to_count'],
  },
  'order: ship a part x cancel': {
    given: [pay],
    acts: [ship(1), cancel],
    status: 'shipped',
    check: (order) => expect(order.lines).toMatchObject([{ shipped: 1 }]),
  },
  'order: ship x ship': {
    given: [pay],
    acts: [ship(), ship()],
    status: 'shipped',
    tasks: ['shipped_twice'],
    check: (order) => expect(order.lines).toMatchObject([{ shipped: 4 }]),
  },
  'order: ship a part x ship another': {
    given: [pay],
    acts: [ship(1), ship(2)],
    status: 'partially_shipped',
    tasks: [],
    check: (order) => expect(order.lines).toMatchObject([{ shipped: 3 }]),
  },
  'order: pack x edit': {
    given: [pay],
    acts: [pack, edit(2)],
    status: 'packed',
    // If the edit came first, what it took out was back in stock by then.
    tasks: (isEditLater) => (isEditLater ? ['edit_too_late'] : ['edit_too_late', 'stock_to_count']),
    check: (order) => expect(order.lines).toMatchObject([{ ordered: 4 }]),
  },
  'order: ship x edit': {
    given: [pay],
    acts: [ship(), edit(2)],
    status: 'shipped',
    // If the edit came first, what it took out was back in stock by then.
    tasks: (isEditLater) => (isEditLater ? ['edit_too_late'] : ['edit_too_late', 'stock_to_count']),
    check: (order) => expect(order.lines).toMatchObject([{ ordered: 4, shipped: 4 }]),
  },
  'order: edit x edit': {
    given: [pay],
    acts: [edit(3), edit(2)],
    status: 'paid',
    tasks: [],
    check: (order) => expect(order.lines).toMatchObject([{ ordered: 2 }]),
  },
  'order: edit x cancel': { given: [pay], acts: [edit(3), cancel], status: 'cancelled', tasks: [] },
  'order: cancel x cancel': {
    given: [pay],
    acts: [cancel, cancel],
    status: 'cancelled',
    tasks: [],
    check: (_, { alice }) => expect(unsold(alice, 'TEA')).toBe(20),
  },
  'order: deliver x return': {
    given: [pay, ship()],
    acts: [deliver, giveBack(4)],
    status: 'returned',
    tasks: [],
  },
  'order: return x return': {
    given: [pay, ship()],
    acts: [giveBack(3), giveBack(3)],
    status: 'returned',
    tasks: [],
    check: (_, { alice }) => expect(unsold(alice, 'TEA')).toBe(20),
  },
  'order: credit x credit': {
    given: [pay],
    acts: [credit(100), credit(200)],
    status: 'paid',
    check: (order) => expect(moneyOf(order)).toMatchObject({ payable: 4 * price - 300 }),
  },
}

const open = () => {
  const clock = createClock()
  const [alice, bob] = openSellers(clock, { TEA: 10 })
  if (!alice || !bob) throw new Error('There are two regions')
  bob.run(receiveStock, { variant: tea, location: mainLocation, units: 10, reason: 'x' })
  meet(alice, bob)
  return { alice, bob }
}

describe('the conflict matrix', () => {
  test('has a row for each property and a property for each row', () => {
    expect(rowsOf('order').toSorted()).toEqual(
      [...Object.keys(rows), 'order: place x place'].toSorted(),
    )
  })

  describe.each(Object.entries(rows))('%s', (_, row) => {
    test.each([true, false])('(the second one later: %s)', (isOtherLater) => {
      const { alice, bob } = open()
      const id = place(alice, { lines: { TEA: 4 } })
      for (const act of row.given ?? []) act(alice, id)
      meet(alice, bob)
      const [one, other] = row.acts
      if (isOtherLater) {
        one(alice, id)
        other(bob, id)
      } else {
        other(alice, id)
        one(bob, id)
      }
      for (let rounds = 0; rounds < 2; rounds++) {
        meet(alice, bob)
        attendAll(alice, [id])
        attendAll(bob, [id])
      }
      meet(alice, bob)
      const order = read(alice, id)
      expect(read(bob, id)).toEqual(order)
      const { status, tasks } = row
      expect(order.status).toBe(typeof status === 'function' ? status(isOtherLater) : status)
      const kinds = tasksOf(order).map(({ kind }) => kind)
      const expected = typeof tasks === 'function' ? tasks(isOtherLater) : (tasks ?? kinds)
      expect(kinds.toSorted()).toEqual([...expected].toSorted())
      row.check?.(order, { alice, id })
    })
  })

  test('order: place x place', () => {
    const { alice, bob } = open()
    const wish = { key: 'the same', lines: { TEA: 4 } }
    const id = place(alice, wish)
    expect(begin(bob, wish).result).toEqual({ id })
    expect(end(bob, id).problem).toBe(null)
    meet(alice, bob)
    const met = read(alice, id)
    expect(met.placement.event.sold).toMatchObject([{ units: 4 }])
    expect(met.doubles).toHaveLength(1)
    expect(tasksOf(met).map(({ kind }) => kind)).toEqual(['placed_twice'])
    expect(unsold(alice, 'TEA')).toBe(12)
    // Only the region that made the later one gives its units back.
    attendAll(alice, [id])
    expect(unsold(alice, 'TEA')).toBe(12)
    attendAll(bob, [id])
    send(bob, alice)
    expect(unsold(alice, 'TEA')).toBe(16)
    expect(tasksOf(read(alice, id))).toEqual([])
  })
})
