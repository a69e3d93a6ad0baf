/**
 * Two histories under one replica never go unnoticed: where nodes hold different ones, some node has put
 * the replica into quarantine, or has told its operator.
 */

import type { ReplicaId } from '../../../crdt/dot.ts'
import type { CreateChecker, SettledNode } from './checker.ts'

export const forksAreNoticed: CreateChecker = (report) => ({
  settled: ({ nodes }) => {
    const [first, ...others] = nodes
    if (!first) return
    for (const other of others) {
      const unnoticed = forksBetween(first, other).find(
        (replica) =>
          !nodes.some(({ tables, reportedFork }) => tables.quarantine.has(replica) || reportedFork),
      )
      if (unnoticed === undefined) continue
      const who = `${first.node.name} and ${other.node.name}`
      report(`${who} have two histories of ${unnoticed}, and nobody says so`)
    }
  },
})

const forksBetween = (a: SettledNode, b: SettledNode): readonly ReplicaId[] =>
  [...a.tables.chains].flatMap(([replica, chain]) => {
    const theirs = b.tables.chains.get(replica)
    const differs = [...chain].some(([counter, { bytes }]) => {
      const other = theirs?.get(counter)
      return other !== undefined && Buffer.compare(other.bytes, bytes) !== 0
    })
    return differs ? [replica] : []
  })
