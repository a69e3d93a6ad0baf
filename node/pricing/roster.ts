/**
 * A roster: the ids of all documents of a small kind, such as zones or promotions.
 *
 * A rule reads documents by their ids only, and a price depends on every promotion there is: the
 * roster tells their ids. Who makes a document puts it there, who deletes it takes it out; of both at
 * once the making stays, and the document itself says whether it is still to be used.
 */

import { edit, schema, type Document } from '../../crdt/document.ts'
import * as orSet from '../../crdt/or-set.ts'
import { documentKind, draftDelta, type DraftDelta, type World } from '../core/capability.ts'

export const roster = schema('roster', 1, { ids: [1, orSet.shape] })

export type Roster = Document<typeof roster.fields>

/** One roster for each of these. */
export type Rostered = 'zones' | 'shipping-methods' | 'tax-rates' | 'promotions'

export const rosterKind = documentKind({ schema: roster, tables: [], project: () => ({}) })

/** In the order of their text: the same at every node. */
export const idsOf = ({ read }: Pick<World, 'read'>, of: Rostered): readonly string[] =>
  orSet.elements({ store: read(roster, of).store.ids })

/** The delta that lists an id. */
export const enlist = (world: World, of: Rostered, id: string): DraftDelta =>
  change(world, of, (ids) => orSet.add(ids, world.replica, id))

/** The delta that takes an id out, as far as it was seen. */
export const strike = (world: World, of: Rostered, id: string): DraftDelta =>
  change(world, of, (ids) => orSet.remove(ids, id))

const change = (world: World, of: Rostered, make: (ids: orSet.OrSet) => orSet.OrSet): DraftDelta =>
  draftDelta(roster, of, edit(roster, world.read(roster, of), { ids: make }))
