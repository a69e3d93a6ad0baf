/**
 * A shipment: goods of one order on their way, and what was heard of them.
 *
 * What carriers tell comes late, twice and out of order, and to whichever region. So events are a log,
 * read in the order in which things happened by the carrier's clock; one that tells nothing new (the
 * same id) counts once. Where the shipment stands is what happened last; but what was delivered stays
 * delivered unless it came back.
 */

import { hash } from 'node:crypto'
import { schema, type Document } from '../../crdt/document.ts'
import type { Timestamp } from '../../crdt/hybrid-logical-clock.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Value } from '../../crdt/value.ts'
import { documentKind } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import { isFields, isNatural, isText, isTextOrNull } from '../guards.ts'

export const shipmentStatuses = [
  'prepared',
  'handed_over',
  'in_transit',
  'out_for_delivery',
  'delivery_failed',
  'delivered',
  'returned',
] as const
export type ShipmentStatus = (typeof shipmentStatuses)[number]

export type ShipmentEvent = {
  /** The carrier's name for the event, or ours: one that comes twice is one. */
  readonly id: string
  readonly status: ShipmentStatus
  /** Where it was, as the carrier says. */
  readonly location: string | null
  readonly note: string | null
  /** When it happened; it may be told much later. */
  readonly atMs: number
}

export type ShippedUnits = { readonly variant: string; readonly units: number }

/** What is said of a shipment once, when it is made. */
export type Consignment = {
  readonly order: string
  readonly units: readonly ShippedUnits[]
  /** The id of a shipping method; null if it goes some other way. */
  readonly method: string | null
  /** The stock location that it leaves from; null if nobody said. */
  readonly from: string | null
}

const isShipmentEvent = (value: Value): value is ShipmentEvent => {
  if (!isFields(value)) return false
  const { id = null, status = null, location = 0, note = 0, atMs = null } = value
  return (
    isText(id) &&
    shipmentStatuses.some((one) => one === status) &&
    isTextOrNull(location) &&
    isTextOrNull(note) &&
    isNatural(atMs)
  )
}

const isShippedUnits = (value: Value): value is ShippedUnits =>
  isFields(value) && isText(value['variant'] ?? null) && isNatural(value['units'] ?? null)

const isConsignment = (value: Value): value is Consignment => {
  if (!isFields(value)) return false
  const { order = null, units = null, method = 0, from = 0 } = value
  return (
    isText(order) &&
    Array.isArray(units) &&
    units.every(isShippedUnits) &&
    isTextOrNull(method) &&
    isTextOrNull(from)
  )
}

const isNaturalOrNull = (value: Value): value is number | null => value === null || isNatural(value)

export const shipment = schema('shipment', 1, {
  consignment: [1, lwwRegister.shape(isConsignment)],
  carrier: [2, lwwRegister.shape(isTextOrNull)],
  trackingNumber: [3, lwwRegister.shape(isTextOrNull)],
  estimatedMs: [4, lwwRegister.shape(isNaturalOrNull)],
  events: [5, eventLog.shape(isShipmentEvent)],
})

export type Shipment = Document<typeof shipment.fields>

/** 26 letters and digits that nobody guesses who was not told them. */
export type ShipmentId = string & { readonly brand: 'ShipmentId' }

export const isShipmentId = (text: string): text is ShipmentId => /^[0-9a-f]{26}$/.test(text)

/** The id of a shipment that is made now: no two changes have the same time. */
export const shipmentIdOf = (order: string, { wallMs, logical, replica }: Timestamp): ShipmentId =>
  hash('sha256', `shipment of ${order} at ${wallMs}.${logical} by ${replica}`).slice(
    0,
    26,
  ) as ShipmentId

export type ShipmentView = {
  readonly id: string
  readonly order: string
  readonly units: readonly ShippedUnits[]
  readonly method: string | null
  readonly from: string | null
  readonly carrier: string | null
  readonly trackingNumber: string | null
  readonly status: ShipmentStatus
  /** Where it was heard of last. */
  readonly location: string | null
  readonly estimatedDelivery: string | null
  readonly deliveredAt: string | null
  /** Earliest first. */
  readonly events: readonly ShipmentEventView[]
}

export type ShipmentEventView = Omit<ShipmentEvent, 'atMs'> & { readonly at: string }

export const viewShipment = (id: string, { store }: Shipment): ShipmentView => {
  const consignment = lwwRegister.read<Consignment>({ store: store.consignment }) ?? {
    order: '',
    units: [],
    method: null,
    from: null,
  }
  const events = eventsOf(store)
  const estimatedMs = lwwRegister.read({ store: store.estimatedMs }) ?? null
  const status = statusOf(events)
  const delivered = events.findLast((event) => event.status === 'delivered')
  return {
    id,
    ...consignment,
    carrier: lwwRegister.read({ store: store.carrier }) ?? null,
    trackingNumber: lwwRegister.read({ store: store.trackingNumber }) ?? null,
    status,
    location: events.findLast(({ location }) => location !== null)?.location ?? null,
    estimatedDelivery: estimatedMs === null ? null : timeText(estimatedMs),
    deliveredAt: delivered && status === 'delivered' ? timeText(delivered.atMs) : null,
    events: events.map(({ atMs, ...event }) => ({ ...event, at: timeText(atMs) })),
  }
}

export const isPrepared = ({ store }: Shipment): boolean => store.consignment.size > 0

/** What happened, in that order, each once; of an event that was told twice, what was told first. */
export const eventsOf = ({
  events,
}: Pick<Shipment['store'], 'events'>): readonly ShipmentEvent[] => {
  const told = eventLog.entries<ShipmentEvent>({ store: events }).map(({ value }) => value.value)
  const first = new Map<string, ShipmentEvent>()
  for (const event of told) if (!first.has(event.id)) first.set(event.id, event)
  // Sorting is stable: what happened at once stays in the order in which it was told.
  return [...first.values()].sort((a, b) => a.atMs - b.atMs)
}

const statusOf = (events: readonly ShipmentEvent[]): ShipmentStatus => {
  const final = events.findLast(({ status }) => status === 'returned' || status === 'delivered')
  return final?.status ?? events.at(-1)?.status ?? 'prepared'
}

const timeText = (ms: number): string => new Date(ms).toISOString()

export const shipmentTable: Table = {
  name: 'shipments',
  columns: ['id', 'order_id', 'status', 'tracking_number', 'json'],
  isSingle: true,
}

export const shipmentSql = `
create table if not exists shipments (
  document        integer primary key,
  id              text    not null,
  order_id        text    not null,
  status          text    not null,
  tracking_number text,
  json            text    not null
) strict;
create index if not exists shipments_by_id on shipments (id);
create index if not exists shipments_by_order on shipments (order_id, id);
`

export const shipmentKind = documentKind({
  schema: shipment,
  tables: [shipmentTable],
  project: (id, document) => {
    if (!isPrepared(document)) return {}
    const view = viewShipment(id, document)
    const { order, status, trackingNumber } = view
    return {
      shipments: [
        {
          id,
          order_id: order,
          status,
          tracking_number: trackingNumber,
          json: JSON.stringify(view),
        },
      ],
    }
  },
})
