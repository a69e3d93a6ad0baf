/** Writing into an order's log. */

import { edit, type Edit } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import { draftDelta, type DraftDelta, type World } from '../core/capability.ts'
import type { OrderEvent } from './order-event.ts'
import { order, readOrder, type Order } from './order.ts'
import { runsOf, type Run, type Runs } from './run.ts'
import type { OrderId } from './order-id.ts'

export const orderOf = ({ read }: Pick<World, 'read'>, id: OrderId): Order | undefined =>
  readOrder(read(order, id))

/** The runs of the checkout that makes the order. */
export const runsOfOrder = ({ read }: Pick<World, 'read'>, id: OrderId): readonly Run[] =>
  runsOf(read(order, id))

/** The delta that begins or ends a run, and appends what comes of it to the order. */
export const run = (
  world: World,
  id: OrderId,
  change: Edit<Runs>,
  ...events: readonly OrderEvent[]
): DraftDelta =>
  draftDelta(
    order,
    id,
    edit(order, world.read(order, id), {
      runs: change,
      events: events.map((event) => (log) => eventLog.append(log, world.time, event)),
    }),
  )

/** The delta that appends these events, in this order. */
export const append = (world: World, id: OrderId, ...events: readonly OrderEvent[]): DraftDelta =>
  draftDelta(
    order,
    id,
    edit(order, world.read(order, id), {
      events: events.map((event) => (log) => eventLog.append(log, world.time, event)),
    }),
  )
