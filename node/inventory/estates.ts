/** A running node's part in estates: it witnesses those of others, and takes over what it inherits. */

import type { ReplicaId } from '../../crdt/dot.ts'
import type { Value } from '../../crdt/value.ts'
import type { DocumentKind, World } from '../core/capability.ts'
import type { Command } from '../core/core.ts'
import { isFenced } from '../replication/membership.ts'
import {
  closeEstate,
  estate,
  mayTake,
  openingOf,
  owesWitness,
  takeEstate,
  viewEstate,
  witnessEstate,
  type EstateView,
} from './estate.ts'
import { unspent, type Inherited } from './legacy.ts'
import { tendedAtOnce } from './limits.ts'
import type { InventoryQueries } from './queries.ts'

export interface Estates {
  /** Does what is to be done now. */
  tend(): Promise<void>
  /** To be called after each durable transaction, with the documents it changed. */
  committed(changed: readonly Changed[]): void
  /** The open estates, each with the nodes whose witness is missing. */
  list(): readonly (EstateView & { readonly waitsFor: readonly string[] })[]
}

export interface Changed {
  readonly kind: Pick<DocumentKind, 'schema'>
  readonly id: string
}

export interface EstatesDeps {
  /** The node's name. */
  readonly node: string
  readonly world: () => World
  readonly queries: Pick<InventoryQueries, 'openEstates'>
  /** All that has rights in it. */
  readonly inherited: readonly Inherited[]
  readonly others: () => readonly string[]
  readonly replicasOf: (node: string) => readonly ReplicaId[]
  /** Submits what nobody waits for; what is not done now is done the next time. */
  readonly submit: <Input, Answer extends Value>(
    command: Pick<Command<Input, Answer>, 'decide' | 'input'>,
  ) => Promise<void>
}

export const createEstates = (deps: EstatesDeps): Estates => {
  const { node: self, world, queries, inherited, submit } = deps
  // How far all documents of a kind were gone through, by the opening under which they are and the kind.
  const cursors = new Map<string, number>()
  // What changed since the last time, while there is somebody to inherit from.
  let touched = new Map<string, Set<string>>()
  let isWatching = false

  /** Some of the documents that may have something left: those that are new, and some of all. */
  const some = (at: string, legacy: Inherited, changed: ReadonlySet<string>): readonly string[] => {
    const key = `${at} ${legacy.legacy.kind}`
    const cursor = cursors.get(key) ?? 0
    const found = cursor === done ? [] : legacy.after(cursor, tendedAtOnce)
    cursors.set(key, found.length < tendedAtOnce ? done : (found.at(-1)?.document ?? done))
    return [...new Set([...found.map(({ id }) => id), ...changed])]
  }

  const tendOne = async (
    node: string,
    changed: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<void> => {
    const input = { self, node }
    if (owesWitness(world(), input)) return submit({ decide: witnessEstate, input })
    const opening = openingOf(world().read(estate, node))
    if (opening?.heir !== self) return
    if (!isFenced(world(), node)) return submit({ decide: closeEstate, input })
    const heir = { ...input, others: deps.others() }
    if (!mayTake(world(), heir).ok) {
      // What changes meanwhile is found by going through all once more.
      cursors.clear()
      return
    }
    const replicas = deps.replicasOf(node)
    const parts = inherited.flatMap((one) => {
      const { legacy } = one
      return some(opening.at, one, changed.get(legacy.kind) ?? none)
        .filter((id) => unspent(world(), legacy, { id, replicas }) > 0)
        .map((id) => ({ legacy, id }))
    })
    const isTaken = viewEstate(node, world().read(estate, node))?.state === 'taken'
    if (parts.length > 0 || !isTaken) {
      await submit({ decide: takeEstate, input: { ...heir, replicas, parts } })
    }
  }

  return {
    tend: async () => {
      const open = queries.openEstates()
      isWatching = open.length > 0
      const changed = touched
      touched = new Map()
      for (const node of open) await tendOne(node, changed)
    },
    committed: (changed) => {
      if (!isWatching) return
      for (const { kind, id } of changed) {
        const { kind: name } = kind.schema
        if (!inherited.some(({ legacy }) => legacy.kind === name)) continue
        const ids = touched.get(name) ?? new Set()
        touched.set(name, ids.add(id))
        if (ids.size <= touchedMax) continue
        // More than one change should take: all are gone through once more.
        touched.delete(name)
        cursors.clear()
      }
    },
    list: () =>
      queries.openEstates().flatMap((node) => {
        const view = viewEstate(node, world().read(estate, node))
        if (!view) return []
        const waitsFor = deps
          .others()
          .concat(self)
          .filter((name) => name !== node && name !== view.heir && !view.witnesses.includes(name))
        return [{ ...view, waitsFor }]
      }),
  }
}

/** All were gone through; from then on only those that change are looked at. */
const done = Number.POSITIVE_INFINITY

const none: ReadonlySet<string> = new Set()

/** Of one kind at once: as many as are gone through in one round. */
const touchedMax = tendedAtOnce
