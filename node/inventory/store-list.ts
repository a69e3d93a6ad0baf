/** A chain's list of its stores, as JSON that others publish, read as locations. */

import { z } from 'zod'
import { ok, refused, type Result } from '../result.ts'
import { isLocationId } from './location-id.ts'
import type { LocationView } from './location.ts'

const Text = z.string().trim()

const Store = z.object({
  id: z.union([z.int().min(0), Text]),
  name: Text.min(1),
  address: Text.min(1),
  address2: Text.nullish(),
  city: Text.min(1),
  state: Text.nullish(),
  zip: Text.nullish(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .nullish(),
  location: z.object({ lat: z.number(), lon: z.number() }).nullish(),
  hours: Text.nullish(),
})

/** The stores of a file that holds one JSON array of them; why it is none, if it is none. */
export const readStoreList = (text: string): Result<readonly unknown[], string> => {
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? ok(parsed) : refused('The file holds no list of stores')
  } catch (cause) {
    return refused(`The file is no JSON: ${cause instanceof Error ? cause.message : ''}`)
  }
}

/** A store as a location; a list that names no country is taken to be of `country`. */
export const storeLocation = (store: unknown, country: string): Result<LocationView, string> => {
  const parsed = Store.safeParse(store)
  if (!parsed.success) {
    return refused(
      parsed.error.issues.map(({ path, message }) => `${path.join('/')}: ${message}`).join('; '),
    )
  }
  const { id: number, name, address, address2, city, state, zip, location, hours } = parsed.data
  const id = `store-${number}`.toLowerCase()
  if (!isLocationId(id)) return refused(`${number} cannot be part of a location's id`)
  return ok({
    id,
    name,
    address: {
      line1: address,
      line2: orNull(address2),
      city,
      state: orNull(state),
      postalCode: orNull(zip),
      country: parsed.data.country ?? country,
    },
    coordinates: location ? { latitude: location.lat, longitude: location.lon } : null,
    hours: orNull(hours),
  })
}

const orNull = (text: string | null | undefined): string | null =>
  text === undefined || text === '' ? null : text
