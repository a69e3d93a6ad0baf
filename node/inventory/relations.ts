/** What the merged store keeps of stock and of the places where it lies. */

import { relation, relationalKind } from '../merged/relation.ts'
import { location, viewLocation } from './location.ts'
import { stockKind } from './projection.ts'
import { inStock, stock, thresholdOf } from './stock.ts'

export const stockRelations = relationalKind({
  schema: stock,
  relations: [
    relation('stock', 'id', {
      id: 'text',
      variant_id: ['text', 'variant'],
      location_id: ['text', 'location'],
      product_id: ['text', 'product'],
      mode: 'text',
      available: 'bigint',
      in_stock: 'bigint',
      threshold: 'bigint',
    }),
  ],
  rows: (id, document) => ({
    stock: (stockKind.project(id, document)['stock'] ?? []).map((row) => ({
      ...row,
      id,
      in_stock: inStock(document),
      threshold: thresholdOf(document),
    })),
  }),
})

export const locationRelations = relationalKind({
  schema: location,
  relations: [
    relation('locations', 'id', {
      id: 'text',
      name: 'text',
      line1: 'text',
      city: 'text',
      postal_code: 'text',
      country: 'text',
      latitude: 'double precision',
      longitude: 'double precision',
      hours: 'text',
    }),
  ],
  rows: (id, document) => {
    const { name, address, coordinates, hours } = viewLocation(id, document)
    return {
      locations: [
        {
          id,
          name,
          line1: address?.line1,
          city: address?.city,
          postal_code: address?.postalCode,
          country: address?.country,
          latitude: coordinates?.latitude,
          longitude: coordinates?.longitude,
          hours,
        },
      ],
    }
  },
})
