/**
 * Every type of `crdt/` with the operations that lead to its reachable states, for the suites that run
 * them all. A new type is done when it stands here.
 */

import * as fc from 'fast-check'
import * as causalContext from '../../../crdt/causal-context.ts'
import type { CausalContext } from '../../../crdt/causal-context.ts'
import type { Causal } from '../../../crdt/causal.ts'
import { DecodeError } from '../../../crdt/codec.ts'
import * as document from '../../../crdt/document.ts'
import type { Document } from '../../../crdt/document.ts'
import type { Shape } from '../../../crdt/dot-store.ts'
import * as escrowCounter from '../../../crdt/escrow-counter.ts'
import type { EscrowCounter } from '../../../crdt/escrow-counter.ts'
import * as eventLog from '../../../crdt/event-log.ts'
import type { EventLog } from '../../../crdt/event-log.ts'
import * as ewFlag from '../../../crdt/ew-flag.ts'
import type { EwFlag } from '../../../crdt/ew-flag.ts'
import type { Timestamp } from '../../../crdt/hybrid-logical-clock.ts'
import type { Lattice } from '../../../crdt/lattice.ts'
import * as live from '../../../crdt/live.ts'
import * as lwwRegister from '../../../crdt/lww-register.ts'
import type { LwwRegister } from '../../../crdt/lww-register.ts'
import * as mvRegister from '../../../crdt/mv-register.ts'
import type { MvRegister } from '../../../crdt/mv-register.ts'
import * as orMap from '../../../crdt/or-map.ts'
import type { OrMap } from '../../../crdt/or-map.ts'
import * as orSet from '../../../crdt/or-set.ts'
import type { OrSet } from '../../../crdt/or-set.ts'
import { isValue } from '../../../crdt/payload.ts'
import * as pnCounter from '../../../crdt/pn-counter.ts'
import type { PnCounter } from '../../../crdt/pn-counter.ts'
import type { Value } from '../../../crdt/value.ts'
import * as versionVector from '../../../crdt/version-vector.ts'
import type { VersionVector } from '../../../crdt/version-vector.ts'
import { values } from './values.ts'
import { replicas } from './replicas.ts'

// The compiler holds that every type keeps the contract.
ewFlag satisfies Lattice<EwFlag>
mvRegister satisfies Lattice<MvRegister>
lwwRegister satisfies Lattice<LwwRegister>
orSet satisfies Lattice<OrSet>
orMap satisfies Lattice<OrMap<LwwRegister['store']>>
pnCounter satisfies Lattice<PnCounter>
escrowCounter satisfies Lattice<EscrowCounter>
eventLog satisfies Lattice<EventLog>

// Methods and not function properties, so that a subject of some state is a subject of an unknown one.
export interface Subject<S = unknown, O = unknown> {
  readonly name: string
  readonly lattice: Lattice<S>
  /** What may be asked of it, as plain data that a failing run prints. */
  readonly operations: fc.Arbitrary<O>
  /** The delta by which the author does `operation`; bottom if it is refused. */
  mutate(state: S, author: Timestamp, operation: O): S
  /** `state` with `deltas` joined in place, each in turn. */
  absorb(state: S, deltas: readonly S[]): S
}

const inPlace =
  <S>(shape: Shape<S>) =>
  (state: Causal<S>, deltas: readonly Causal<S>[]): Causal<S> => {
    const copy = live.thaw(shape, state)
    for (const delta of deltas) live.absorb(copy, delta)
    return copy
  }

export const elements = fc.constantFrom('red', 'green', 'blue')

const flags = fc.constantFrom('enable', 'disable')

export const flag: Subject<EwFlag, 'enable' | 'disable'> = {
  name: 'ew-flag',
  lattice: ewFlag,
  operations: flags,
  mutate: (state, { replica }, operation) =>
    operation === 'enable' ? ewFlag.enable(state, replica) : ewFlag.disable(state),
  absorb: inPlace(ewFlag.shape),
}

export const multiValue: Subject<MvRegister, Value> = {
  name: 'mv-register',
  lattice: mvRegister,
  operations: values,
  mutate: (state, { replica }, value) => mvRegister.write(state, replica, value),
  absorb: inPlace(mvRegister.shape(isValue)),
}

export const lastWriter: Subject<LwwRegister, Value> = {
  name: 'lww-register',
  lattice: lwwRegister,
  operations: values,
  mutate: (state, author, value) => lwwRegister.write(state, author, value),
  absorb: inPlace(lwwRegister.shape(isValue)),
}

export interface ElementOperation {
  readonly kind: 'add' | 'remove'
  readonly element: string
}

export const set: Subject<OrSet, ElementOperation> = {
  name: 'or-set',
  lattice: orSet,
  operations: fc.record({ kind: fc.constantFrom('add', 'remove'), element: elements }),
  mutate: (state, { replica }, { kind, element }) =>
    kind === 'add' ? orSet.add(state, replica, element) : orSet.remove(state, element),
  absorb: inPlace(orSet.shape),
}

export type MapOperation =
  | { readonly kind: 'update'; readonly key: string; readonly value: Value }
  | { readonly kind: 'remove'; readonly key: string }

export const anyRegister = lwwRegister.shape(isValue)

export const map: Subject<OrMap<LwwRegister['store']>, MapOperation> = {
  name: 'or-map',
  lattice: orMap,
  operations: fc.oneof(
    fc.record({ kind: fc.constant('update'), key: elements, value: values }),
    fc.record({ kind: fc.constant('remove'), key: elements }),
  ),
  mutate: (state, author, operation) =>
    operation.kind === 'remove'
      ? orMap.remove(state, anyRegister, operation.key)
      : orMap.update(state, anyRegister, {
          key: operation.key,
          edit: (register) => lwwRegister.write(register, author, operation.value),
        }),
  absorb: inPlace(orMap.shape(anyRegister)),
}

export const counter: Subject<PnCounter, number> = {
  name: 'pn-counter',
  lattice: pnCounter,
  operations: fc.integer({ min: -5, max: 5 }),
  mutate: (state, { replica }, by) => pnCounter.add(state, replica, by),
  absorb: inPlace(pnCounter.shape),
}

export type EscrowOperation =
  | { readonly kind: 'receive' | 'spend'; readonly units: number }
  /** `to` and `from` count the replicas after the author's own. */
  | { readonly kind: 'grant'; readonly units: number; readonly to: 1 | 2 }
  | { readonly kind: 'reclaim'; readonly units: 0; readonly from: 1 | 2 }

const units = fc.integer({ min: 1, max: 9 })

const ofLiving = fc.oneof(
  fc.record({ kind: fc.constantFrom('receive', 'spend'), units }),
  fc.record({ kind: fc.constant('grant'), units, to: fc.constantFrom(1, 2) }),
)

const ofTheGone = fc.record({
  kind: fc.constant('reclaim'),
  units: fc.constant(0),
  from: fc.constantFrom(1, 2),
})

export const escrow: Subject<EscrowCounter, EscrowOperation> = {
  name: 'escrow-counter',
  lattice: escrowCounter,
  operations: fc.oneof({ weight: 6, arbitrary: ofLiving }, { weight: 1, arbitrary: ofTheGone }),
  mutate: (state, { replica }, operation) => {
    const outcome = decide(state, replica, operation)
    return escrowCounter.isDelta(outcome) ? outcome : escrowCounter.bottom
  },
  absorb: inPlace(escrowCounter.shape),
}

/** Among replicas none of which is ever given up. */
export const escrowOfLiving: Subject<EscrowCounter, EscrowOperation> = {
  ...escrow,
  operations: ofLiving,
}

const decide = (state: EscrowCounter, own: Timestamp['replica'], operation: EscrowOperation) => {
  const { kind, units } = operation
  if (kind === 'reclaim') {
    const from = replicas[(replicas.indexOf(own) + operation.from) % replicas.length]!
    return escrowCounter.reclaim(state, { by: own, from })
  }
  if (kind === 'grant') {
    const to = replicas[(replicas.indexOf(own) + operation.to) % replicas.length]!
    return escrowCounter.grant(state, { from: own, to, units })
  }
  return kind === 'receive'
    ? escrowCounter.receive(state, own, units)
    : escrowCounter.spend(state, own, units)
}

export const log: Subject<EventLog, Value> = {
  name: 'event-log',
  lattice: eventLog,
  operations: values,
  mutate: (state, author, event) => eventLog.append(state, author, event),
  absorb: inPlace(eventLog.shape(isValue)),
}

// Numbers out of order and with gaps, as a schema has them after some years.
const fields = {
  flag: [1, ewFlag.shape],
  notes: [7, mvRegister.shape(isValue)],
  name: [3, anyRegister],
  tags: [2, orSet.shape],
  marks: [200, orMap.shape(anyRegister)],
  views: [5, pnCounter.shape],
  stock: [6, escrowCounter.shape],
  history: [4, eventLog.shape(isValue)],
  shelves: [8, orMap.shape(orMap.shape(orSet.shape))],
} as const

export const everything = document.schema('everything', 1, fields)
export type Everything = Document<typeof fields>

interface OperationByField {
  readonly flag: 'enable' | 'disable'
  readonly notes: Value
  readonly name: Value
  readonly history: Value
  readonly tags: ElementOperation
  readonly marks: MapOperation
  readonly views: number
  readonly stock: EscrowOperation
  readonly shelves: ElementOperation & { readonly shelf: string; readonly board: string }
}

export type EverythingOperation = {
  readonly [F in keyof OperationByField]: {
    readonly field: F
    readonly operation: OperationByField[F]
  }
}[keyof OperationByField]

const everythingOperation: fc.Arbitrary<EverythingOperation> = fc.oneof(
  fc.record({ field: fc.constant('flag'), operation: flag.operations }),
  fc.record({ field: fc.constant('notes'), operation: values }),
  fc.record({ field: fc.constant('name'), operation: values }),
  fc.record({ field: fc.constant('history'), operation: values }),
  fc.record({ field: fc.constant('tags'), operation: set.operations }),
  fc.record({ field: fc.constant('marks'), operation: map.operations }),
  fc.record({ field: fc.constant('views'), operation: counter.operations }),
  fc.record({ field: fc.constant('stock'), operation: escrow.operations }),
  fc.record({
    field: fc.constant('shelves'),
    operation: fc.record({
      kind: fc.constantFrom('add', 'remove'),
      element: elements,
      shelf: elements,
      board: elements,
    }),
  }),
)

const boards = orMap.shape(orSet.shape)

const editsOf = (
  author: Timestamp,
  { field, operation }: EverythingOperation,
): document.Edits<typeof fields> => {
  if (field === 'flag') return { flag: (state) => flag.mutate(state, author, operation) }
  if (field === 'notes') return { notes: (state) => multiValue.mutate(state, author, operation) }
  if (field === 'name') return { name: (state) => lastWriter.mutate(state, author, operation) }
  if (field === 'history') return { history: (state) => log.mutate(state, author, operation) }
  if (field === 'tags') return { tags: (state) => set.mutate(state, author, operation) }
  if (field === 'marks') return { marks: (state) => map.mutate(state, author, operation) }
  if (field === 'views') return { views: (state) => counter.mutate(state, author, operation) }
  if (field === 'stock') return { stock: (state) => escrow.mutate(state, author, operation) }
  const { shelf, board } = operation
  const editBoard = (state: OrSet) => set.mutate(state, author, operation)
  const editShelf = (state: OrMap<OrSet['store']>) =>
    orMap.update(state, orSet.shape, { key: board, edit: editBoard })
  return { shelves: (state) => orMap.update(state, boards, { key: shelf, edit: editShelf }) }
}

/** A document with a field of every type; each change edits one to four of them, some twice. */
export const documents: Subject<Everything, readonly EverythingOperation[]> = {
  name: 'document',
  lattice: everything,
  operations: fc.array(everythingOperation, { minLength: 1, maxLength: 4 }),
  mutate: (state, author, operations) => {
    const edits: Record<string, document.Edit<unknown>[]> = {}
    for (const operation of operations) {
      for (const [name, edit] of Object.entries(editsOf(author, operation))) {
        const list = (edits[name] ??= [])
        list.push(edit as document.Edit<unknown>)
      }
    }
    return document.edit(everything, state, edits)
  },
  absorb: inPlace(everything.shape),
}

/** Contexts and vectors have no encoding of their own; that of a flag that was never set is theirs. */
const contexts: Lattice<CausalContext> = {
  bottom: causalContext.bottom,
  join: causalContext.join,
  encode: (context) => ewFlag.encode({ store: new Map(), context }),
  decode: (bytes) => {
    const { store, context } = ewFlag.decode(bytes)
    if (store.size > 0) throw new DecodeError('A context holds no entries')
    return context
  },
}

export const context: Subject<CausalContext, null> = {
  name: 'causal-context',
  lattice: contexts,
  operations: fc.constant(null),
  mutate: (state, { replica }) => causalContext.of(causalContext.next(state, replica)),
  absorb: (state, deltas) => {
    const copy = causalContext.mutable(state)
    for (const delta of deltas) causalContext.absorb(copy, delta)
    return copy
  },
}

export const vector: Subject<VersionVector, null> = {
  name: 'version-vector',
  lattice: {
    bottom: versionVector.bottom,
    join: versionVector.join,
    encode: (vector) => contexts.encode({ vector, cloud: new Map() }),
    decode: (bytes) => {
      const { vector, cloud } = contexts.decode(bytes)
      if (cloud.size > 0) throw new DecodeError('A vector has no cloud')
      return vector
    },
  },
  operations: fc.constant(null),
  mutate: (state, { replica }) => new Map([[replica, versionVector.counterOf(state, replica) + 1]]),
  absorb: (state, deltas) => deltas.reduce(versionVector.join, state),
}

export const subjects: readonly Subject[] = [
  flag,
  multiValue,
  lastWriter,
  set,
  map,
  counter,
  escrow,
  log,
  documents,
  context,
  vector,
]
