/** Nodes with the same changes have the same documents, at every moment and not only at the end. */

import type { ReplicaId } from '../../../crdt/dot.ts'
import type { ChainHeads } from '../../../sync/change.ts'
import { toHex } from '../../../node/core/digest.ts'
import type { CreateChecker } from './checker.ts'

export const equalChangesEqualDocuments: CreateChecker = (report) => {
  const digests = new Map<string, { readonly digest: string; readonly by: string }>()
  const numbers = new Map<ReplicaId, number>()

  const numberOf = (replica: ReplicaId): number => {
    const number = numbers.get(replica) ?? numbers.size
    numbers.set(replica, number)
    return number
  }
  const nameOf = (heads: ChainHeads): string => {
    const counters: number[] = []
    for (const [replica, { counter }] of heads) counters[numberOf(replica)] = counter
    return counters.join(',')
  }

  return {
    durable: ({ node, release, isAhead, after }) => {
      if (isAhead) return
      const vector = `${release} ${nameOf(after.heads)}`
      const digest = toHex(after.digest)
      const known = digests.get(vector)
      if (!known) digests.set(vector, { digest, by: node.name })
      else if (known.digest !== digest) {
        report(
          `${node.name} has the changes that ${known.by} had, and other documents (${digest.slice(0, 12)}, not ${known.digest.slice(0, 12)})`,
        )
      }
    },
  }
}
