/** What somebody was told is done, is on a disk at that moment, and in the end everywhere. */

import { dotKey, type DotKey } from '../../../crdt/dot.ts'
import type { CreateChecker } from './checker.ts'

export const acknowledgedStays: CreateChecker = (report) => {
  const acknowledged = new Map<DotKey, string>()
  return {
    answered: ({ node, change, durable }) => {
      acknowledged.set(dotKey(change), node.name)
      if ((durable.get(change.replica) ?? 0) < change.counter) {
        report(`${node.name} acknowledged ${dotKey(change)}, which a power cut would take`)
      }
    },
    // A disk that is lost takes with it what nobody else had.
    forgotten: ({ dots }) => {
      for (const { key } of dots) acknowledged.delete(key)
    },
    settled: ({ nodes }) => {
      for (const [key, by] of acknowledged) {
        const [replica = '', counter = ''] = key.split(':')
        for (const { node, state } of nodes) {
          const head = [...state.heads].find(([id]) => id === replica)?.[1]
          if ((head?.counter ?? 0) >= Number(counter)) continue
          report(`${node.name} lacks ${key}, which ${by} acknowledged`)
          return
        }
      }
    },
  }
}
