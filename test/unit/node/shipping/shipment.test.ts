/** What carriers tell, in whatever order it comes. */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  shipment,
  viewShipment,
  type ShipmentEvent,
  type ShipmentId,
} from '../../../../node/shipping/shipment.ts'
import {
  editShipment,
  prepareShipment,
  trackShipment,
} from '../../../../node/shipping/shipment-rules.ts'
import { createMarket, type Market } from '../pricing/market.ts'

const prepared = (market: Market): ShipmentId => {
  const made = market.run(prepareShipment, {
    order: 'order-1',
    units: [{ variant: 'v', units: 2 }],
    method: 'parcel',
    from: 'main',
    carrier: 'DHL',
    trackingNumber: '00340434',
    estimatedMs: Date.UTC(2026, 5, 4),
  })
  if ('refused' in made) throw new Error(made.refused)
  return made.id as ShipmentId
}

const shown = (market: Market, id: string) => viewShipment(id, market.world().read(shipment, id))

const story: readonly ShipmentEvent[] = [
  { id: 'a', status: 'handed_over', location: 'Kiel', note: null, atMs: 1_000 },
  { id: 'b', status: 'in_transit', location: 'Hamburg', note: null, atMs: 2_000 },
  { id: 'c', status: 'delivery_failed', location: 'Köln', note: 'Nobody there', atMs: 3_000 },
  { id: 'd', status: 'delivered', location: null, note: null, atMs: 4_000 },
]

test('events come in any order, twice, at two regions, and tell one story', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ event: fc.constantFrom(...story), atAlice: fc.boolean() }), {
        maxLength: 20,
      }),
      (heard) => {
        const alice = createMarket()
        const bob = createMarket()
        const id = prepared(alice)
        bob.join(alice.done.flat())
        const told = [...heard, ...story.map((event) => ({ event, atAlice: true }))]
        for (const { event, atAlice } of told)
          (atAlice ? alice : bob).run(trackShipment, { id, event })
        bob.join(alice.done.flat())
        alice.join(bob.done.flat())
        expect(shown(alice, id)).toEqual(shown(bob, id))
        expect(shown(alice, id).events.map((event) => event.id)).toEqual(['a', 'b', 'c', 'd'])
        expect(shown(alice, id)).toMatchObject({
          status: 'delivered',
          location: 'Köln',
          deliveredAt: '1970-01-01T00:00:04.000Z',
        })
      },
    ),
    { numRuns: 50 },
  )
})

test('what was delivered stays so, unless it came back', () => {
  const market = createMarket()
  const id = prepared(market)
  const tell = (status: ShipmentEvent['status'], atMs: number) =>
    market.run(trackShipment, {
      id,
      event: { id: undefined, status, location: null, note: null, atMs },
    })
  expect(shown(market, id).status).toBe('prepared')
  tell('delivered', 4_000)
  tell('in_transit', 5_000)
  expect(shown(market, id).status).toBe('delivered')
  tell('returned', 6_000)
  expect(shown(market, id)).toMatchObject({ status: 'returned', deliveredAt: null })
})

test('a tracking number may come later; a shipment that is not there has none', () => {
  const market = createMarket()
  const id = prepared(market)
  market.run(editShipment, { id, trackingNumber: 'X-1' })
  expect(shown(market, id)).toMatchObject({ trackingNumber: 'X-1', carrier: 'DHL' })
  expect(market.run(editShipment, { id: 'f'.repeat(26) as ShipmentId })).toEqual({
    refused: 'shipment_not_found',
  })
})
