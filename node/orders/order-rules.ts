/** What people may do to an order that was placed: pure rules, each an event of its log and what is due for it. */

import type { Value } from '../../crdt/value.ts'
import type { Decide, Draft, World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { closePayment, paymentOf } from '../payments/payment-rules.ts'
import { ok, refused, type Result } from '../result.ts'
import { prepare } from '../shipping/shipment-rules.ts'
import { attend } from './attend.ts'
import { inTurn, type Turn } from './in-turn.ts'
import { eventsMax } from './limits.ts'
import type { OrderAddress } from './agreement.ts'
import type { OrderEvent, Units } from './order-event.ts'
import type { OrderId } from './order-id.ts'
import { append, orderOf } from './order-log.ts'
import { moneyOf } from './order-money.ts'
import { isAllowed, type Move } from './order-status.ts'
import { tasksOf } from './order-tasks.ts'
import type { Order } from './order.ts'

export interface OrderAct {
  readonly id: OrderId
  /** The actor: `account/…`, `cart/…`. */
  readonly by: string
}

export type OrderAnswer = { readonly id: OrderId }

/** Takes an order on although it is not paid: it may be packed from now on. */
export const confirmOrder: Decide<OrderAct, OrderAnswer> = (world, { id, by }) =>
  act(world, id, (order) =>
    moving(order, 'confirmed', order.status === 'pending' ? [{ type: 'confirmed', by }] : []),
  )

/** Says that the parcel is packed: what the packer knew of edits by then is what is in it. */
export const packOrder: Decide<OrderAct, OrderAnswer> = (world, { id, by }) =>
  act(world, id, (order) =>
    moving(order, 'packed', order.wasPacked ? [] : [{ type: 'packed', by, seen: order.edits }]),
  )

export interface ShipInput extends OrderAct {
  /** undefined: all that has not been sent yet. */
  readonly units: Units | undefined
  readonly carrier: string | null
  readonly tracking: string | null
  readonly estimatedMs: number | null
}

/** Sends an order or a part of it off, with a shipment that tells from then on where it is. */
export const shipOrder: Decide<ShipInput, OrderAnswer> = (world, input) => {
  const { id, by, carrier, tracking, estimatedMs } = input
  const left = (order: Order) => unitsBy(order, ({ ordered, shipped }) => ordered - shipped)
  const sent = (order: Order) => input.units ?? left(order)
  const parcel = (order: Order) =>
    prepare(world, {
      order: id,
      units: Object.entries(sent(order)).map(([variant, units]) => ({ variant, units })),
      method: order.placement.event.agreed.shipping?.method ?? null,
      from: order.placement.event.sold[0]?.location ?? null,
      carrier,
      trackingNumber: tracking,
      estimatedMs,
    })
  return act(
    world,
    id,
    (order) => {
      const units = sent(order)
      const wrong = misfit(units, left(order), 'left to be sent')
      if (isAllowed(order.status, 'shipped') && wrong) return refused(wrong)
      const shipment: string = parcel(order).id
      return moving(order, 'shipped', [{ type: 'shipped', by, seen: order.edits, units, shipment }])
    },
    () => {
      const before = orderOf(world, id)
      return ok(before ? [parcel(before).delta] : [])
    },
  )
}

export const deliverOrder: Decide<OrderAct, OrderAnswer> = (world, { id, by }) =>
  act(world, id, (order) =>
    moving(order, 'delivered', order.status === 'shipped' ? [{ type: 'delivered', by }] : []),
  )

export interface ReasonedAct extends OrderAct {
  readonly reason: string
}

/** Ends an order, or what has not been sent of it. Money that was taken for it goes back. */
export const cancelOrder: Decide<ReasonedAct, OrderAnswer> = (world, { id, by, reason }) =>
  act(
    world,
    id,
    (order) =>
      moving(order, 'cancelled', order.isCancelled ? [] : [{ type: 'cancelled', by, reason }]),
    // At once, and not only where the order was placed: money must not be taken any more.
    (here) => {
      const isOver = orderOf(here, id)?.status === 'cancelled'
      const hasPayment = paymentOf(here, id).state !== 'none'
      return ok(isOver && hasPayment ? closePayment(here, { orderId: id, reason }) : [])
    },
  )

export interface ReturnInput extends ReasonedAct {
  /** undefined: all that was sent and has not come back. */
  readonly units: Units | undefined
  /** Whether the goods are here; otherwise somebody is going to send them. */
  readonly areHere: boolean
}

export const returnOrder: Decide<ReturnInput, OrderAnswer> = (world, input) =>
  act(world, input.id, (order) => {
    const { by, reason, areHere } = input
    const left = unitsBy(order, ({ shipped, returned }) => shipped - returned)
    const units = input.units ?? left
    const wrong = misfit(units, left, 'out to come back')
    if (isAllowed(order.status, 'returned') && wrong) return refused(wrong)
    const type = areHere ? 'returned' : 'return_asked'
    return moving(order, 'returned', [{ type, by, units, reason }])
  })

export interface EditInput extends OrderAct {
  /** How many of a variant are to be left; what is not named stays. */
  readonly units: Units
  readonly address: OrderAddress | null
}

/** Changes an order before it is packed. It can become less, and go elsewhere; more is another order. */
export const editOrder: Decide<EditInput, OrderAnswer> = (world, { id, by, units, address }) =>
  act(world, id, (order) => {
    if (isAllowed(order.status, 'edited')) {
      const now = unitsBy(order, ({ ordered }) => ordered, { zero: true })
      for (const [variant, wanted] of Object.entries(units)) {
        if (wanted > (now[variant] ?? -1)) return refused(tooMany(variant, wanted, now[variant]))
      }
      const left = order.lines.some(({ line, ordered }) => (units[line.variant] ?? ordered) > 0)
      if (!left) return refused({ code: 'order_empty', detail: 'Cancel the order instead' })
    }
    return moving(order, 'edited', [{ type: 'edited', by, units, address }])
  })

export interface CreditInput extends ReasonedAct {
  /** Minor units; undefined: all that was paid and has not gone back. */
  readonly amount: number | undefined
}

/** Gives money back although the goods stay. */
export const creditOrder: Decide<CreditInput, OrderAnswer> = (world, input) =>
  act(world, input.id, (order) => {
    const { captured, refunded, toRefund } = moneyOf(order)
    const rest = captured - refunded - toRefund
    const amount = input.amount ?? rest
    if (amount < 1 || amount > rest) {
      const detail = `Of the order ${rest} can be given back, not ${amount}`
      return refused({ code: 'refund_exceeds_payment', detail, refundable: rest })
    }
    return ok([{ type: 'credited', by: input.by, amount, reason: input.reason }])
  })

export interface TaskInput extends OrderAct {
  readonly task: string
  readonly note: string
}

/** Says that what was to be done about an order is done. */
export const finishTask: Decide<TaskInput, OrderAnswer> = (world, { id, by, task, note }) =>
  act(world, id, (order) =>
    tasksOf(order).some(({ key }) => key === task)
      ? ok([{ type: 'task_done', task, by, note }])
      : refused({ code: 'order_task_not_found', detail: `The order has no open task ${task}` }),
  )

/** Does what has become due; `attend.ts` says what that may be. Refused, and no change, if nothing is. */
export const attendOrder: Decide<
  { readonly id: OrderId; readonly actsForOthers: boolean },
  OrderAnswer
> = (world, { id, actsForOthers }) => {
  const deltas = attend(world, id, { actsForOthers })
  return deltas.length > 0
    ? ok({ type: 'order.attended', deltas, answer: { id } })
    : refused({ code: 'order_task_not_found', detail: `Nothing is due about the order ${id}` })
}

type Events = Result<readonly OrderEvent[], Refusal>

/** The change of one act: its events, `also`, and all that becomes due by them. */
const act = (
  world: World,
  id: OrderId,
  events: (order: Order) => Events,
  also?: Turn<Refusal>,
): Result<Draft<OrderAnswer>, Refusal> => {
  const before = orderOf(world, id)
  if (!before) return refused({ code: 'order_not_found', detail: `There is no order ${id} here` })
  if (before.history.length >= eventsMax) {
    return refused({ code: 'order_over', detail: 'Too much has happened to this order' })
  }
  const decided = events(before)
  if (!decided.ok) return decided
  const [first] = decided.value
  const deltas = inTurn<Refusal>(world, [
    (here) => ok(first ? [append(here, id, ...decided.value)] : []),
    ...(also ? [also] : []),
    (here) => ok(attend(here, id)),
  ])
  if (!deltas.ok) return deltas
  return ok({
    type: `order.${first?.type ?? 'unchanged'}`,
    details: { number: before.placement.event.number } satisfies Value,
    deltas: deltas.value,
    answer: { id },
  })
}

/** The events, if the order's state allows the move. */
const moving = (order: Order, move: Move, events: readonly OrderEvent[]): Events =>
  isAllowed(order.status, move)
    ? ok(events)
    : refused({
        code: 'order_state',
        detail: `An order that is ${order.status.replace('_', ' ')} cannot be ${move}`,
        orderStatus: order.status,
      })

const unitsBy = (
  { lines }: Order,
  count: (state: Order['lines'][number]) => number,
  { zero = false }: { readonly zero?: boolean } = {},
): Units =>
  Object.fromEntries(
    lines
      .map((state) => [state.line.variant, count(state)] as const)
      .filter(([, units]) => zero || units > 0),
  )

const misfit = (units: Units, left: Units, what: string): Refusal | undefined => {
  const over = Object.entries(units).find(([variant, wanted]) => wanted > (left[variant] ?? 0))
  if (over) {
    const [variant, wanted] = over
    const detail = `Of ${variant} ${left[variant] ?? 0} are ${what}, not ${wanted}`
    return { code: 'quantity_out_of_range', detail }
  }
  return Object.values(units).some((wanted) => wanted > 0)
    ? undefined
    : { code: 'quantity_out_of_range', detail: `Nothing is ${what}` }
}

const tooMany = (variant: string, wanted: number, now: number | undefined): Refusal => ({
  code: 'quantity_out_of_range',
  detail:
    now === undefined
      ? `The order has no ${variant}`
      : `An edit can only take away: of ${variant} there are ${now}, not ${wanted}`,
})
