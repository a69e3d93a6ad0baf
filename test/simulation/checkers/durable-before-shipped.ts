/** A change is on the disk of the node that makes it before it is on any other. */

import type { CreateChecker } from './checker.ts'

export const durableBeforeShipped: CreateChecker = (report) => ({
  durable: ({ node, replica, appended, isFound }) => {
    for (const { known, isNew } of appended) {
      if (isNew && !isFound && known.dot.replica !== replica) {
        report(`${node.name} has ${known.key}, which its maker has not on its disk`)
      }
    }
  },
})
