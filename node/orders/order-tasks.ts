/** What is left for a person to do about an order: what moves that met left, and what its state asks for. */

import type { LostMove } from './order-status.ts'
import type { Order } from './order.ts'
import { givenBackTooMany, owedBy } from './give-back.ts'
import type { Units } from './order-event.ts'
import { moneyOf } from './order-money.ts'

export type TaskKind =
  | LostMove
  /** Goods are on their way back: book the return when they are here. */
  | 'return_to_receive'
  /** The same request made an order in two regions; the later one's units are not back yet. */
  | 'placed_twice'
  /** Money went back for goods that were sent all the same. */
  | 'refunded_too_much'
  /** Units went back into stock and left it in a parcel all the same: count what is there. */
  | 'stock_to_count'
  /** Accepted while no other node was in reach: should this disk die, only the shopper knows of it. */
  | 'accepted_alone'

export type Task = {
  /** Names it for as long as the order exists. */
  readonly key: string
  readonly kind: TaskKind
  readonly sinceMs: number
  readonly units: Units
  /** The change that no other node had, of a task of that kind. */
  readonly change: string | null
}

/** Each kind with what whoever reads the list should do. */
export const taskAdvice: Readonly<Record<TaskKind, string>> = {
  return_to_do:
    'It was cancelled and sent at once. Ask for the goods back and book the return, or let the shopper keep and pay them.',
  unpack_to_do: 'It was cancelled when it had been packed. Unpack it.',
  edit_too_late:
    'It was edited and packed at once, and was packed as it was before. Tell the shopper.',
  shipped_twice: 'Two parcels left with the same units. Ask for one of them back.',
  return_to_receive: 'The shopper sends something back. Book the return when it is here.',
  placed_twice:
    'One request was taken by two regions that were cut off; the later order does not count. If its region does not come back, put its units back by an adjustment.',
  refunded_too_much:
    'More was given back than the shopper sent back. Ask for the goods or the money, or leave it.',
  stock_to_count: 'The stock counts units that have left in a parcel. Count them.',
  accepted_alone: 'No other node has it yet. It is gone if this disk is lost before one has.',
}

/** Everything that is open, earliest first. */
export const tasksOf = (order: Order): readonly Task[] =>
  [...lostMoves(order), ...statedTasks(order)]
    .filter(({ key }) => !order.tasksDone.has(key))
    .sort((a, b) => a.sinceMs - b.sinceMs)

const lostMoves = (order: Order): readonly Task[] =>
  order.lost
    .filter(({ task }) => task !== 'return_to_do' || isOut(order))
    .map(({ task, event, atMs, units }) => ({
      key: `${task}/${event}`,
      kind: task,
      sinceMs: atMs,
      units,
      change: null,
    }))

const isOut = ({ lines }: Order): boolean =>
  lines.some(({ shipped, returned }) => returned < shipped)

const statedTasks = (order: Order): readonly Task[] => {
  const tasks: Task[] = []
  const put = (kind: TaskKind, sinceMs: number, more: Partial<Task> = {}) =>
    tasks.push({ key: kind, kind, sinceMs, units: {}, change: null, ...more })
  const { atMs: placedMs } = order.placement
  const cancelledMs = order.history.find(({ type }) => type === 'cancelled')?.atMs ?? placedMs
  if (order.status === 'cancelled' && order.wasPacked && !hasLost(order, 'unpack_to_do')) {
    put('unpack_to_do', cancelledMs)
  }
  const doubles = owedBy(order, 'anybody').filter(({ reason }) => reason === 'placed_twice')
  for (const { placement, units } of doubles) {
    const double = order.doubles.find(({ dot }) => dot === placement)
    put('placed_twice', double?.atMs ?? placedMs, {
      key: `placed_twice/${placement}`,
      units: Object.fromEntries(units.map((one) => [one.variant, one.units])),
    })
  }
  const { captured, refunded, payable } = moneyOf(order)
  if (refunded > 0 && captured - refunded < payable) put('refunded_too_much', cancelledMs)
  const tooMany = givenBackTooMany(order)
  if (tooMany.length > 0) {
    const units = Object.fromEntries(tooMany.map((one) => [one.variant, one.units]))
    put('stock_to_count', cancelledMs, { units })
  }
  for (const asked of order.returnsAsked) {
    if (isCameBack(order, asked.units)) continue
    put('return_to_receive', asked.atMs, {
      key: `return_to_receive/${asked.event}`,
      units: asked.units,
    })
  }
  const alone = order.acceptedAlone
  if (alone) put('accepted_alone', alone.atMs, { change: alone.change })
  return tasks
}

const hasLost = (order: Order, task: LostMove): boolean =>
  order.lost.some((lost) => lost.task === task)

// Of several returns of one variant the earlier ones are taken for done first; at the end all are.
const isCameBack = (order: Order, units: Units): boolean =>
  order.lines.every(({ line, returned }) => returned >= (units[line.variant] ?? 0))
