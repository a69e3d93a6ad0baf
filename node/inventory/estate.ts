/**
 * The estate of a node that was given up: the rights it had left, and who takes them over.
 *
 * Two heirs of the same units would sell them twice, and the node itself must not sell them either. So
 * there is one heir, and no vote is needed to know which: whoever wants to be it opens the estate, and
 * every other node that belongs to the cluster witnesses the latest opening that it knows, for as long as
 * it knows the node as gone. An heir takes nothing before all of them have witnessed its opening.
 *
 * Why can there not be two? A witness opens nothing itself, and changes its mind only for a later
 * opening. Who has all witnesses has the latest opening there is: whoever had opened a later one would
 * be one of the witnesses missing. And who has taken witnesses nothing else any more.
 *
 * How does the node come back? It hears that it is readmitted from somebody who witnessed, and so of the
 * estate before: it spends nothing until the heir has closed the estate, and then what it is given.
 */

import { edit, schema, type Document } from '../../crdt/document.ts'
import type { ReplicaId } from '../../crdt/dot.ts'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import * as orMap from '../../crdt/or-map.ts'
import type { Value } from '../../crdt/value.ts'
import {
  draftDelta,
  documentKind,
  type Decide,
  type DraftDelta,
  type World,
} from '../core/capability.ts'
import type { Table } from '../core/store.ts'
import type { Refusal } from '../errors.ts'
import { isFields, isText } from '../guards.ts'
import { isFenced } from '../replication/membership.ts'
import { ok, refused, type Result } from '../result.ts'
import { absenceMsMax } from './limits.ts'
import { taking, unspent, type Legacy } from './legacy.ts'

/** A claim to be the heir. Its time names it: no two nodes write at the same one. */
export type Opening = { readonly heir: string; readonly at: string }

const isOpening = (value: Value): value is Opening =>
  isFields(value) && isText(value['heir'] ?? null) && isText(value['at'] ?? null)

const witnessShape = lwwRegister.shape(isText)

export const estate = schema('estate', 1, {
  /** The latest is the one that counts. */
  opening: [1, lwwRegister.shape(isOpening)],
  /** By the witness's name, the opening that it witnesses. */
  witnesses: [2, orMap.shape(witnessShape)],
  /** The opening under which something was taken. */
  taken: [3, lwwRegister.shape(isText)],
  /** The opening that is over. */
  closed: [4, lwwRegister.shape(isText)],
})

export type Estate = Document<typeof estate.fields>

export interface EstateView {
  readonly node: string
  readonly heir: string
  readonly openedAt: string
  readonly state: 'waiting' | 'taken'
  readonly witnesses: readonly string[]
}

/** The opening that counts; undefined if the estate is not open. */
export const openingOf = ({ store }: Estate): Opening | undefined => {
  const opening = lwwRegister.read<Opening>({ store: store.opening })
  return opening && lwwRegister.read({ store: store.closed }) !== opening.at ? opening : undefined
}

export const viewEstate = (node: string, document: Estate): EstateView | undefined => {
  const opening = openingOf(document)
  if (!opening) return undefined
  const isTaken = lwwRegister.read({ store: document.store.taken }) === opening.at
  return {
    node,
    heir: opening.heir,
    openedAt: opening.at,
    state: isTaken ? 'taken' : 'waiting',
    witnesses: witnessesOf(document, opening),
  }
}

const witnessesOf = ({ store }: Estate, { at }: Opening): readonly string[] =>
  [...store.witnesses]
    .filter(([, register]) => lwwRegister.read<string>({ store: register }) === at)
    .map(([name]) => name)
    .sort()

/** Whether somebody inherits from this node, or may: until that is over, it spends nothing. */
export const isEstateOpen = ({ read }: Pick<World, 'read'>, node: string): boolean =>
  openingOf(read(estate, node)) !== undefined

export interface EstateInput {
  /** The node that is asked, and whose estate it is. */
  readonly self: string
  readonly node: string
}

export type EstateAnswer = { readonly node: string; readonly heir: string }

/** Who acts in the stead of a node that is gone, because it has taken its estate; undefined: nobody. */
export const heirOf = (world: Pick<World, 'read'>, node: string): string | undefined => {
  const document = world.read(estate, node)
  const opening = openingOf(document)
  const isTaken = opening && lwwRegister.read({ store: document.store.taken }) === opening.at
  return isTaken && isFenced(world, node) ? opening.heir : undefined
}

/** Claims the rights of a node that was declared gone, if nobody has before. */
export const openEstate: Decide<
  EstateInput & { readonly heardMs: number | undefined },
  EstateAnswer
> = (world, { self, node, heardMs }) => {
  if (node === self || !isFenced(world, node)) {
    return refused(notOpen(`${node} is not declared gone`))
  }
  if (heardMs !== undefined && world.time.wallMs - heardMs < absenceMsMax) {
    const minutes = Math.ceil((absenceMsMax - (world.time.wallMs - heardMs)) / 60_000)
    return refused(notOpen(`${node} was heard a moment ago; wait another ${minutes} minutes`))
  }
  const before = world.read(estate, node)
  const standing = openingOf(before)
  if (standing) {
    return standing.heir === self
      ? ok({ type: 'estate.opened', deltas: [], answer: { node, heir: self } })
      : refused(notOpen(`${standing.heir} is the heir of ${node}`))
  }
  const opening = { heir: self, at: hlc.format(world.time) }
  return ok({
    type: 'estate.opened',
    deltas: [
      estateDelta(world, node, {
        opening: (register) => lwwRegister.write(register, world.time, opening),
      }),
    ],
    answer: { node, heir: self },
  })
}

/** Whether a node has to witness the opening that counts, and has not. */
export const owesWitness = (world: Pick<World, 'read'>, { self, node }: EstateInput): boolean => {
  const document = world.read(estate, node)
  const opening = openingOf(document)
  if (!opening || opening.heir === self || node === self || !isFenced(world, node)) return false
  return !witnessesOf(document, opening).includes(self) && !hasTaken(document, self)
}

// Who has taken was witnessed by all: a later opening comes from somebody whom it did not know.
const hasTaken = ({ store }: Estate, self: string): boolean => {
  const taken = lwwRegister.read<string>({ store: store.taken })
  const closed = lwwRegister.read<string>({ store: store.closed })
  const openings = [...store.opening.values()].map(({ value }) => value.value)
  return (
    taken !== undefined &&
    taken !== closed &&
    openings.some(({ heir, at }) => at === taken && heir === self)
  )
}

export const witnessEstate: Decide<EstateInput, null> = (world, input) => {
  const { self, node } = input
  const opening = openingOf(world.read(estate, node))
  if (!opening || !owesWitness(world, input)) {
    return refused(notOpen(`There is nothing to witness of ${node}`))
  }
  return ok({
    type: 'estate.witnessed',
    deltas: [
      estateDelta(world, node, {
        witnesses: (map) =>
          orMap.update(map, witnessShape, {
            key: self,
            edit: (register) => lwwRegister.write(register, world.time, opening.at),
          }),
      }),
    ],
    answer: null,
  })
}

export interface HeirInput extends EstateInput {
  /** The nodes that belong to the cluster, beside the heir. */
  readonly others: readonly string[]
}

/** Whether the heir may take, or for whom it waits. */
export const mayTake = (
  world: Pick<World, 'read'>,
  { self, node, others }: HeirInput,
): Result<Opening, Refusal> => {
  const document = world.read(estate, node)
  const opening = openingOf(document)
  if (!opening || opening.heir !== self || !isFenced(world, node)) {
    return refused(notOpen(`${self} is not the heir of ${node}`))
  }
  const witnesses = new Set(witnessesOf(document, opening))
  const missing = others.filter((name) => name !== node && name !== self && !witnesses.has(name))
  return missing.length === 0
    ? ok(opening)
    : refused(notOpen(`${missing.join(', ')} must witness first, or be declared gone, too`))
}

export interface TakeInput extends HeirInput {
  /** The replicas that were the node. */
  readonly replicas: readonly ReplicaId[]
  readonly parts: readonly { readonly legacy: Legacy; readonly id: string }[]
}

/** Takes over what the node had left in these documents, as far as it is known. */
export const takeEstate: Decide<TakeInput, { readonly units: number }> = (world, input) => {
  const { node, replicas, parts } = input
  const may = mayTake(world, input)
  if (!may.ok) return may
  let units = 0
  const deltas = parts.flatMap(({ legacy, id }) => {
    const left = unspent(world, legacy, { id, replicas })
    if (left <= 0) return []
    units += left
    return [taking(world, legacy, { id, replicas })]
  })
  const taken = estateDelta(world, node, {
    taken: (register) => lwwRegister.write(register, world.time, may.value.at),
  })
  return ok({
    type: 'estate.taken',
    details: { node, units },
    deltas: [...deltas, taken],
    answer: { units },
  })
}

/** Ends an estate: the heir takes nothing more. For the heir itself, and for an admin if that is gone, too. */
export const closeEstate: Decide<EstateInput, null> = (world, { self, node }) => {
  const opening = openingOf(world.read(estate, node))
  if (!opening) return refused(notOpen(`The estate of ${node} is not open`))
  if (opening.heir !== self && !isFenced(world, opening.heir)) {
    return refused(notOpen(`${opening.heir} is the heir, and closes the estate itself`))
  }
  return ok({
    type: 'estate.closed',
    deltas: [
      estateDelta(world, node, {
        closed: (register) => lwwRegister.write(register, world.time, opening.at),
      }),
    ],
    answer: null,
  })
}

const estateDelta = (
  world: World,
  node: string,
  edits: Parameters<typeof edit<typeof estate.fields>>[2],
): DraftDelta => draftDelta(estate, node, edit(estate, world.read(estate, node), edits))

const notOpen = (detail: string): Refusal => ({ code: 'estate_not_open', detail })

export const estateTable: Table = { name: 'estates', columns: ['node'], isSingle: true }

export const estateSql = `
create table if not exists estates (
  document integer primary key,
  node     text    not null unique
) strict;
`

export const estateKind = documentKind({
  schema: estate,
  tables: [estateTable],
  project: (node, document) => (openingOf(document) ? { estates: [{ node }] } : {}),
})
