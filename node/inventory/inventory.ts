/**
 * The stock of a running node: fetches and shares rights, keeps what it promised, clears away what is
 * over. What a checkout needs of it is `covered`; the rules themselves are pure and stand elsewhere.
 */

import type { ReplicaId } from '../../crdt/dot.ts'
import * as escrowCounter from '../../crdt/escrow-counter.ts'
import type { Value } from '../../crdt/value.ts'
import type { Clock, Random, Timers } from '../../sync/surroundings.ts'
import type { VariantId } from '../catalog/ids.ts'
import type { World } from '../core/capability.ts'
import type { Command, Core, Outcome } from '../core/core.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { Refusal } from '../errors.ts'
import { Fault } from '../fault.ts'
import type { Result } from '../result.ts'
import type { Answering, AskPeers } from './ask-peers.ts'
import { createBroker, type Transfer } from './broker.ts'
import { debtsOf, type Debt } from './debts.ts'
import { createDemand } from './demand.ts'
import { createEstates, type Changed, type Estates } from './estates.ts'
import { heldUnits } from './holds.ts'
import { stockLegacy, type Inherited } from './legacy.ts'
import { coverMsMax, demandTrackedMax, tendEveryMs, tendedAtOnce } from './limits.ts'
import { parseStockId, stockIdOf, type StockId } from './location-id.ts'
import type { HoldOver, InventoryQueries } from './queries.ts'
import { free, owedHere, type Shortage } from './reservation.ts'
import { hasHoldsOver, spreadOf, spreadRights, sweepHolds } from './rights-rules.ts'
import { locationsOf, stock, variantMode, type Stock } from './stock.ts'
import { deliverOwed } from './stock-rules.ts'

export interface Inventory {
  /** The world as a rule would see it now, to read by. */
  readonly world: () => World
  /**
   * Submits a command, and again with rights fetched from other nodes while it is refused for want of
   * them and time is left. The refusal must carry its `shortage`.
   */
  covered<Input, Answer extends Value>(
    command: Command<Input, Answer>,
    waitMs?: number,
  ): Promise<Result<Outcome<Answer>, Refusal>>
  /** Fetches what is short from other nodes; resolves with whether it is worth trying again. */
  cover(shortage: Shortage, waitMs: number): Promise<boolean>
  /** The units of a variant that this node can sell or fetch now; without end if they are not counted. */
  reachable(variant: VariantId): number
  /** The answering side of `AskPeers`, for the topic of `rights-message.ts`. */
  readonly answer: Answering
  /** To be called after each durable transaction, with the documents it changed. */
  committed(changed: readonly Changed[]): void
  readonly estates: Pick<Estates, 'list'>
  /** Stocks of which more was sold than there were rights to, as far as they were looked at. */
  debts(): readonly Debt[]
  /** Looks after some of the stocks now. It is done by itself every second. */
  tend(): Promise<void>
  close(): void
}

export type { Changed }

export interface InventoryDeps {
  /** The node's name. */
  readonly node: string
  readonly core: Core
  readonly pipeline: Pick<Pipeline, 'submit'>
  readonly queries: Pick<InventoryQueries, 'stocksAfter' | 'stocksWithHoldsOver' | 'openEstates'>
  /** What else than stock has rights in it, of which an heir takes what is left. */
  readonly alsoInherited: readonly Inherited[]
  /** The other nodes that belong to the cluster, and the replicas that a node was. */
  readonly others: () => readonly string[]
  readonly replicasOf: (node: string) => readonly ReplicaId[]
  readonly peers: AskPeers
  readonly clock: Clock
  readonly timers: Timers
  readonly soon: (work: () => void) => void
  readonly random: Random
  readonly observe?: (transfer: Transfer) => void
  /** Called when more was sold of a stock than there were rights to, once for a stock. */
  readonly foundDebts?: (debts: readonly Debt[]) => void
  /** Called when a command went wrong that nobody waits for. */
  readonly failed: (error: unknown) => void
}

export const createInventory = (deps: InventoryDeps): Inventory => {
  const { core, pipeline, queries, peers, clock, timers } = deps
  const actor = `node/${deps.node}`
  const demand = createDemand()
  // What this node had sold or set aside of a stock when it was looked at last.
  const taken = new Map<StockId, number>()
  const touched = new Set<StockId>()
  const debts = new Map<StockId, readonly Debt[]>()
  // Where the look at all stocks goes on; undefined when it has come to the end.
  let cursor: number | undefined = 0
  let scannedWith = ''
  let lastOver = firstOver
  let isClosed = false

  const world = (): World => {
    const replica = core.replica()
    return {
      replica,
      lineage: core.lineage(),
      time: { wallMs: clock.now(), logical: 0, replica },
      read: core.read,
      exists: core.exists,
      isAnswered: core.isAnswered,
    }
  }

  const broker = createBroker({
    ...deps,
    world,
    demand,
    submit: (command) => pipeline.submit(command),
  })

  const estates = createEstates({
    node: deps.node,
    world,
    queries,
    inherited: [{ legacy: stockLegacy, after: queries.stocksAfter }, ...deps.alsoInherited],
    others: deps.others,
    replicasOf: deps.replicasOf,
    submit: (command) => quietly(() => pipeline.submit({ ...command, actor })),
  })

  const covered: Inventory['covered'] = async (command, waitMs = coverMsMax) => {
    const untilMs = clock.monotonic() + waitMs
    for (;;) {
      const done = await pipeline.submit(command)
      const shortage = done.ok ? undefined : shortageOf(done.refusal)
      const left = untilMs - clock.monotonic()
      if (!shortage || left <= 0 || !(await broker.cover(shortage, left))) return done
    }
  }

  /** Notes what was sold or set aside here since the last time. */
  const noteDemand = (id: StockId) => {
    const now = takenOf(world(), core.read(stock, id))
    const before = taken.get(id)
    taken.delete(id)
    taken.set(id, now)
    const oldest = taken.size > demandTrackedMax ? taken.keys().next().value : undefined
    if (oldest !== undefined) taken.delete(oldest)
    if (before !== undefined && now > before) demand.note(id, now - before, clock.now())
  }

  const tend = async () => {
    await sweepSome()
    const ids = new Set([...[...touched].slice(0, tendedAtOnce), ...scanned()])
    for (const id of ids) touched.delete(id)
    for (const id of ids) {
      await keepPromises(id)
      noteDebts(id)
    }
    await estates.tend()
    for (const id of demand.busy(clock.now())) broker.prefetch(id)
    await spread([...ids])
  }

  /**
   * All stocks, some at a time, once after the start and whenever other nodes come into reach: what was
   * not touched since then has nothing new to be looked after.
   */
  const scanned = (): readonly StockId[] => {
    const inReach = peers
      .peers()
      .map(({ name }) => name)
      .sort()
      .join(' ')
    if (inReach !== scannedWith) cursor = 0
    scannedWith = inReach
    if (cursor === undefined) return []
    const found = queries.stocksAfter(cursor, tendedAtOnce)
    cursor = found.length < tendedAtOnce ? undefined : found.at(-1)?.document
    return found.map(({ id }) => id)
  }

  const noteDebts = (id: StockId) => {
    const found = debtsOf(world(), id)
    if (found.length > 0 && !debts.has(id)) deps.foundDebts?.(found)
    if (found.length > 0) debts.set(id, found)
    else debts.delete(id)
  }

  // Round and round: a hold of another node stays until its grace is over, and is passed by till then.
  const sweepSome = async () => {
    const over = queries.stocksWithHoldsOver(clock.now(), lastOver, tendedAtOnce)
    lastOver = over.at(-1) ?? firstOver
    for (const { id } of over) {
      if (!hasHoldsOver(world(), core.read(stock, id))) continue
      await quietly(() => pipeline.submit({ decide: sweepHolds, input: { stock: id }, actor }))
    }
  }

  const keepPromises = async (id: StockId) => {
    const place = parseStockId(id)
    const document = core.read(stock, id)
    const seen = world()
    if (!place || owedHere(seen, document) === 0 || free(seen, document) === 0) return
    await quietly(() => pipeline.submit({ decide: deliverOwed, input: place, actor }))
  }

  const spread = async (ids: readonly StockId[]) => {
    const inReach = peers.peers()
    if (inReach.length === 0) return
    const seen = world()
    const stocks = ids.filter((id) => spreadOf(seen, id, inReach).length > 0).slice(0, tendedAtOnce)
    if (stocks.length === 0) return
    const input = { stocks, peers: inReach }
    await quietly(() => pipeline.submit({ decide: spreadRights, input, actor }))
  }

  // Nobody waits for it, and what is not done now is done in a second.
  const quietly = async (work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof Fault)) deps.failed(error)
    }
  }

  let cancel = () => {}
  const again = () => {
    cancel = timers.after(tendEveryMs, () => void tendAgain())
  }
  const tendAgain = async () => {
    await tend().catch(deps.failed)
    if (!isClosed) again()
  }
  again()

  return {
    world,
    covered,
    cover: broker.cover,
    reachable: (variant) => {
      const seen = world()
      if (variantMode(seen, variant) !== 'rights') return Number.POSITIVE_INFINITY
      return locationsOf(seen, variant)
        .map((location) => stockIdOf(variant, location))
        .reduce((sum, id) => sum + free(seen, seen.read(stock, id)) + broker.reachable(id), 0)
    },
    answer: broker.answer,
    estates,
    debts: () => [...debts.values()].flat(),
    tend,
    committed: (changed) => {
      estates.committed(changed)
      for (const { kind, id } of changed) {
        if (kind.schema.kind !== stock.kind) continue
        noteDemand(id as StockId)
        if (touched.size < demandTrackedMax) touched.add(id as StockId)
        // More than can be remembered: all are looked at once more.
        else cursor = 0
      }
      broker.committed()
    },
    close: () => {
      isClosed = true
      cancel()
    },
  }
}

const firstOver: HoldOver = { untilMs: 0, document: 0, id: '' as StockId }

const shortageOf = (refusal: Refusal): Shortage | undefined => {
  const { shortage } = refusal
  return isShortage(shortage) ? shortage : undefined
}

const isShortage = (value: unknown): value is Shortage =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'shortage'

const takenOf = (world: World, document: Stock): number => {
  const { lineage, time } = world
  const spent = escrowCounter.spentBy({ store: document.store.units }, lineage)
  return spent + heldUnits(document, { lineage, nowMs: time.wallMs })
}
