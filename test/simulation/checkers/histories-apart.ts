/** Two histories under one replica are never mixed in a log: a change stands behind the one it was made behind. */

import type { CreateChecker } from './checker.ts'

export const historiesApart: CreateChecker = (report) => {
  const continuesByBytes = new Map<string, string | undefined>()
  return {
    durable: ({ node, links, appended }) => {
      links.forEach(({ bytes, continues }, index) => {
        if (!continuesByBytes.has(bytes)) continuesByBytes.set(bytes, continues)
        else if (continuesByBytes.get(bytes) !== continues) {
          const key = appended[index]?.known.key ?? 'a change'
          report(`${node.name} took ${key} behind another change than it was made behind`)
        }
      })
    },
  }
}
