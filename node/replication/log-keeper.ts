/**
 * Keeps the log short: every few minutes it looks what may be folded, and folds it in small steps,
 * unless the node has more urgent things to do.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import type { VersionVector } from '../../crdt/version-vector.ts'
import type { PeerDurability } from '../../sync/mesh.ts'
import * as change from '../../sync/change.ts'
import type { Clock, Timers } from '../../sync/surroundings.ts'
import type { Core } from '../core/core.ts'
import { foldInSlices } from '../core/folding.ts'
import type { Store } from '../core/store.ts'
import type { Acquaintances } from './acquaintances.ts'
import { foldEveryMs, foldFirstMs, foldPauseMs } from './limits.ts'
import { foldable, type Acquaintance } from './retention.ts'

export interface LogKeeper {
  /** What is known of the other nodes by now. */
  acquaintances(): readonly Acquaintance[]
  /** Folds what may be folded now; answers how many changes that were. */
  foldNow(): Promise<number>
  close(): void
}

export interface LogKeeperDeps {
  readonly core: Pick<Core, 'state' | 'floor' | 'fold'>
  readonly store: Pick<Store, 'readChange'>
  readonly remembered: Acquaintances
  /** What the mesh has heard of other nodes since the start. */
  readonly heard: () => readonly PeerDurability[]
  /** The names of all other nodes but those that were declared gone. */
  readonly others: () => readonly string[]
  /** What the merged store has; undefined if there is none. */
  readonly archived?: () => VersionVector | undefined
  readonly retentionMs: number
  /** The position from which some consumer of events has still to read. */
  readonly unreadFrom?: () => number | undefined
  /** Whether folding had better wait: much is to be done, or the node is catching up. */
  readonly isBusy: () => boolean
  readonly clock: Clock
  readonly timers: Timers
  readonly folded: (changes: number) => void
  /** Called with what kept a fold from ending. */
  readonly failed: (error: unknown) => void
}

export const createLogKeeper = (deps: LogKeeperDeps): LogKeeper => {
  const { core, store, remembered, clock, timers } = deps
  let isClosed = false
  let cancel: () => void = () => undefined

  const wallMsAt = (replica: ReplicaId, counter: number): number => {
    const stored = store.readChange({ replica, counter })
    return stored ? change.decode(stored.bytes).time.wallMs : Number.POSITIVE_INFINITY
  }

  const positionOf = (replica: ReplicaId, counter: number): number =>
    store.readChange({ replica, counter })?.position ?? Number.POSITIVE_INFINITY

  const foldNow = async (): Promise<number> => {
    const heard = remembered.note(deps.heard(), clock.now())
    const known = new Map(heard.map((one) => [one.name, one]))
    const others = new Set(deps.others())
    const rule = {
      nowMs: clock.now(),
      retentionMs: deps.retentionMs,
      archived: deps.archived?.(),
      others: [...others].map((name) => known.get(name) ?? strangerOf(name)),
      unreadFrom: deps.unreadFrom?.(),
    }
    const log = { heads: core.state().heads, floor: core.floor(), wallMsAt, positionOf }
    const upTo = foldable(log, rule)
    if (upTo.size === 0) return 0
    const changes = await foldInSlices(
      {
        core,
        soon: (work) => timers.after(foldPauseMs, work),
        monotonic: () => clock.monotonic(),
        assertOpen: () => undefined,
        // What nobody else was there to have is kept from the moment that somebody is.
        mayGoOn: () =>
          !isClosed && !deps.isBusy() && deps.others().every((name) => others.has(name)),
      },
      { upTo },
    )
    if (changes > 0) deps.folded(changes)
    return changes
  }

  const look = async (): Promise<void> => {
    try {
      if (!deps.isBusy()) await foldNow()
    } catch (error) {
      deps.failed(error)
    }
    lookAgainIn(foldEveryMs)
  }

  const lookAgainIn = (ms: number): void => {
    if (!isClosed) cancel = timers.after(ms, () => void look())
  }
  lookAgainIn(foldFirstMs)

  return {
    acquaintances: () => remembered.with(deps.heard(), clock.now()),
    foldNow,
    close: () => {
      isClosed = true
      cancel()
    },
  }
}

const strangerOf = (name: string): Acquaintance => ({
  name,
  heardMs: undefined,
  acknowledged: new Map(),
})
