/** What is done to a shipment: it is prepared, described, and heard of. */

import { edit } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import { given, overwrite } from '../catalog/edits.ts'
import { draftDelta, type Decide, type DraftDelta, type World } from '../core/capability.ts'
import type { Refusal } from '../errors.ts'
import { ok, refused } from '../result.ts'
import {
  eventsOf,
  isPrepared,
  shipment,
  shipmentIdOf,
  type Consignment,
  type ShipmentEvent,
  type ShipmentId,
} from './shipment.ts'
import { shipmentEventsMax } from './limits.ts'

export type Preparation = Consignment & {
  readonly carrier: string | null
  readonly trackingNumber: string | null
  readonly estimatedMs: number | null
}

export type ShipmentAnswer = { readonly id: string }

/** The delta that makes a shipment, for the change that ships an order; and the shipment's id. */
export const prepare = (
  world: World,
  { carrier, trackingNumber, estimatedMs, ...consignment }: Preparation,
): { readonly id: ShipmentId; readonly delta: DraftDelta } => {
  const id = shipmentIdOf(consignment.order, world.time)
  const delta = edit(shipment, world.read(shipment, id), {
    consignment: overwrite<Consignment>(world, consignment),
    carrier: overwrite(world, carrier),
    trackingNumber: overwrite(world, trackingNumber),
    estimatedMs: overwrite(world, estimatedMs),
  })
  return { id, delta: draftDelta(shipment, id, delta) }
}

export const prepareShipment: Decide<Preparation, ShipmentAnswer> = (world, input) => {
  const { id, delta } = prepare(world, input)
  return ok({ type: 'shipment.prepared', deltas: [delta], answer: { id } })
}

export interface ShipmentEdit {
  readonly id: ShipmentId
  readonly carrier?: string | null | undefined
  readonly trackingNumber?: string | null | undefined
  readonly estimatedMs?: number | null | undefined
}

export const editShipment: Decide<ShipmentEdit, ShipmentAnswer> = (world, input) => {
  const { id } = input
  const before = world.read(shipment, id)
  if (!isPrepared(before)) return refused(shipmentNotFound(id))
  const delta = edit(shipment, before, {
    carrier: given(input.carrier, (text) => overwrite<string | null>(world, text)),
    trackingNumber: given(input.trackingNumber, (text) => overwrite<string | null>(world, text)),
    estimatedMs: given(input.estimatedMs, (ms) => overwrite<number | null>(world, ms)),
  })
  return ok({
    type: 'shipment.updated',
    deltas: [draftDelta(shipment, id, delta)],
    answer: { id },
  })
}

export interface Tracking {
  readonly id: ShipmentId
  readonly event: Omit<ShipmentEvent, 'id'> & { readonly id: string | undefined }
}

/** Notes what a carrier told; what was told before changes nothing. */
export const trackShipment: Decide<Tracking, ShipmentAnswer> = (world, { id, event }) => {
  const before = world.read(shipment, id)
  if (!isPrepared(before)) return refused(shipmentNotFound(id))
  const { wallMs, logical, replica } = world.time
  const name = event.id ?? `${wallMs}.${logical}.${replica}`
  const known = eventsOf(before.store)
  if (known.length >= shipmentEventsMax) {
    const detail = `A shipment has at most ${shipmentEventsMax} events`
    return refused({ code: 'limit_reached', detail })
  }
  const isKnown = known.some((one) => one.id === name)
  const delta = edit(shipment, before, {
    events: isKnown
      ? []
      : (log) => eventLog.append<ShipmentEvent>(log, world.time, { ...event, id: name }),
  })
  return ok({
    type: `shipment.${event.status}`,
    deltas: [draftDelta(shipment, id, delta)],
    answer: { id },
  })
}

export const shipmentNotFound = (id: string): Refusal => ({
  code: 'shipment_not_found',
  detail: `There is no shipment ${id}`,
})
