/** Nobody sees an effect before its cause: what the maker of a change had seen, its taker has. */

import type { CreateChecker } from './checker.ts'

export const causesFirst: CreateChecker = (report) => ({
  durable: ({ node, before, appended }) => {
    const heads = new Map(before)
    for (const { known } of appended) {
      for (const [replica, counter] of known.causes) {
        const seen = heads.get(replica) ?? 0
        if (seen >= counter) continue
        report(`${node.name} took ${known.key} and has not seen its cause ${replica}:${counter}`)
        break
      }
      heads.set(known.dot.replica, known.dot.counter)
    }
  },
})
