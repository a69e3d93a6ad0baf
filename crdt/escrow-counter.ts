/**
 * A stock that no partition can oversell: every replica holds rights to some of the units, spends
 * only its own rights and so asks nobody.
 *
 * How it works: each replica alone writes its own account: the units it received from outside, the
 * units it spent, the units it granted to each other replica, and those it reclaimed of a replica that
 * is gone. Its rights are what it received, was granted and reclaimed, less what it spent, granted
 * away and was bereft of. A grant lowers the rights of its owner in the same delta that raises those
 * of the other, so no loss, repetition or reordering of deltas can make one unit belong to two.
 *
 * A node goes by a new replica after every start. Its replicas never live at the same time, so their
 * rights are one purse: a *lineage*, the current replica first. The rights of a lineage are the sum
 * over its replicas, and what it spends stands in the account of the current one alone, which may by
 * itself look negative.
 *
 * Can another's rights look negative? Yes, for a while: if we have seen what it spent and not yet the
 * grant it spent. Nobody decides by another's rights; of our own we never see too many, because we are
 * the only one who lowers them, for as long as nobody reclaims them. A reclaim takes what its author
 * knows of, so it is for whoever uses it to see that the owner spends nothing any more, and that two
 * do not reclaim the same (see `node/inventory/estate.ts`). If the owner had spent more than was known,
 * its rights turn out negative once that is heard: the mistake has a name and a number.
 *
 * Source: O'Neil, "The escrow transactional method", 1986; Balegas et al., "Extending eventually
 * consistent cloud databases for enforcing numeric invariants", 2015 (arXiv:1503.09052).
 */

import { assert } from './assert.ts'
import { lattice, type Causal } from './causal.ts'
import * as codec from './codec.ts'
import type { ReplicaId } from './dot.ts'
import { dotFun, named, type DotFun, type Payload } from './dot-store.ts'
import * as ownEntry from './own-entry.ts'

/** What one replica did, counted in units since the beginning. */
export interface Account {
  readonly received: number
  readonly spent: number
  readonly granted: ReadonlyMap<ReplicaId, number>
  /** By the replica whose rights they were. */
  readonly reclaimed: ReadonlyMap<ReplicaId, number>
}

/** Whose rights: one replica's, or those of a lineage, the current replica first. */
export type Holder = ReplicaId | readonly ReplicaId[]

export type EscrowCounter = Causal<DotFun<Account>>

type Stored = Pick<EscrowCounter, 'store'>

/** What passed between the account's owner and another replica. */
interface Passed {
  readonly replica: ReplicaId
  readonly granted: number
  readonly reclaimed: number
}

// An account without reclaimed units is written as it was before there were any, so that nodes of both
// releases have the same bytes. A grant of nothing, which stands for nothing, says that both follow.
const account: Payload<Account> = {
  write: (encoder, own) => {
    codec.writeUint(encoder, own.received)
    codec.writeUint(encoder, own.spent)
    const passed = passedOf(own)
    codec.writeUint(encoder, passed.length)
    for (const { replica, granted, reclaimed } of passed) {
      codec.writeReplica(encoder, replica)
      if (reclaimed > 0) codec.writeUint(encoder, 0)
      codec.writeUint(encoder, granted)
      if (reclaimed > 0) codec.writeUint(encoder, reclaimed)
    }
  },
  read: (decoder) => {
    const received = codec.readUint(decoder)
    const spent = codec.readUint(decoder)
    const passed = codec.readAscending(decoder, {
      count: codec.readCount(decoder, 9),
      read: readPassed,
      key: ({ replica }) => replica,
      compare: codec.compareTexts,
    })
    return {
      received,
      spent,
      granted: unitsOf(passed, 'granted'),
      reclaimed: unitsOf(passed, 'reclaimed'),
    }
  },
}

const passedOf = ({ granted, reclaimed }: Account): readonly Passed[] =>
  [...new Set([...granted.keys(), ...reclaimed.keys()])]
    .sort(codec.compareTexts)
    .map((replica) => ({
      replica,
      granted: granted.get(replica) ?? 0,
      reclaimed: reclaimed.get(replica) ?? 0,
    }))

const readPassed = (decoder: codec.Decoder): Passed => {
  const replica = codec.readReplica(decoder)
  const granted = codec.readUint(decoder)
  if (granted > 0) return { replica, granted, reclaimed: 0 }
  const both = { granted: codec.readUint(decoder), reclaimed: codec.readUint(decoder) }
  codec.check(both.reclaimed > 0, 'A grant is of nothing')
  return { replica, ...both }
}

const unitsOf = (passed: readonly Passed[], way: 'granted' | 'reclaimed') =>
  new Map(passed.filter((one) => one[way] > 0).map((one) => [one.replica, one[way]]))

export const shape = named('escrow-counter', dotFun(account))
export const { bottom, join, encode, decode } = lattice(shape)

/** The units that ever came in. */
export const received = ({ store }: Stored): number =>
  ownEntry.sum(store, ({ received }) => received)

/** The units that were ever spent; never more than were received. */
export const spent = ({ store }: Stored): number => ownEntry.sum(store, ({ spent }) => spent)

/** The units that `holder` ever spent. */
export const spentBy = ({ store }: Stored, holder: Holder): number =>
  replicasOf(holder).reduce((sum, replica) => sum + accountOf({ store }, replica).spent, 0)

/** The units that somebody may still spend. */
export const available = (counter: Stored): number => received(counter) - spent(counter)

/** The units that `holder` may spend without asking; for others than ourselves, a guess. */
export const rights = ({ store }: Stored, holder: Holder): number => {
  const own = new Set(replicasOf(holder))
  let held = 0
  for (const [replica, account] of ownEntry.lastByReplica(store)) {
    const isOwn = own.has(replica)
    if (isOwn) held += account.received - account.spent
    // What passes within a purse leaves it as it is.
    for (const [other, units] of account.granted)
      if (own.has(other) !== isOwn) held += isOwn ? -units : units
    for (const [other, units] of account.reclaimed)
      if (own.has(other) !== isOwn) held += isOwn ? units : -units
  }
  return held
}

/** The rights of every replica that has any part in the counter, its own or passed to it. */
export const rightsByReplica = ({ store }: Stored): ReadonlyMap<ReplicaId, number> => {
  const held = new Map<ReplicaId, number>()
  const move = (replica: ReplicaId, units: number) =>
    held.set(replica, (held.get(replica) ?? 0) + units)
  for (const [replica, { received, spent, granted, reclaimed }] of ownEntry.lastByReplica(store)) {
    move(replica, received - spent)
    for (const [other, units] of granted) {
      move(replica, -units)
      move(other, units)
    }
    for (const [other, units] of reclaimed) {
      move(replica, units)
      move(other, -units)
    }
  }
  return held
}

/** The delta by which `replica` takes in `units` from outside. */
export const receive = (
  counter: EscrowCounter,
  replica: ReplicaId,
  units: number,
): EscrowCounter => {
  assertUnits(units)
  const own = accountOf(counter, replica)
  const total = ownEntry.counted(own.received, units)
  return ownEntry.replace(counter, replica, { ...own, received: total })
}

/** The delta by which `holder` spends `units` of its rights, or how many of them it lacks. */
export const spend = (
  counter: EscrowCounter,
  holder: Holder,
  units: number,
): EscrowCounter | NotEnoughRights => {
  assertUnits(units)
  const held = rights(counter, holder)
  if (held < units) return { missing: units - held }
  const writer = writerOf(holder)
  const own = accountOf(counter, writer)
  return ownEntry.replace(counter, writer, { ...own, spent: ownEntry.counted(own.spent, units) })
}

export interface NotEnoughRights {
  /** Units beyond the rights held. */
  readonly missing: number
}

/** The delta by which `from` hands `units` of its rights to `to`, or how many of them it lacks. */
export const grant = (
  counter: EscrowCounter,
  { from, to, units }: { readonly from: Holder; readonly to: ReplicaId; readonly units: number },
): EscrowCounter | NotEnoughRights => {
  assertUnits(units)
  assert(!replicasOf(from).includes(to), 'rights are granted to another')
  const held = rights(counter, from)
  if (held < units) return { missing: units - held }
  const writer = writerOf(from)
  const own = accountOf(counter, writer)
  const granted = plus(own.granted, to, units)
  return ownEntry.replace(counter, writer, { ...own, granted })
}

/**
 * The delta by which `by` takes over all unspent rights that are known of `from`, who will never spend
 * again; or that there are none.
 */
export const reclaim = (
  counter: EscrowCounter,
  { by, from }: { readonly by: Holder; readonly from: Holder },
): EscrowCounter | NothingToReclaim => {
  const owners = replicasOf(from)
  const writer = writerOf(by)
  assert(!owners.includes(writer), 'rights are reclaimed of another')
  let left = rights(counter, from)
  if (left <= 0) return { unspent: left }
  const own = accountOf(counter, writer)
  let { reclaimed } = own
  // Only the sum of a purse counts; it is taken where it is to be seen, so that nobody looks robbed.
  for (const owner of owners) {
    const units = Math.min(left, Math.max(rights(counter, owner), 0))
    if (units > 0) reclaimed = plus(reclaimed, owner, units)
    left -= units
  }
  assert(left === 0, 'the parts of a purse that are not negative hold at least its sum')
  return ownEntry.replace(counter, writer, { ...own, reclaimed })
}

export interface NothingToReclaim {
  /** None, or fewer: more was spent than there were rights to. */
  readonly unspent: number
}

export const isDelta = (
  outcome: EscrowCounter | NotEnoughRights | NothingToReclaim,
): outcome is EscrowCounter => 'store' in outcome

const nothing: Account = { received: 0, spent: 0, granted: new Map(), reclaimed: new Map() }

const accountOf = ({ store }: Stored, replica: ReplicaId): Account =>
  ownEntry.find(store, replica)?.value ?? nothing

const replicasOf = (holder: Holder): readonly ReplicaId[] =>
  typeof holder === 'string' ? [holder] : holder

const writerOf = (holder: Holder): ReplicaId => {
  const [current] = replicasOf(holder)
  assert(current !== undefined, 'a lineage has a current replica')
  return current
}

const plus = (units: ReadonlyMap<ReplicaId, number>, of: ReplicaId, more: number) =>
  new Map(units).set(of, ownEntry.counted(units.get(of) ?? 0, more))

const assertUnits = (units: number) =>
  assert(Number.isSafeInteger(units) && units > 0, 'units are whole and more than none')
