/** What was accepted is an order at every node, under a number of its own; what was refused, or given back, is none. */

import { orderOf } from '../../../../node/orders/order-log.ts'
import type { CreateRushChecker } from './checker.ts'

export const acceptedIsKept: CreateRushChecker = (report) => ({
  settled: ({ lives, book }) => {
    lives.forEach(({ core }, at) => {
      const numbers = new Map<string, string>()
      for (const { id, state } of book) {
        const order = orderOf(core, id)
        const stands = order !== undefined && !order.isCancelled
        if (state === 'accepted' && !stands) {
          report(`${id} was accepted, and is ${order ? order.status : 'nowhere'} at node ${at}`)
        }
        if (state !== 'accepted' && stands) report(`${id} was ${state}, and stands at node ${at}`)
        if (state === 'accepted' && order && order.status !== 'paid') {
          report(`${id} was accepted, and is ${order.status} at node ${at}`)
        }
        if (!order) continue
        const { number } = order.placement.event
        const other = numbers.get(number)
        if (other !== undefined) report(`${id} and ${other} are both number ${number}`)
        numbers.set(number, id)
      }
    })
  },
})
