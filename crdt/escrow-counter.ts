/**
 * A stock that no partition can oversell: every replica holds rights to some of the units, spends
 * only its own rights and so asks nobody.
 *
 * How it works: each replica alone writes its own account: the units it received from outside, the
 * units it spent, and the units it granted to each other replica. Its rights are what it received and
 * was granted, less what it spent and granted away. A grant lowers the rights of its owner in the
 * same delta that raises those of the other, so no loss, repetition or reordering of deltas can make
 * one unit belong to two.
 *
 * Can another replica's rights look negative? Yes, for a while: if we have seen what it spent and not
 * yet the grant it spent. Nobody decides by another's rights; of our own we never see too many, because
 * we are the only one who lowers them.
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
}

export type EscrowCounter = Causal<DotFun<Account>>

type Stored = Pick<EscrowCounter, 'store'>

const account: Payload<Account> = {
  write: (encoder, { received, spent, granted }) => {
    codec.writeUint(encoder, received)
    codec.writeUint(encoder, spent)
    const grants = [...granted].sort(([a], [b]) => codec.compareTexts(a, b))
    codec.writeUint(encoder, grants.length)
    for (const [replica, units] of grants) {
      codec.writeReplica(encoder, replica)
      codec.writeUint(encoder, units)
    }
  },
  read: (decoder) => ({
    received: codec.readUint(decoder),
    spent: codec.readUint(decoder),
    granted: new Map(
      codec.readAscending(decoder, {
        count: codec.readCount(decoder, 9),
        read: () => [codec.readReplica(decoder), readGranted(decoder)] as const,
        key: ([replica]) => replica,
        compare: codec.compareTexts,
      }),
    ),
  }),
}

const readGranted = (decoder: codec.Decoder): number => {
  const units = codec.readUint(decoder)
  codec.check(units > 0, 'A grant is of nothing')
  return units
}

export const shape = named('escrow-counter', dotFun(account))
export const { bottom, join, encode, decode } = lattice(shape)

/** The units that ever came in. */
export const received = ({ store }: Stored): number =>
  ownEntry.sum(store, ({ received }) => received)

/** The units that were ever spent; never more than were received. */
export const spent = ({ store }: Stored): number => ownEntry.sum(store, ({ spent }) => spent)

/** The units that somebody may still spend. */
export const available = (counter: Stored): number => received(counter) - spent(counter)

/** The units that `replica` may spend without asking; for others than ourselves, a guess. */
export const rights = (counter: Stored, replica: ReplicaId): number => {
  const own = accountOf(counter, replica)
  const grantedAway = own.granted.values().reduce((a, b) => a + b, 0)
  const grantedTo = ownEntry.sum(counter.store, ({ granted }) => granted.get(replica) ?? 0)
  return own.received + grantedTo - own.spent - grantedAway
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

/** The delta by which `replica` spends `units` of its rights, or how many of them it lacks. */
export const spend = (
  counter: EscrowCounter,
  replica: ReplicaId,
  units: number,
): EscrowCounter | NotEnoughRights => {
  assertUnits(units)
  const held = rights(counter, replica)
  if (held < units) return { missing: units - held }
  const own = accountOf(counter, replica)
  return ownEntry.replace(counter, replica, { ...own, spent: own.spent + units })
}

export interface NotEnoughRights {
  /** Units beyond the rights held. */
  readonly missing: number
}

/** The delta by which `from` hands `units` of its rights to `to`, or how many of them it lacks. */
export const grant = (
  counter: EscrowCounter,
  { from, to, units }: { readonly from: ReplicaId; readonly to: ReplicaId; readonly units: number },
): EscrowCounter | NotEnoughRights => {
  assertUnits(units)
  assert(from !== to, 'rights are granted to another')
  const held = rights(counter, from)
  if (held < units) return { missing: units - held }
  const own = accountOf(counter, from)
  const granted = new Map(own.granted).set(to, (own.granted.get(to) ?? 0) + units)
  return ownEntry.replace(counter, from, { ...own, granted })
}

export const isDelta = (outcome: EscrowCounter | NotEnoughRights): outcome is EscrowCounter =>
  !('missing' in outcome)

const nothing: Account = { received: 0, spent: 0, granted: new Map() }

const accountOf = ({ store }: Stored, replica: ReplicaId): Account =>
  ownEntry.find(store, replica)?.value ?? nothing

const assertUnits = (units: number) =>
  assert(Number.isSafeInteger(units) && units > 0, 'units are whole and more than none')
