/** A request is answered once: a node whose log has an answer gives that one, and makes no second change. */

import { dotKey, type Dot } from '../../../crdt/dot.ts'
import type { CreateChecker } from './checker.ts'

export const requestsOnce: CreateChecker = (report) => {
  const changesByRequest = new Map<string, Dot[]>()
  const answers = new Map<string, string>()
  return {
    durable: ({ node, before, floor, appended }) => {
      for (const { known, isNew } of appended) {
        if (!isNew) continue
        for (const request of known.change.requests) {
          const earlier = changesByRequest.get(request) ?? []
          changesByRequest.set(request, [...earlier, known.dot])
          // What was folded is remembered no more: a request is repeated within the retention.
          const had = earlier.find(
            ({ replica, counter }) =>
              counter <= (before.get(replica) ?? 0) && counter > (floor.get(replica)?.counter ?? 0),
          )
          if (had) {
            report(`${node.name} answered ${request} by ${known.key}, though it had ${dotKey(had)}`)
          }
        }
      }
    },
    answered: ({ node, request, change, answer }) => {
      if (request === undefined) return
      const key = `${request} by ${dotKey(change)}`
      const before = answers.get(key) ?? answer
      answers.set(key, before)
      if (before !== answer) report(`${node.name} answered ${key} with ${answer} and not ${before}`)
    },
  }
}
