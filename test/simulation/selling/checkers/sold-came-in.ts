/** Never is more sold than came in, at no step and as no node sees it; and in the end all of it is sold. */

import * as escrowCounter from '../../../../crdt/escrow-counter.ts'
import { mainLocation, stockIdOf } from '../../../../node/inventory/location-id.ts'
import { stock } from '../../../../node/inventory/stock.ts'
import { orderOf } from '../../../../node/orders/order-log.ts'
import type { CreateRushChecker } from './checker.ts'

export const soldCameIn: CreateRushChecker = (report, { variant, units }) => {
  const id = stockIdOf(variant, mainLocation)
  return {
    committed: (node, core, changed) => {
      if (!changed.some((one) => one.kind.schema.kind === stock.kind && one.id === id)) return
      const counter = { store: core.read(stock, id).store.units }
      const left = escrowCounter.available(counter)
      if (left < 0) report(`at ${node} ${-left} more are sold than came in`)
      for (const [replica, rights] of escrowCounter.rightsByReplica(counter)) {
        // What one life spends of an earlier one's rights is one purse.
        if (core.lineage().includes(replica)) continue
        if (rights < -units) report(`at ${node} ${replica} owes ${-rights}`)
      }
      const own = escrowCounter.rights(counter, core.lineage())
      if (own < 0) report(`${node} has spent ${-own} units that it had no rights to`)
    },
    settled: ({ lives, book }) => {
      const standing = book.filter(({ state }) => state === 'accepted').length
      if (standing !== units) report(`${standing} of ${units} are sold, and there is demand left`)
      for (const { core } of lives) {
        const counter = { store: core.read(stock, id).store.units }
        const left = escrowCounter.available(counter)
        const placed = book.filter(({ id: order }) => {
          const found = orderOf(core, order)
          return found !== undefined && !found.isCancelled
        }).length
        if (placed + left !== units) report(`${placed} are ordered and ${left} left, of ${units}`)
      }
    },
  }
}
