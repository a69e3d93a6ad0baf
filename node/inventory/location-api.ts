/** The words of locations in the API. */

import { z } from '@hono/zod-openapi'
import { line, page, PageQuery, Receipt } from '../http/schemas.ts'
import { LocationIdText } from './api.ts'
import * as limits from './limits.ts'
import { mainLocation } from './location-id.ts'

const AddressLine = line(limits.addressLineMax)

const AddressBody = z
  .strictObject({
    line1: AddressLine,
    line2: AddressLine.nullable().default(null),
    city: AddressLine,
    state: AddressLine.nullable().default(null),
    postalCode: AddressLine.nullable().default(null),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'Must be an ISO 3166-1 code: two capital letters')
      .openapi({ example: 'US' }),
  })
  .openapi('LocationAddress')

const CoordinatesBody = z
  .strictObject({
    latitude: z.number().min(-90).max(90),
    longitude: z.number().min(-180).max(180),
  })
  .openapi('Coordinates')

const fields = {
  name: line(limits.locationNameMax),
  address: AddressBody.nullable().default(null),
  coordinates: CoordinatesBody.nullable().default(null),
  hours: line(limits.hoursMax).nullable().default(null),
}

const MadeId = LocationIdText.refine(
  (id) => id !== mainLocation,
  `"${mainLocation}" is there without being made`,
)

export const LocationParams = z.object({
  id: LocationIdText.openapi({ param: { name: 'id', in: 'path' } }),
})

export const MadeParams = z.object({
  id: MadeId.openapi({ param: { name: 'id', in: 'path' } }),
})

export const LocationBody = z.strictObject(fields).openapi('LocationFields')

/** A line of a batch. */
export const LocationLine = z.strictObject({ id: MadeId, ...fields }).openapi('LocationLine')

export const LocationOut = z
  .object({
    id: z.string(),
    name: z.string(),
    address: AddressBody.nullable(),
    coordinates: CoordinatesBody.nullable(),
    hours: z.string().nullable(),
  })
  .openapi('Location')

export const LocationQuery = PageQuery
export const LocationPage = page(LocationOut).openapi('Locations')

export const ChangedLocation = z
  .object({ id: z.string(), isNew: z.boolean(), receipt: Receipt })
  .openapi('ChangedLocation')

export const LocationResult = z
  .object({
    line: z.int(),
    status: z.enum(['created', 'updated', 'unchanged', 'rejected']),
    id: z.string().optional(),
    problem: z.object({ code: z.string(), detail: z.string() }).optional(),
  })
  .openapi('LocationResult')
