/**
 * A zone: a part of the world in which the same shipping rates, or the same taxes, hold.
 *
 * It is a set of areas, each a text: `*` everywhere, `DE` a country, `US/CA` a state, `DE:80` the
 * postal codes that begin so, `US/CA:90` both. Zones may overlap; the one that says most exactly where
 * an address lies is taken.
 */

import { schema, type Document } from '../../crdt/document.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orSet from '../../crdt/or-set.ts'
import { overwrite, given } from '../catalog/edits.ts'
import { documentKind, type World } from '../core/capability.ts'
import { isText } from '../guards.ts'
import { isLive, rosteredFields, rosteredRules } from '../pricing/rostered.ts'
import type { Destination } from '../pricing/quote.ts'

export const zone = schema('zone', 1, {
  ...rosteredFields,
  name: [3, lwwRegister.shape(isText)],
  areas: [4, orSet.shape],
})

export type Zone = Document<typeof zone.fields>

export const zoneKind = documentKind({ schema: zone, tables: [], project: () => ({}) })

export type ZoneView = {
  readonly id: string
  readonly name: string
  readonly areas: readonly string[]
}

export const viewZone = (id: string, { store }: Zone): ZoneView => ({
  id,
  name: lwwRegister.read({ store: store.name }) ?? id,
  areas: orSet.elements({ store: store.areas }),
})

/** How areas are written: capitals and digits, without the gaps of a postal code. */
export const areaPattern = /^(\*|[A-Z]{2}(\/[\p{Lu}\p{Lo}\p{N}]{1,32})?(:[A-Z0-9]{1,10})?)$/u

/** The area that somebody means who writes `us/new york` or `GB:SW1A 1`. */
export const normalArea = (text: string): string =>
  text.toUpperCase().replace(/[^\p{L}\p{N}*/:]/gu, '')

/**
 * How exactly `area` says where `destination` lies: 0 for everywhere, more for a country, a state, each
 * character of a postal code; undefined if it lies elsewhere.
 */
export const exactness = (area: string, destination: Destination): number | undefined => {
  if (area === '*') return 0
  const [place = '', postal] = area.split(':')
  const [country, state] = place.split('/')
  if (country !== plain(destination.country)) return undefined
  if (state !== undefined && state !== plain(destination.state)) return undefined
  if (postal !== undefined && !plain(destination.postalCode).startsWith(postal)) return undefined
  return 1 + (state === undefined ? 0 : 1) + (postal === undefined ? 0 : 1 + postal.length)
}

const plain = (text: string | null | undefined): string =>
  (text ?? '').toUpperCase().replace(/[^\p{L}\p{N}]/gu, '')

/** How exactly the zones of a world say where a destination lies; asked once for each zone. */
export const createExactness = (
  { read }: Pick<World, 'read'>,
  destination: Destination,
): ((id: string) => number | undefined) => {
  const known = new Map<string, number | undefined>()
  return (id) => {
    if (!known.has(id)) known.set(id, exactnessOf(read(zone, id), destination))
    return known.get(id)
  }
}

const exactnessOf = (document: Zone, destination: Destination): number | undefined => {
  if (!isLive(document)) return undefined
  let most: number | undefined
  for (const area of orSet.elements({ store: document.store.areas })) {
    const found = exactness(area, destination)
    if (found !== undefined && found > (most ?? -1)) most = found
  }
  return most
}

export interface ZoneInput {
  readonly name: string
  readonly areas: readonly string[]
}

export const zoneRules = rosteredRules<typeof zone.fields, ZoneInput>({
  schema: zone,
  roster: 'zones',
  noun: 'zone',
  codes: { exists: 'zone_exists', notFound: 'zone_not_found' },
  edits: (world, { name, areas }, before) => ({
    name: given(name, (text) => overwrite(world, text)),
    areas: given(areas, (wanted) => [
      ...orSet
        .elements({ store: before.store.areas })
        .filter((area) => !wanted.includes(area))
        .map((area) => (set: orSet.OrSet) => orSet.remove(set, area)),
      ...wanted
        .filter((area) => !orSet.has({ store: before.store.areas }, area))
        .map((area) => (set: orSet.OrSet) => orSet.add(set, world.replica, area)),
    ]),
  }),
})
