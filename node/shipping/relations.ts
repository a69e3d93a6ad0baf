/** What the merged store keeps of shipments, and of what carriers told of them. */

import { relation, relationalKind } from '../merged/relation.ts'
import { eventsOf, isPrepared, shipment, viewShipment } from './shipment.ts'

export const shipmentRelations = relationalKind({
  schema: shipment,
  relations: [
    relation('shipments', 'id', {
      id: 'text',
      order_id: ['text', 'order'],
      method: 'text',
      from_location: ['text', 'from'],
      carrier: 'text',
      tracking_number: ['text', 'trackingNumber'],
      status: 'text',
      estimated_delivery: ['timestamptz', 'estimatedDelivery'],
      delivered_at: ['timestamptz', 'deliveredAt'],
    }),
    relation('order_tracking', 'shipment_id', {
      shipment_id: 'text',
      event: ['text', 'id'],
      status: 'text',
      location: 'text',
      note: 'text',
      happened_at: ['timestamptz', 'atMs'],
    }),
  ],
  rows: (id, document) => {
    if (!isPrepared(document)) return {}
    const { order, method, from, carrier, status, ...shown } = viewShipment(id, document)
    const { trackingNumber, estimatedDelivery, deliveredAt } = shown
    return {
      shipments: [
        {
          id,
          order,
          method,
          from,
          carrier,
          status,
          trackingNumber,
          estimatedDelivery,
          deliveredAt,
        },
      ],
      order_tracking: eventsOf(document.store).map((event) => ({ shipment_id: id, ...event })),
    }
  },
})
