/**
 * The rights that this node may spend, of any escrow counter: stock, coupons, limits. Its replicas
 * never live at the same time, so their rights are one purse, out of which the current one pays.
 *
 * A node that was declared gone spends nothing until another node has readmitted it, and nobody inherits
 * from it any more: its rights may be somebody else's by now.
 */

import * as escrowCounter from '../../crdt/escrow-counter.ts'
import type { EscrowCounter, NotEnoughRights } from '../../crdt/escrow-counter.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import type { World } from '../core/capability.ts'
import * as membership from '../replication/membership.ts'
import { nodeOf } from '../replication/replica.ts'
import { ok, refused, type Result } from '../result.ts'
import { isEstateOpen } from './estate.ts'

/** What of a rule's world says who spends. */
export type Spender = Pick<World, 'replica' | 'lineage' | 'read'>

/**
 * The units that this node may spend without asking. Fewer than none, if it spent rights that turned
 * out not to be its own: a backup was restored, or a node came back that had been given up.
 */
export const rights = (world: Spender, counter: Pick<EscrowCounter, 'store'>): number => {
  const held = escrowCounter.rights(counter, world.lineage)
  return isFenced(world) ? Math.min(held, 0) : held
}

/** The delta by which this node spends `units`, or how many it lacks. */
export const spend = (
  world: Spender,
  counter: EscrowCounter,
  units: number,
): Result<EscrowCounter, NotEnoughRights> => {
  const missing = units - rights(world, counter)
  if (missing > 0) return refused({ missing })
  return delta(escrowCounter.spend(counter, world.lineage, units))
}

/** The delta by which this node hands `units` of its rights to another, or how many it lacks. */
export const grant = (
  world: Spender,
  counter: EscrowCounter,
  { to, units }: { readonly to: ReplicaId; readonly units: number },
): Result<EscrowCounter, NotEnoughRights> => {
  const missing = units - rights(world, counter)
  if (missing > 0) return refused({ missing })
  return delta(escrowCounter.grant(counter, { from: world.lineage, to, units }))
}

/** The delta by which units come in here: new ones, or such as were spent and have come back. */
export const receive = (
  { replica }: Pick<World, 'replica'>,
  counter: EscrowCounter,
  units: number,
): EscrowCounter => escrowCounter.receive(counter, replica, units)

const isFenced = (world: Spender): boolean => {
  const name = nodeOf(world, world.replica)
  return (
    name !== undefined &&
    (membership.isFenced(world, name) ||
      isEstateOpen(world, name) ||
      isReadmittedByItself(world, name))
  )
}

// Its own word does not tell what others did meanwhile; whoever readmits it elsewhere has heard of it.
const isReadmittedByItself = (world: Spender, name: string): boolean => {
  for (const { dot } of world.read(membership.node, name).store.standing.values()) {
    if (nodeOf(world, dot.replica) === name) return true
  }
  return false
}

const delta = (outcome: EscrowCounter | NotEnoughRights): Result<EscrowCounter, NotEnoughRights> =>
  escrowCounter.isDelta(outcome) ? ok(outcome) : refused(outcome)
