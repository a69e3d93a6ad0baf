/** A location: a shop or a warehouse where stock is kept, and where it is on the map. */

import { edit, schema, type Document } from '../../crdt/document.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import { equals, type Value } from '../../crdt/value.ts'
import { overwrite } from '../catalog/edits.ts'
import { documentKind, draftDelta, type Decide, type World } from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import { isBoolean, isFields, isText, isTextOrNull } from '../guards.ts'
import { ok } from '../result.ts'
import { mainLocation, type LocationId } from './location-id.ts'

export type PostalAddress = {
  readonly line1: string
  readonly line2: string | null
  readonly city: string
  readonly state: string | null
  readonly postalCode: string | null
  /** ISO 3166-1 alpha-2. */
  readonly country: string
}

/** Degrees. */
export type Coordinates = { readonly latitude: number; readonly longitude: number }

const isAddress = (value: Value): value is PostalAddress =>
  isFields(value) &&
  ['line1', 'city', 'country'].every((name) => isText(value[name] ?? null)) &&
  ['line2', 'state', 'postalCode'].every((name) => isTextOrNull(value[name] ?? null))

const isAddressOrNull = (value: Value): value is PostalAddress | null =>
  value === null || isAddress(value)

const isCoordinatesOrNull = (value: Value): value is Coordinates | null =>
  value === null ||
  (isFields(value) &&
    typeof value['latitude'] === 'number' &&
    typeof value['longitude'] === 'number')

export const location = schema('location', 1, {
  name: [1, lwwRegister.shape(isText)],
  address: [2, lwwRegister.shape(isAddressOrNull)],
  coordinates: [3, lwwRegister.shape(isCoordinatesOrNull)],
  hours: [4, lwwRegister.shape(isTextOrNull)],
  /** Unset for one that is closed: what it has may be sold, and nothing new comes in. */
  isOpen: [5, lwwRegister.shape(isBoolean)],
})

export type Location = Document<typeof location.fields>

export interface LocationView {
  readonly id: string
  readonly name: string
  readonly address: PostalAddress | null
  readonly coordinates: Coordinates | null
  readonly hours: string | null
}

export const viewLocation = (id: string, { store }: Location): LocationView => ({
  id,
  name: lwwRegister.read({ store: store.name }) ?? id,
  address: lwwRegister.read<PostalAddress | null>({ store: store.address }) ?? null,
  coordinates: lwwRegister.read<Coordinates | null>({ store: store.coordinates }) ?? null,
  hours: lwwRegister.read<string | null>({ store: store.hours }) ?? null,
})

/** Whether units may come in there. */
export const isOpenLocation = ({ read }: Pick<World, 'read'>, id: LocationId): boolean =>
  id === mainLocation || lwwRegister.read({ store: read(location, id).store.isOpen }) === true

export interface LocationInput extends Omit<LocationView, 'id'> {
  readonly id: LocationId
}

export type LocationAnswer = { readonly id: string; readonly isNew: boolean }

/** Makes a location as given: what is there already is overwritten where it differs. */
export const putLocation: Decide<LocationInput, LocationAnswer> = (world, input) => {
  const before = world.read(location, input.id)
  const isNew = !isOpenLocation(world, input.id) || !world.exists(location, input.id)
  return ok({
    type: isNew ? 'location.opened' : 'location.updated',
    deltas: [
      draftDelta(
        location,
        input.id,
        edit(location, before, {
          name: overwrite(world, input.name),
          address: overwrite<PostalAddress | null>(world, input.address),
          coordinates: overwrite<Coordinates | null>(world, input.coordinates),
          hours: overwrite<string | null>(world, input.hours),
          isOpen: overwrite<boolean>(world, true),
        }),
      ),
    ],
    answer: { id: input.id, isNew },
  })
}

/** Whether a location is open and as `input` says: putting it in again would change nothing. */
export const isAsGiven = (world: Pick<World, 'read' | 'exists'>, input: LocationInput): boolean => {
  if (!world.exists(location, input.id) || !isOpenLocation(world, input.id)) return false
  const { name, address, coordinates, hours } = viewLocation(
    input.id,
    world.read(location, input.id),
  )
  return (
    name === input.name &&
    hours === input.hours &&
    equals(address, input.address) &&
    equals(coordinates, input.coordinates)
  )
}

export const locationTable: Table = { name: 'locations', columns: ['id', 'json'], isSingle: true }

export const locationSql = `
create table if not exists locations (
  document integer primary key,
  id       text    not null unique,
  json     text    not null
) strict;
`

export const locationKind = documentKind({
  schema: location,
  tables: [locationTable],
  project: (id, document) =>
    lwwRegister.read({ store: document.store.isOpen })
      ? { locations: [{ id, json: JSON.stringify(viewLocation(id, document)) }] }
      : {},
})
