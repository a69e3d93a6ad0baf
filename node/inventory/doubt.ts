/**
 * Whether a node that starts may take for its own what its former replicas had rights to: pure judgement
 * over what the data directory says of itself.
 *
 * Two that inherit the same rights would sell the same units. So a directory that was copied, put back
 * to an earlier state or left alone for long inherits nothing until there is reason to trust it: every
 * other node was heard, all that they had was taken in, and none of it was just written under our name;
 * or an admin vouches for it.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import type { ChainHeads } from '../../sync/change.ts'
import { absenceMsMax, signOfLifeMs } from './limits.ts'
import type { FoundNote } from './lineage-note.ts'

export const doubtReasons = ['copied', 'put_back', 'unnoted', 'absent', 'shared'] as const

export type DoubtReason = (typeof doubtReasons)[number]

export const doubtTexts: Readonly<Record<DoubtReason, string>> = {
  copied: 'The data directory was copied or moved between disks',
  put_back: 'The database is older than what this node had written: a backup was put back',
  unnoted: 'Replicas of this name are known that this data directory does not know to be its own',
  absent: 'The node was away for so long that it may have been given up',
  shared: 'Another data directory is in use under the name of this node',
}

export interface Start {
  readonly found: FoundNote
  readonly heads: ChainHeads
  /** The replicas that have told that they are this node. */
  readonly named: readonly ReplicaId[]
  readonly nowMs: number
}

export interface Judgement {
  /** Those of this data directory, the latest first. */
  readonly former: readonly ReplicaId[]
  readonly doubt: DoubtReason | null
}

export const judgeStart = ({ found, heads, named, nowMs }: Start): Judgement => {
  if (found.kind === 'none') return { former: [], doubt: named.length > 0 ? 'unnoted' : null }
  if (found.kind === 'foreign') return { former: [], doubt: 'copied' }
  const { replicas, aliveMs, doubt } = found.note
  const former = replicas.map(({ replica }) => replica)
  const isOlder = replicas.some(({ replica, counter }) => counterOf(heads, replica) < counter)
  if (isOlder) return { former, doubt: 'put_back' }
  if (doubt !== null) return { former, doubt }
  if (named.some((replica) => !former.includes(replica))) return { former, doubt: 'unnoted' }
  return { former, doubt: nowMs - aliveMs > absenceMsMax ? 'absent' : null }
}

/** Whether a replica that goes by our name and is not us wrote something since we began, or just before. */
export const isSignOfLife = (writtenMs: number, startedMs: number): boolean =>
  writtenMs >= startedMs - signOfLifeMs

export interface Company {
  /** The other nodes that belong to the cluster, as far as is known here. */
  readonly others: readonly string[]
  /** Of all nodes, those that were heard to the end since we began. */
  readonly heard: ReadonlySet<string>
  /** Whether the node was told of others to call. */
  readonly expectsOthers: boolean
}

/** Whether everybody was heard who could know more of us than we do. */
export const isEverybodyHeard = ({ others, heard, expectsOthers }: Company): boolean =>
  others.length > 0 ? others.every((name) => heard.has(name)) : !expectsOthers || heard.size > 0

const counterOf = (heads: ChainHeads, replica: ReplicaId): number =>
  heads.get(replica)?.counter ?? 0
