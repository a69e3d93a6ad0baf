/** How rights pass to other nodes, and how what is over is cleared away: pure functions of the world. */

import { edit } from '../../crdt/document.ts'
import { assert } from '../../crdt/assert.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import { draftDelta, type Decide, type DraftDelta, type World } from '../core/capability.ts'
import { isFenced } from '../replication/membership.ts'
import { nodeOf } from '../replication/replica.ts'
import { ok, refused } from '../result.ts'
import type { AskedPeer } from './ask-peers.ts'
import { holdsOf, sweep } from './holds.ts'
import { unitsOfPeers } from './knowledge.ts'
import { othersHoldGraceMs } from './limits.ts'
import type { StockId } from './location-id.ts'
import * as purse from './purse.ts'
import { free } from './reservation.ts'
import type { RightsQuestion } from './rights-message.ts'
import { inStock, stock, type Hold, type Stock } from './stock.ts'

export interface GrantInput extends RightsQuestion {
  readonly to: ReplicaId
  /** How many units this node sells in a minute. */
  readonly perMinuteHere: number
}

export type GrantAnswer = { readonly units: number }

/**
 * Hands rights to a node that asks: what it needs, if we have it, whatever our own demand; of what it
 * wishes beyond that, its share by demand of what both have left.
 */
export const grantRights: Decide<GrantInput, GrantAnswer> = (world, input) => {
  const { stock: id, to } = input
  if (!mayBeGranted(world, to)) {
    return refused({ code: 'invalid_request', detail: 'Nothing is granted to this replica' })
  }
  const units = grantUnits(free(world, world.read(stock, id)), input)
  if (units === 0) return refused({ code: 'insufficient_stock', detail: 'There is none to grant' })
  return ok({
    type: 'inventory.rights_granted',
    details: { to, units },
    deltas: [grantDelta(world, id, { to, units })],
    answer: { units },
  })
}

/** How many of `free` units the asker is given. */
export const grantUnits = (
  free: number,
  { needed, wished, left, perMinute, perMinuteHere }: Omit<GrantInput, 'stock' | 'name' | 'to'>,
): number => {
  const first = Math.min(free, needed)
  const rest = free - first
  const demand = perMinute + perMinuteHere
  // Who has fewer than its share of both together is brought up to it, so that asking to and fro settles.
  const share = demand === 0 ? 0 : Math.floor(((rest + left) * perMinute) / demand)
  return first + Math.min(rest, wished, Math.max(share - left, 0))
}

export interface SpreadInput {
  readonly stocks: readonly StockId[]
  /** The nodes in reach. */
  readonly peers: readonly AskedPeer[]
}

/**
 * Hands some of what this node has most of to nodes that have next to none, before anybody asks there:
 * once the cable is cut, a node sells what it has rights to and nothing else. Half of the units are
 * shared out evenly in this way; the other half goes where it is asked for.
 */
export const spreadRights: Decide<SpreadInput, null> = (world, { stocks, peers }) =>
  ok({
    type: 'inventory.rights_spread',
    deltas: stocks.flatMap((id) => {
      const grants = spreadOf(world, id, peers)
      return grants.length > 0 ? [grantDelta(world, id, ...grants)] : []
    }),
    answer: null,
  })

/** What this node would hand to whom, if it shared out this stock now. */
export const spreadOf = (
  world: World,
  id: StockId,
  peers: readonly AskedPeer[],
): readonly Grant[] => {
  const document = world.read(stock, id)
  const worthy = peers.filter(({ replica }) => mayBeGranted(world, replica))
  const least = Math.floor(inStock(document) / (2 * (worthy.length + 1)))
  if (least <= 0) return []
  const units = unitsOfPeers(world, document, worthy)
  let own = free(world, document)
  // Only who has most gives, so that two do not give the same at once; equals give nothing.
  if ([...units.values()].some((others) => others >= own)) return []
  return worthy.flatMap(({ name, replica }) => {
    const has = units.get(name) ?? 0
    const given = Math.min(least - has, own - least)
    if (has * 2 >= least || given <= 0) return []
    own -= given
    return [{ to: replica, units: given }]
  })
}

/** Clears away holds that are over, so that a stock that nobody asks for any more is small again. */
export const sweepHolds: Decide<{ readonly stock: StockId }, null> = (world, { stock: id }) => {
  const delta = edit(stock, world.read(stock, id), { holds: sweep(isOver(world)) })
  return ok({
    type: 'inventory.holds_swept',
    deltas: [draftDelta(stock, id, delta)],
    answer: null,
  })
}

/** Whether there is anything that `sweepHolds` would clear away. */
export const hasHoldsOver = (world: World, document: Stock): boolean =>
  holdsOf(document).some((hold) => isOver(world)(hold, hold.replica))

const isOver =
  ({ lineage, time }: World) =>
  ({ untilMs }: Hold, replica: ReplicaId): boolean =>
    untilMs + (lineage.includes(replica) ? 0 : othersHoldGraceMs) <= time.wallMs

interface Grant {
  readonly to: ReplicaId
  readonly units: number
}

const grantDelta = (world: World, id: StockId, ...grants: readonly Grant[]): DraftDelta =>
  draftDelta(
    stock,
    id,
    edit(stock, world.read(stock, id), {
      units: grants.map((grant) => (counter) => {
        const granted = purse.grant(world, counter, grant)
        assert(granted.ok, 'no more is granted than is free')
        return granted.value
      }),
    }),
  )

// A node that was given up must not get what it may not spend; nor do we give to ourselves.
const mayBeGranted = (world: World, to: ReplicaId): boolean => {
  const name = nodeOf(world, to)
  return !world.lineage.includes(to) && !(name !== undefined && isFenced(world, name))
}
