/** A coupon is never used more often than it may be, at no step; and its count is that of the orders that stand. */

import { orderOf } from '../../../../node/orders/order-log.ts'
import { coupon, viewCoupon } from '../../../../node/promotions/coupon.ts'
import type { CreateRushChecker } from './checker.ts'

export const couponsWithinLimit: CreateRushChecker = (report, { code, coupons }) => ({
  committed: (node, core, changed) => {
    if (!changed.some((one) => one.kind.schema.kind === coupon.kind && one.id === code)) return
    const { used, limit } = viewCoupon(code, core.read(coupon, code))
    if (used > coupons) report(`at ${node} ${used} uses of ${coupons}`)
    if (limit !== null && limit > coupons) report(`at ${node} ${limit} uses exist, not ${coupons}`)
  },
  settled: ({ lives, book }) => {
    for (const { core } of lives) {
      const { used, limit } = viewCoupon(code, core.read(coupon, code))
      const standing = book.filter(({ id }) => {
        const order = orderOf(core, id)
        return order && !order.isCancelled && order.placement.event.agreed.coupons.length > 0
      }).length
      if (used !== standing) report(`${used} uses are counted, and ${standing} orders have one`)
      if (standing > coupons) report(`${standing} orders have used it, of ${coupons} uses`)
      if (limit !== coupons) report(`${limit} uses exist, not ${coupons}`)
    }
  },
})
