/** What an order costs by now, what of it was taken, and what is to go back. */

import { shareOf } from '../pricing/half-even.ts'
import { sum, type LineState, type Order } from './order.ts'

/** All amounts are minor units of the order's currency. */
export interface Money {
  /** What was agreed when it was placed. */
  readonly total: number
  /** What the shopper is to pay for what is left of it. */
  readonly payable: number
  readonly captured: number
  readonly refunded: number
  /** What was taken beyond what is payable, and not given back yet. */
  readonly toRefund: number
}

export const moneyOf = (order: Order): Money => {
  const { placement } = order
  const captured = sum(order.paid)
  const refunded = sum(order.refunded)
  const payable = payableOf(order)
  return {
    total: placement.event.agreed.totals.total,
    payable,
    captured,
    refunded,
    toRefund: Math.max(0, captured - refunded - payable),
  }
}

/** What the shopper is to pay: for the units that are left, for sending them, less what was credited. */
const payableOf = (order: Order): number => {
  const { lines, credited, placement } = order
  const goods = lines.reduce((total, state) => total + valueOf(state.line, leftOf(order, state)), 0)
  // Sending what comes back afterwards was still done; sending nothing costs nothing.
  const isSent = lines.some((state) => keptOf(order, state) > 0)
  const shipping = isSent ? (placement.event.agreed.shipping?.total ?? 0) : 0
  return Math.max(0, goods + shipping - credited)
}

/** Units that the order is still about: all that was not edited out, or what was sent before it ended. */
export const keptOf = ({ isCancelled }: Pick<Order, 'isCancelled'>, state: LineState): number =>
  isCancelled ? state.shipped : state.ordered

const leftOf = (order: Order, state: LineState): number => keptOf(order, state) - state.returned

/** What some of a line's units cost. */
export const valueOf = (line: LineState['line'], units: number): number =>
  line.units === 0 ? 0 : shareOf(line.total, units, line.units)
