/** The work list has what a person must see to, the same at every node: nothing, where nobody shipped a thing. */

import { orderOf } from '../../../../node/orders/order-log.ts'
import { tasksOf } from '../../../../node/orders/order-tasks.ts'
import type { CreateRushChecker } from './checker.ts'

export const workList: CreateRushChecker = (report) => ({
  settled: ({ lives, book }) => {
    lives.forEach(({ core, database }, at) => {
      const listed = new Set(
        database.prepare('select id from orders where has_tasks = 1').pluck().all() as string[],
      )
      for (const { id } of book) {
        const order = orderOf(core, id)
        const tasks = order ? tasksOf(order) : []
        if (tasks.length > 0) report(`${id} has to be seen to: ${tasks[0]?.kind} at node ${at}`)
        if (listed.has(id) !== tasks.length > 0)
          report(`${id} is on the list wrongly at node ${at}`)
      }
    })
  },
})
