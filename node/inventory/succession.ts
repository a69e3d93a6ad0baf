/**
 * The lineage of a running node: keeps the note in the data directory, and waits, where there is doubt,
 * until the former replicas' rights may be taken for its own.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import type { ChainHeads } from '../../sync/change.ts'
import type { Clock, Logger, Timers } from '../../sync/surroundings.ts'
import type { Lineage, Succession } from '../core/lineage.ts'
import {
  doubtTexts,
  isEverybodyHeard,
  isSignOfLife,
  judgeStart,
  type DoubtReason,
} from './doubt.ts'
import { aliveEveryMs, lookAroundMs } from './limits.ts'
import type { LineageFile } from './lineage-note.ts'

export interface NodeLineage extends Lineage {
  /** Why former rights are withheld; undefined if they are not. */
  doubt():
    { readonly reason: DoubtReason; readonly detail: string; readonly since: number } | undefined
  /** An admin says that nobody else is this node: all rights under its name are its own. */
  vouch(): void
  /** Begins to look around and to note that the node is alive. */
  watch(surroundings: LineageSurroundings): void
  close(): void
}

export interface LineageDeps {
  readonly file: LineageFile
  /** How far each replica's changes were here when the directory was opened. */
  readonly heads: ChainHeads
  /** The replicas that have told that they are this node. */
  readonly named: () => readonly ReplicaId[]
  /** Replicas of which two histories were found. */
  readonly quarantined: () => ReadonlySet<ReplicaId>
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
}

/** What there is to look at once the node runs. */
export interface LineageSurroundings {
  readonly heads: () => ChainHeads
  /** When a replica last wrote, of those whose changes are still in the log. */
  readonly writtenMs: (replica: ReplicaId, counter: number) => number | undefined
  /** Other nodes that belong to the cluster. */
  readonly others: () => readonly string[]
  /** Nodes of which all that they had has been taken in. */
  readonly heard: () => readonly string[]
  readonly expectsOthers: boolean
}

export const createNodeLineage = (deps: LineageDeps): NodeLineage => {
  const { file, clock, timers, logger } = deps
  const startedMs = clock.now()
  const judged = judgeStart({
    found: file.read(),
    heads: deps.heads,
    named: deps.named(),
    nowMs: startedMs,
  })
  let { former, doubt } = judged
  let since = startedMs
  // Those of this process, the current one first; nobody else can have been these.
  let own: readonly ReplicaId[] = []
  let surroundings: LineageSurroundings | undefined
  const heard = new Set<string>()
  let cancel = () => {}

  const headOf = (replica: ReplicaId): number =>
    (surroundings?.heads() ?? deps.heads).get(replica)?.counter ?? 0

  const note = () => {
    const replicas = [...own, ...former].map((replica) => ({ replica, counter: headOf(replica) }))
    file.write({ replicas, aliveMs: clock.now(), doubt })
  }

  const beginDoubt = (reason: DoubtReason) => {
    if (doubt === reason) return
    doubt = reason
    since = clock.now()
    logger.warn({ reason }, `${doubtTexts[reason]}: rights of former replicas are withheld`)
  }

  const inherit = (replicas: readonly ReplicaId[], why: string) => {
    const quarantined = deps.quarantined()
    former = replicas.filter((replica) => !own.includes(replica) && !quarantined.has(replica))
    doubt = null
    note()
    logger.info({ former: former.length, why }, 'the rights of former replicas are this node’s own')
  }

  const all = (): readonly ReplicaId[] => [...new Set([...former, ...deps.named()])]

  // Our own former replicas have written nothing that was not here when we began. What others bring of
  // them is from before a backup was put back, if it is old, and else from somebody who is them, too.
  const isShared = (): boolean =>
    all().some((replica) => {
      const head = headOf(replica)
      if (own.includes(replica) || head <= (deps.heads.get(replica)?.counter ?? 0)) return false
      const writtenMs = surroundings?.writtenMs(replica, head)
      return writtenMs !== undefined && isSignOfLife(writtenMs, startedMs)
    })

  const lookAround = (around: LineageSurroundings) => {
    for (const name of around.heard()) heard.add(name)
    if (isShared()) return beginDoubt('shared')
    if (doubt === null || doubt === 'shared') return
    const company = { others: around.others(), heard, expectsOthers: around.expectsOthers }
    if (isEverybodyHeard(company)) inherit(all(), 'every other node was heard')
  }

  const quietly = (work: () => void) => {
    try {
      work()
    } catch (error) {
      logger.warn({ cause: String(error) }, 'the note of the lineage could not be written')
    }
  }

  let lastNoteMs = clock.monotonic()
  const again = () => {
    cancel = timers.after(lookAroundMs, () => {
      const around = surroundings
      if (around) quietly(() => lookAround(around))
      if (clock.monotonic() - lastNoteMs >= aliveEveryMs) {
        lastNoteMs = clock.monotonic()
        quietly(note)
      }
      again()
    })
  }

  return {
    replicas: () => (doubt === null ? [...own, ...former] : own),

    succeed: (replica: ReplicaId, why: Succession) => {
      if (why === 'forked') {
        // Somebody has all that we are: what of it is whose, only an admin can say.
        own = [replica]
        beginDoubt('shared')
      } else own = [replica, ...own]
      // A full disk does not keep the node from going on; the note is written when there is room.
      if (why === 'start') note()
      else quietly(note)
    },

    doubt: () => (doubt === null ? undefined : { reason: doubt, detail: doubtTexts[doubt], since }),

    vouch: () => inherit(all(), 'an admin has vouched for it'),

    watch: (around) => {
      surroundings = around
      if (doubt !== null) {
        logger.warn(
          { reason: doubt },
          `${doubtTexts[doubt]}: rights of former replicas are withheld`,
        )
      }
      // By now this replica has written something: a database without it was put back.
      quietly(note)
      lookAround(around)
      again()
    },

    close: () => {
      cancel()
      quietly(note)
    },
  }
}
