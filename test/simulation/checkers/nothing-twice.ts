/** Each node takes each change once, and each replica's changes one after the other. */

import type { CreateChecker } from './checker.ts'

export const nothingTwice: CreateChecker = (report) => ({
  durable: ({ node, before, appended }) => {
    const heads = new Map(before)
    for (const { known } of appended) {
      const { replica, counter } = known.dot
      const last = heads.get(replica) ?? 0
      if (counter <= last) report(`${node.name} took ${known.key} again`)
      if (counter > last + 1) report(`${node.name} took ${known.key} and lacks ${last + 1}`)
      heads.set(replica, counter)
    }
  },
})
