/** What leaves a log is not the only copy: some other node has had it, if there are others. */

import type { CreateChecker } from './checker.ts'

export const foldedIsShared: CreateChecker = (report) => ({
  durable: ({ node, folded, knowsOthers }) => {
    if (!knowsOthers) return
    for (const { key, holders } of folded) {
      if ([...holders].some((holder) => holder !== node.number)) continue
      report(`${node.name} folded ${key}, which no other node ever had`)
      return
    }
  },
})
