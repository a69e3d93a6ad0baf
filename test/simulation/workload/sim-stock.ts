/**
 * A stock that is sold and handed between regions, for the simulator: the escrow counter under rules
 * as plain as a rule can be, so that what is proven of it is proven of the counter.
 */

import { edit, schema, type Document } from '../../../crdt/document.ts'
import type { ReplicaId } from '../../../crdt/dot.ts'
import * as escrowCounter from '../../../crdt/escrow-counter.ts'
import { documentKind, draftDelta, type Decide, type World } from '../../../node/core/capability.ts'
import type { Table } from '../../../node/core/store.ts'
import { ok, refused } from '../../../node/result.ts'

export const simStock = schema('sim_stock', 1, { units: [1, escrowCounter.shape] })
export type SimStock = Document<typeof simStock.fields>

const table: Table = { name: 'sim_stock', columns: ['id', 'available'], isSingle: true }

export const simStockKind = documentKind({
  schema: simStock,
  tables: [table],
  project: (id, { store }) => ({
    sim_stock: [{ id, available: escrowCounter.available({ store: store.units }) }],
  }),
})

const counterOf = ({ store, context }: SimStock): escrowCounter.EscrowCounter => ({
  store: store.units,
  context,
})

const draftOf = (
  world: World,
  { type, id, units }: { readonly type: string; readonly id: string; readonly units: number },
  delta: escrowCounter.EscrowCounter,
) =>
  ok({
    type,
    deltas: [
      draftDelta(simStock, id, edit(simStock, world.read(simStock, id), { units: () => delta })),
    ],
    answer: { units },
  })

export interface Units {
  readonly id: string
  readonly units: number
}

export const receiveUnits: Decide<Units, { units: number }> = (world, input) =>
  draftOf(
    world,
    { type: 'sim_stock.received', ...input },
    escrowCounter.receive(counterOf(world.read(simStock, input.id)), world.replica, input.units),
  )

export const sellUnits: Decide<Units, { units: number }> = (world, input) => {
  const counter = counterOf(world.read(simStock, input.id))
  const spent = escrowCounter.spend(counter, world.replica, input.units)
  return escrowCounter.isDelta(spent)
    ? draftOf(world, { type: 'sim_stock.sold', ...input }, spent)
    : refused({ code: 'quantity_out_of_range', detail: `${spent.missing} units are missing` })
}

export const grantUnits: Decide<Units & { readonly to: ReplicaId }, { units: number }> = (
  world,
  { to, ...input },
) => {
  const counter = counterOf(world.read(simStock, input.id))
  if (to === world.replica) return refused({ code: 'invalid_request', detail: 'It is our own' })
  const granted = escrowCounter.grant(counter, { from: world.replica, to, units: input.units })
  return escrowCounter.isDelta(granted)
    ? draftOf(world, { type: 'sim_stock.granted', ...input }, granted)
    : refused({ code: 'quantity_out_of_range', detail: `${granted.missing} units are missing` })
}
