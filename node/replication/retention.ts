/**
 * What may be folded: changes that are old enough, and that every node which may still ask for them
 * holds durably.
 *
 * A node that was not heard of for longer than the retention holds nothing back: it will be brought up
 * to date by its documents. But a change that nobody else has is never folded while there are others:
 * the log is how it gets to them.
 *
 * What a consumer of events has not read yet is kept for it, too, for as long again as the retention: a
 * bus that is away for longer must not fill the disk, and what it misses is counted.
 *
 * What the merged store lacks waits for it, but not for ever: a store that is out of reach for a month
 * must not fill the shop's disk. It then gets what such changes did as documents.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import { counterOf, type VersionVector } from '../../crdt/version-vector.ts'
import type { ChainHeads } from '../../sync/change.ts'
import { heldForArchiveMs } from './limits.ts'

/** Another node, as far as this one knows it. */
export interface Acquaintance {
  readonly name: string
  /** When it was last connected to us, by our clock; undefined if it never was. */
  readonly heardMs: number | undefined
  /** What it is known to hold durably. */
  readonly acknowledged: VersionVector
}

export interface FoldRule {
  readonly nowMs: number
  readonly retentionMs: number
  /** All other nodes but those that were declared gone. */
  readonly others: readonly Acquaintance[]
  /** The position from which some consumer of events has still to read; undefined if there is none. */
  readonly unreadFrom?: number | undefined
  /** What the merged store has; undefined if there is none. */
  readonly archived?: VersionVector | undefined
}

export interface FoldableLog {
  readonly heads: ChainHeads
  readonly floor: ChainHeads
  /** The time of a change of the log; a replica's times never go back. */
  readonly wallMsAt: (replica: ReplicaId, counter: number) => number
  /** Where it stands in the log; a replica's positions never go back. */
  readonly positionOf: (replica: ReplicaId, counter: number) => number
}

/** Of each replica of which something may be folded, the last change that may be. */
export const foldable = (
  { heads, floor, wallMsAt, positionOf }: FoldableLog,
  { nowMs, retentionMs, others, archived, unreadFrom = Number.POSITIVE_INFINITY }: FoldRule,
): VersionVector => {
  const beforeMs = nowMs - retentionMs
  const unarchivedBeforeMs = beforeMs - heldForArchiveMs
  const holding = others.filter(({ heardMs }) => heardMs !== undefined && heardMs >= beforeMs)
  const upTo = new Map<ReplicaId, number>()
  for (const [replica, { counter: head }] of heads) {
    const from = floor.get(replica)?.counter ?? 0
    const acknowledgedBy = (nodes: readonly Acquaintance[]) =>
      nodes.map(({ acknowledged }) => counterOf(acknowledged, replica))
    const heldElsewhere = others.length > 0 ? Math.max(...acknowledgedBy(others)) : head
    const limit = Math.min(head, heldElsewhere, ...acknowledgedBy(holding))
    const stored = archived ? counterOf(archived, replica) : head
    const last = lastWhere(from, limit, (counter) => {
      const wallMs = wallMsAt(replica, counter)
      if (wallMs >= beforeMs) return false
      if (counter > stored && wallMs >= unarchivedBeforeMs) return false
      const isWaitedFor = wallMs >= beforeMs - retentionMs
      return !(isWaitedFor && positionOf(replica, counter) >= unreadFrom)
    })
    if (last > from) upTo.set(replica, last)
  }
  return upTo
}

/** The last number above `from` and up to `to` of which this holds, if it holds of all before it; else `from`. */
const lastWhere = (from: number, to: number, holds: (number: number) => boolean): number => {
  let last = from
  let end = to
  while (last < end) {
    const middle = last + Math.ceil((end - last) / 2)
    if (holds(middle)) last = middle
    else end = middle - 1
  }
  return last
}
