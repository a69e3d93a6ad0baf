/** A running node's part in estates: it witnesses those of others, and takes over what it inherits. */

import type { ReplicaId } from '../../crdt/dot.ts'
import * as escrowCounter from '../../crdt/escrow-counter.ts'
import type { Value } from '../../crdt/value.ts'
import type { World } from '../core/capability.ts'
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
import { tendedAtOnce } from './limits.ts'
import type { StockId } from './location-id.ts'
import type { InventoryQueries } from './queries.ts'
import { stock } from './stock.ts'

export interface Estates {
  /** Does what is to be done now; `touched` are stocks that changed since the last time. */
  tend(touched: Iterable<StockId>): Promise<void>
  /** The open estates, each with the nodes whose witness is missing. */
  list(): readonly (EstateView & { readonly waitsFor: readonly string[] })[]
}

export interface EstatesDeps {
  /** The node's name. */
  readonly node: string
  readonly world: () => World
  readonly queries: Pick<InventoryQueries, 'openEstates' | 'stocksAfter'>
  readonly others: () => readonly string[]
  readonly replicasOf: (node: string) => readonly ReplicaId[]
  /** Submits what nobody waits for; what is not done now is done the next time. */
  readonly submit: <Input, Answer extends Value>(
    command: Pick<Command<Input, Answer>, 'decide' | 'input'>,
  ) => Promise<void>
}

export const createEstates = (deps: EstatesDeps): Estates => {
  const { node: self, world, queries, submit } = deps
  // How far all stocks were gone through, by the opening under which they are.
  const cursors = new Map<string, number>()

  const tendOne = async (node: string, touched: readonly StockId[]): Promise<void> => {
    const input = { self, node }
    if (owesWitness(world(), input)) return submit({ decide: witnessEstate, input })
    const opening = openingOf(world().read(estate, node))
    if (opening?.heir !== self) return
    if (!isFenced(world(), node)) return submit({ decide: closeEstate, input })
    const heir = { ...input, others: deps.others() }
    if (!mayTake(world(), heir).ok) return
    const replicas = deps.replicasOf(node)
    const cursor = cursors.get(opening.at) ?? 0
    const found = cursor === done ? [] : queries.stocksAfter(cursor, tendedAtOnce)
    cursors.set(opening.at, found.length < tendedAtOnce ? done : (found.at(-1)?.document ?? done))
    const stocks = [...new Set([...found.map(({ id }) => id), ...touched])].filter(
      (id) => unspent(world(), id, replicas) > 0,
    )
    const isTaken = viewEstate(node, world().read(estate, node))?.state === 'taken'
    if (stocks.length > 0 || !isTaken) {
      await submit({ decide: takeEstate, input: { ...heir, replicas, stocks } })
    }
  }

  return {
    tend: async (touched) => {
      const changed = [...touched]
      for (const node of queries.openEstates()) await tendOne(node, changed)
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

/** All stocks were gone through; from then on only those that change are looked at. */
const done = Number.POSITIVE_INFINITY

const unspent = (world: World, id: StockId, replicas: readonly ReplicaId[]): number =>
  escrowCounter.rights({ store: world.read(stock, id).store.units }, replicas)
