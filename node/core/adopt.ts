/**
 * Adopting a peer's floor: once all documents that a peer had at its floor were joined, what is below
 * it is known here too, though the changes themselves never came. Our floor and our heads rise to it,
 * and the log goes on from there.
 */

import type { Dot, ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import { vectorOf, type ChainHead, type ChainHeads } from '../../sync/change.ts'
import type { AdoptReport } from '../../sync/document-exchange.ts'
import { foldStep } from './fold.ts'
import type { CoreState, Store } from './store.ts'
import type { KindsByName } from './understand.ts'

/** What a peer's survey said. */
export interface Adoption {
  readonly floor: ChainHeads
  readonly clock: hlc.Clock
}

export interface Standpoint {
  readonly state: CoreState
  readonly floor: ChainHeads
  /** Who we are: nobody else may have written under this name. */
  readonly self: ReplicaId
  readonly quarantined: ReadonlySet<ReplicaId>
}

/** Why the floor must not be adopted; undefined if it may. */
export const judgeFloor = (
  store: Pick<Store, 'readChange'>,
  ours: Standpoint,
  { floor, clock, nowMs }: Adoption & { readonly nowMs: number },
): Exclude<AdoptReport, { kind: 'adopted' }> | undefined => {
  if (hlc.isTooFarAhead(clock, nowMs)) {
    return { kind: 'too_far_ahead', aheadMs: clock.wallMs - nowMs }
  }
  const isFork = (replica: ReplicaId, { counter, hash }: ChainHead): boolean => {
    const head = ours.state.heads.get(replica)
    // Beyond our head there is nothing to compare; but of ourselves we know everything.
    if (counter > (head?.counter ?? 0)) return replica === ours.self
    const link = linkAt(store, ours.floor, { replica, counter })
    return link !== undefined && Buffer.compare(link, hash) !== 0
  }
  const dots = [...adoptable(ours, floor)]
    .filter(([replica, head]) => isFork(replica, head))
    .map(([replica, { counter }]) => ({ replica, counter }))
  return dots.length > 0 ? { kind: 'fork', dots } : undefined
}

/** The link of a replica's chain at this change, where the log or the floor has it. */
export const linkAt = (
  store: Pick<Store, 'readChange'>,
  floor: ChainHeads,
  dot: Dot,
): Uint8Array | undefined => {
  const end = floor.get(dot.replica)
  return end?.counter === dot.counter ? end.hash : store.readChange(dot)?.hash
}

/** Raises floor, heads and clock, after `judgeFloor` has found nothing; inside a transaction. */
export const adopt = (
  store: Store,
  kinds: KindsByName,
  ours: Standpoint,
  { floor: theirs, clock: theirClock }: Adoption,
): { readonly state: CoreState; readonly floor: ChainHeads } => {
  const upTo = vectorOf(adoptable(ours, theirs))
  // What was joined has it all, also what this release could not read of it.
  const { floor } = foldStep(store, kinds, {
    upTo,
    changesMax: Number.MAX_SAFE_INTEGER,
    isKnownOtherwise: true,
  })
  const risen = new Map(
    [...adoptable(ours, theirs)].filter(
      ([replica, { counter }]) => counter > (floor.get(replica)?.counter ?? 0),
    ),
  )
  store.writeFloor(risen)
  store.writeHorizon(hlc.later(store.readHorizon(), theirClock))
  const { state } = ours
  const after = {
    ...state,
    heads: new Map([...state.heads, ...risen]),
    clock: hlc.later(state.clock, theirClock),
  }
  store.writeState(after, risen.keys())
  return { state: after, floor: new Map([...floor, ...risen]) }
}

// Of a replica in quarantine nothing is taken, and nothing is claimed to be known.
export const adoptable = (
  { quarantined }: Pick<Standpoint, 'quarantined'>,
  floor: ChainHeads,
): ChainHeads => new Map([...floor].filter(([replica]) => !quarantined.has(replica)))
