/** For each key at most one order and one capture, of exactly what was agreed; and no money of anybody without an order. */

import { orderOf } from '../../../../node/orders/order-log.ts'
import { moneyOf } from '../../../../node/orders/order-money.ts'
import type { CreateRushChecker } from './checker.ts'

export const chargedOnce: CreateRushChecker = (report) => ({
  settled: ({ lives, book, books }) => {
    for (const { id, state } of book) {
      const { captures, capturedMinor, refundedMinor, authorisedMinor } = books(id)
      if (captures > 1) report(`${id} was charged ${captures} times`)
      if (authorisedMinor > 0) report(`of ${id} ${authorisedMinor} are set aside for ever`)
      for (const { core } of lives) {
        const order = orderOf(core, id)
        const kept = capturedMinor - refundedMinor
        if (!order || order.isCancelled) {
          if (kept !== 0) report(`${id} (${state}) is no order, and ${kept} were taken for it`)
          continue
        }
        const { total } = order.placement.event.agreed.totals
        if (kept !== total) report(`${id} costs ${total}, and ${kept} were taken`)
        const { captured, refunded } = moneyOf(order)
        if (captured - refunded !== kept) report(`${id} says ${captured - refunded}, not ${kept}`)
      }
    }
  },
})
