/**
 * From a durable change to the events that it makes: a pure function of the change, so that every node
 * derives the same events from it, at any time.
 *
 * Why not of the documents as they are? Because those go on changing. An event that is published again
 * a week later, or by a node that stands in for another, is then the same event, byte for byte.
 */

import { dotKey } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import * as change from '../../sync/change.ts'
import type { Change } from '../../sync/change.ts'
import { cartFacts } from './derive/carts.ts'
import { orderFacts } from './derive/orders.ts'
import { paymentFacts } from './derive/payments.ts'
import { productFacts } from './derive/products.ts'
import { saidBy, type Lookup } from './derive/said.ts'
import { userFacts } from './derive/users.ts'
import { eventId, type DomainEvent } from './event.ts'

export interface Derived {
  readonly events: readonly DomainEvent[]
  /** Deltas that only a later release reads: what they say is not among the events. */
  readonly unread: number
}

// A new deriver goes to the end: the place of an event in its change is part of its id.
const derivers = [orderFacts, paymentFacts, productFacts, cartFacts, userFacts]

export const deriveEvents = (made: Change, lookup: Lookup): Derived => {
  let unread = 0
  const said = saidBy(made, lookup, () => unread++)
  const facts = derivers.flatMap((factsOf) => factsOf(said))
  if (facts.length === 0) return { events: [], unread }
  const dot = dotKey(made.dot)
  const of = {
    specversion: '1.0',
    source: `/replicas/${made.dot.replica}`,
    time: new Date(made.time.wallMs).toISOString(),
    hlc: hlc.format(change.timestampOf(made)),
    actor: made.actor,
  } as const
  return {
    // The type of a fact goes with its data, which the union of all events no longer says.
    events: facts.map((fact, index) => ({ ...of, id: eventId(dot, index), ...fact })),
    unread,
  }
}
