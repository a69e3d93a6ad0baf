/**
 * Keeps the merged store up with a node's log: sends what is lacking, in batches, for ever.
 *
 * The merged store itself says what it has; nothing about it is remembered here. So if it comes back
 * without its last minute, what it lost is lacking again and is sent again, and the backlog of an outage
 * is the log.
 *
 * A node sends its own changes at once. Those of others it sends when they are lacking for a while: any
 * node stands in for one that is gone, and as long as none is they do not do each other's work.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import { countMissing, type VersionVector } from '../../crdt/version-vector.ts'
import { vectorOf, type ChainHeads } from '../../sync/change.ts'
import type { Timers } from '../../sync/surroundings.ts'
import { Fault } from '../fault.ts'
import type { Archive, Archived, LoggedChange } from './archive.ts'
import {
  askEveryMs,
  batchBytesMax,
  batchChangesMax,
  joinDocumentsMax,
  lookEveryMs,
  retryMsMax,
  retryMsMin,
  verifyEveryMs,
} from './limits.ts'
import type { NodeLog } from './node-log.ts'
import type { Repaired } from './verify.ts'

/** How the merged store stands, as far as this node knows. */
export interface ArchiverStatus {
  readonly state: 'connecting' | 'archiving' | 'unreachable' | 'refused'
  /** Why, if it is not archiving: a code of `errors.ts`, and what was said. */
  readonly problem?: { readonly code: string; readonly detail: string }
  /** What the merged store has; undefined before it was asked. */
  readonly archived: VersionVector | undefined
  /** Changes of the node's log that the merged store lacks. */
  readonly backlogChanges: number
  /** Changes that this node has archived since it started. */
  readonly sentChanges: number
  /** Changes and documents that it should have had, and were put right. */
  readonly repaired: number
  /** Replicas of which the merged store has another history than this node. */
  readonly forked: readonly ReplicaId[]
}

export interface ArchiverDeps {
  readonly archive: Archive
  readonly log: NodeLog
  /** The node's name. */
  readonly node: string
  /** After which another node's changes are sent, if they are still lacking. */
  readonly standInMs: number
  /** Makes the tables, before anything is sent; again after each failure. */
  readonly prepare: () => Promise<void>
  /** Looks for what the merged store should have and has not, now and then; see `verify.ts`. */
  readonly verify: () => Promise<Repaired>
  readonly clock: { monotonic(): number }
  readonly timers: Timers
  readonly told: (status: ArchiverStatus) => void
}

export interface Archiver {
  status(): ArchiverStatus
  /** Sends everything that is lacking now, others' changes too; resolves when that is done. */
  catchUp(): Promise<void>
  close(): Promise<void>
}

export const createArchiver = (deps: ArchiverDeps): Archiver => {
  const { archive, log, node, standInMs, clock, timers } = deps
  let status: ArchiverStatus = {
    state: 'connecting',
    archived: undefined,
    backlogChanges: 0,
    sentChanges: 0,
    repaired: 0,
    forked: [],
  }
  let heads: Map<ReplicaId, number> | undefined
  let forked = new Set<ReplicaId>()
  let retryMs = retryMsMin
  let askedMs = 0
  let verifiedMs = clock.monotonic()
  let seenVersion: number | undefined
  const ending = { isClosed: false }
  /** What of others was lacking when, so that they have some time to send it themselves. */
  const lackingSince = new Map<ReplicaId, { readonly counter: number; readonly ms: number }>()
  let wake: () => void = () => undefined

  const tell = (change: Partial<ArchiverStatus>): void => {
    status = { ...status, ...change }
    deps.told(status)
  }

  const note = (extra: Partial<ArchiverStatus> = {}): void => {
    const { problem: _gone, ...rest } = status
    status = rest
    tell({
      state: 'archiving',
      archived: new Map(heads),
      backlogChanges: countMissing(log.vector(), heads ?? new Map()),
      forked: [...forked],
      ...extra,
    })
  }

  const ask = async (): Promise<void> => {
    heads = new Map(vectorOf(await archive.heads()))
    askedMs = clock.monotonic()
    seenVersion = undefined
  }

  const connect = async (): Promise<void> => {
    await deps.prepare()
    await ask()
    forked = new Set()
    await sendFolded()
    while ((await archive.readUnderstoodSince(batchChangesMax)) > 0);
    await archive.nameNodes(log.nodes())
    note()
  }

  /** What this node has folded, and the merged store never had, goes there as documents. */
  const sendFolded = async (): Promise<void> => {
    const floor = log.floor()
    const lacking = new Map([...floor].filter(([replica, { counter }]) => lacks(replica, counter)))
    if (lacking.size === 0) return
    for (let after = 0; ;) {
      const { documents, last } = log.foldedAfter(after, joinDocumentsMax)
      if (documents.length === 0) break
      await archive.join(documents)
      after = last
    }
    await archive.join(log.unread())
    await archive.adopt(lacking)
    for (const [replica, { counter }] of lacking) heads?.set(replica, counter)
  }

  const lacks = (replica: ReplicaId, counter: number): boolean =>
    counter > (heads?.get(replica) ?? 0)

  /** Up to which counter a replica's changes are to be sent now. */
  const dueOf = (replica: ReplicaId, counter: number, isOwn: boolean, all: boolean): number => {
    if (isOwn || all || standInMs === 0) return counter
    const since = lackingSince.get(replica)
    const now = clock.monotonic()
    if (!since || !lacks(replica, since.counter)) {
      lackingSince.set(replica, { counter, ms: now })
      return 0
    }
    return now - since.ms >= standInMs ? counter : 0
  }

  const due = (ours: ChainHeads, all: boolean): readonly (readonly [ReplicaId, number])[] => {
    const own = log.replicasOf(node)
    for (const replica of lackingSince.keys()) {
      if (!lacks(replica, ours.get(replica)?.counter ?? 0)) lackingSince.delete(replica)
    }
    return [...ours]
      .filter(([replica, { counter }]) => lacks(replica, counter) && !forked.has(replica))
      .map(
        ([replica, { counter }]) =>
          [replica, dueOf(replica, counter, own.has(replica), all)] as const,
      )
      .filter(([replica, upTo]) => lacks(replica, upTo))
      .sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** The next changes to send: some of each replica, until the batch is full. */
  const gather = (replicas: readonly (readonly [ReplicaId, number])[]): readonly LoggedChange[] => {
    const batch: LoggedChange[] = []
    let bytes = 0
    for (const [replica, upTo] of replicas) {
      const from = heads?.get(replica) ?? 0
      const changesMax = Math.min(batchChangesMax - batch.length, upTo - from)
      const bytesMax = batchBytesMax - bytes
      if (changesMax <= 0 || bytesMax <= 0) break
      for (const one of log.read(replica, from, { changesMax, bytesMax })) {
        batch.push(one)
        bytes += one.bytes.length
      }
    }
    return batch
  }

  /** Sends one batch; answers whether there was anything to send. */
  const step = async (all: boolean): Promise<boolean> => {
    const batch = gather(due(log.heads(), all))
    if (batch.length === 0) return false
    const sent = await archive.append(batch)
    for (const [replica, counter] of sent.heads) heads?.set(replica, counter)
    for (const replica of sent.forked) forked.add(replica)
    // It has less than it said: it came back as it was some time ago, and is asked anew.
    if (sent.changes === 0 && !hasMoved(batch, sent)) await connect()
    note({ sentChanges: status.sentChanges + sent.changes })
    return true
  }

  /** Whether the log grew, or something of another node waits until its time has come. */
  const hasNews = (): boolean => {
    const version = log.version()
    const isNew = version !== seenVersion || lackingSince.size > 0
    seenVersion = version
    return isNew
  }

  const lookAround = async (): Promise<void> => {
    const now = clock.monotonic()
    if (now - verifiedMs >= verifyEveryMs) {
      verifiedMs = now
      const { changes, documents } = await deps.verify()
      if (changes > 0 || documents > 0) {
        tell({ repaired: status.repaired + changes + documents })
      }
    }
    if (now - askedMs < askEveryMs) return
    await ask()
    await archive.nameNodes(log.nodes())
    note()
  }

  const run = async (): Promise<void> => {
    while (!ending.isClosed) {
      try {
        if (heads === undefined) await connect()
        retryMs = retryMsMin
        if (hasNews()) while (!ending.isClosed && (await step(false)));
        await lookAround()
        if (!ending.isClosed) await sleep(lookEveryMs)
      } catch (error) {
        heads = undefined
        failed(error)
        if (ending.isClosed) return
        await sleep(retryMs)
        retryMs = Math.min(retryMs * 2, retryMsMax)
      }
    }
  }

  const failed = (error: unknown): void => {
    const fault = error instanceof Fault ? error : undefined
    const code = fault?.code ?? 'internal_error'
    const detail = error instanceof Error ? error.message : String(error)
    const state = code === 'merged_store_unreachable' ? 'unreachable' : 'refused'
    const backlogChanges = countMissing(log.vector(), status.archived ?? new Map())
    tell({ state, problem: { code, detail }, backlogChanges })
  }

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = timers.after(ms, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })

  const running = run()

  return {
    status: () => status,
    catchUp: async () => {
      if (heads === undefined) await connect()
      while (await step(true));
    },
    close: async () => {
      ending.isClosed = true
      wake()
      await running
    },
  }
}

const hasMoved = (batch: readonly LoggedChange[], { heads, forked }: Archived): boolean =>
  forked.length > 0 || batch.some(({ replica, counter }) => (heads.get(replica) ?? 0) >= counter)
