/**
 * Islands: several nodes' cores with their stock, in one process, on virtual time. Changes and questions
 * travel between them over links that are slow, lose things, and can be cut. All chance is from a seed.
 */

import type { Value } from '../../../../crdt/value.ts'
import type { ReplicaId } from '../../../../crdt/dot.ts'
import * as escrowCounter from '../../../../crdt/escrow-counter.ts'
import { createProduct } from '../../../../node/catalog/product-rules.ts'
import { createCatalogQueries } from '../../../../node/catalog/queries.ts'
import { createSkuOwners } from '../../../../node/catalog/sku-owners.ts'
import { productIdOf, variantIdOf, type VariantId } from '../../../../node/catalog/ids.ts'
import { createChangeLog } from '../../../../node/core/change-log.ts'
import type { DocumentKind } from '../../../../node/core/capability.ts'
import { createCore, type Command, type Core, type Outcome } from '../../../../node/core/core.ts'
import type { Lineage } from '../../../../node/core/lineage.ts'
import { createPipeline, type Pipeline } from '../../../../node/core/pipeline.ts'
import { createSqliteStore } from '../../../../node/core/sqlite-store.ts'
import type { Refusal } from '../../../../node/errors.ts'
import { createInventory, type Inventory } from '../../../../node/inventory/inventory.ts'
import type { AskPeers } from '../../../../node/inventory/ask-peers.ts'
import type { Transfer } from '../../../../node/inventory/broker.ts'
import { coverMsMax, tendEveryMs } from '../../../../node/inventory/limits.ts'
import { mainLocation, stockIdOf } from '../../../../node/inventory/location-id.ts'
import { createInventoryQueries } from '../../../../node/inventory/queries.ts'
import { free, type Shortage } from '../../../../node/inventory/reservation.ts'
import { stock } from '../../../../node/inventory/stock.ts'
import { couponLegacies } from '../../../../node/promotions/coupon-legacy.ts'
import { createPromotionQueries } from '../../../../node/promotions/queries.ts'
import { createNodeQueries } from '../../../../node/replication/queries.ts'
import { openReplica } from '../../../../node/replication/replica.ts'
import type { Result } from '../../../../node/result.ts'
import type { Timers } from '../../../../sync/surroundings.ts'
import * as shop from '../../../../node/shop.ts'
import { createRandom, type Random } from '../../../simulation/world/random.ts'
import { createVirtualTime } from '../../sync/virtual-time.ts'
import { productInput } from '../catalog/region.ts'

/** What becomes of a request that is short of rights here. */
export type Policy =
  /** It waits while others are asked; and rights are shared before they are needed. */
  | 'fetch first'
  /** It is refused, and others are asked behind it, for those who come next. */
  | 'refuse first'

export interface Sea {
  readonly latencyMs: readonly [least: number, most: number]
  /** Of everything that is sent. */
  readonly lossRate: number
}

export const calm: Sea = { latencyMs: [1, 3], lossRate: 0 }
export const rough: Sea = { latencyMs: [20, 120], lossRate: 0.1 }

/** How often a node sends again what a peer has not got. */
const resendMs = 300

export interface Island {
  readonly name: string
  readonly core: Core
  readonly inventory: Inventory
  readonly transfers: readonly Transfer[]
  run<Input, Answer extends Value>(
    command: Pick<Command<Input, Answer>, 'decide' | 'input'> & Partial<Command<Input, Answer>>,
  ): Promise<Result<Outcome<Answer>, Refusal>>
  /** As `run`, with rights fetched from others if it takes that. */
  covered<Input, Answer extends Value>(
    command: Pick<Command<Input, Answer>, 'decide' | 'input'> & Partial<Command<Input, Answer>>,
  ): Promise<Result<Outcome<Answer>, Refusal>>
  /** The process ends and another begins on the same disk, as the next replica. */
  restart(): Promise<void>
  units(variant: VariantId): {
    readonly received: number
    readonly spent: number
    readonly own: number
  }
  /** The units that it can sell to somebody new. */
  free(variant: VariantId): number
}

export interface Islands {
  readonly all: readonly Island[]
  readonly time: ReturnType<typeof createVirtualTime>
  readonly random: Random
  island(name: string): Island
  setLink(a: string, b: string, state: 'open' | 'cut'): void
  isCut(a: string, b: string): boolean
  cutAll(): void
  healAll(): void
  /** Lets time pass until every node has all that every other has. */
  settle(): Promise<void>
  /** Lets time pass until these nodes have all that each other has. */
  settleAmong(names: readonly string[]): Promise<void>
  /** Waits for something while time passes. */
  await<T>(work: Promise<T>): Promise<T>
  /** A product that is sold, everywhere known; answers its only variant. */
  offer(at: string, sku: string, initialQuantity?: number): Promise<VariantId>
}

export const createIslands = async (
  names: readonly string[],
  options: {
    readonly seed: number
    readonly sea?: Sea
    readonly kinds?: readonly DocumentKind[]
    readonly policy?: Policy
  },
): Promise<Islands> => {
  const { seed, sea = calm, kinds = shop.kinds, policy = 'fetch first' } = options
  const random = createRandom(seed)
  const chance = random.split('sea')
  const time = createVirtualTime()
  const cut = new Set<string>()
  const linkOf = (a: string, b: string) => [a, b].sort().join('-')
  const isCut = (a: string, b: string) => cut.has(linkOf(a, b))
  const travelMs = () =>
    sea.latencyMs[0] + chance.fraction() * (sea.latencyMs[1] - sea.latencyMs[0])
  const islands = new Map<string, ReturnType<typeof createIsland>>()
  const withoutTending: Timers = {
    after: (ms, work) => (ms === tendEveryMs ? () => undefined : time.timers.after(ms, work)),
  }

  const createIsland = (name: string) => {
    const store = createSqliteStore({
      file: ':memory:',
      readModelSql: shop.readModelSql,
      readModelTables: shop.readModelTables,
    })
    const bytes = random.split(name)
    const transfers: Transfer[] = []
    const replicas: ReplicaId[] = []
    const lineage: Lineage = {
      replicas: () => replicas,
      succeed: (replica) => void replicas.unshift(replica),
    }
    const nodes = createNodeQueries(store.database)
    const activeOthers = () =>
      nodes
        .list()
        .filter((one) => one.name !== name && one.standing === 'active')
        .map((one) => one.name)
    let life = 0
    let core!: Core
    let pipeline!: Pipeline
    let inventory!: Inventory

    const peers: AskPeers = {
      peers: () =>
        [...islands.values()]
          .filter((other) => other.name !== name && !isCut(name, other.name))
          .map((other) => ({ name: other.name, replica: other.core().replica() })),
      ask: (to, _topic, question, deadlineMs) => {
        const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
        time.timers.after(deadlineMs, () => reject(new Error('No answer')))
        const carry = (from: string, next: string, work: () => void) => {
          if (isCut(from, next) || chance.chance(sea.lossRate)) return
          time.timers.after(travelMs(), () => {
            if (!isCut(from, next)) work()
          })
        }
        carry(name, to, () => {
          const other = islands.get(to)!
          void other
            .inventory()
            .answer(question, { name, replica: core.replica() })
            .then((answer) => carry(to, name, () => resolve(answer)), reject)
        })
        return promise
      },
    }

    const begin = () => {
      const own = ++life
      let isScheduled = false
      // A process that has ended does nothing any more.
      const alive: Timers = {
        after: (ms, work) => time.timers.after(ms, () => own === life && work()),
      }
      const soon = (work: () => void) => void alive.after(0, work)
      core = createCore({
        store,
        kinds,
        clock: time.clock,
        random: (count) => bytes.bytes(count),
        lineage,
        committed: (changed) => {
          if (own === life) inventory?.committed(changed)
        },
      })
      pipeline = createPipeline({
        core,
        soon,
        monotonic: () => time.clock.monotonic(),
        observe: () => {
          if (isScheduled) return
          isScheduled = true
          soon(() => {
            isScheduled = false
            if (own === life) sendAll()
          })
        },
        broken: (error) => {
          throw error
        },
      })
      inventory = createInventory({
        node: name,
        core,
        pipeline,
        queries: createInventoryQueries(store.database),
        alsoInherited: couponLegacies(createPromotionQueries(store.database)),
        peers,
        others: () => activeOthers(),
        replicasOf: (node) => nodes.everyReplicaOf(node),
        clock: time.clock,
        timers: policy === 'fetch first' ? alive : withoutTending,
        soon,
        random: (count) => bytes.bytes(count),
        observe: (transfer) => transfers.push(transfer),
        failed: (error) => {
          throw error
        },
      })
      void pipeline.submit({ decide: openReplica, input: { node: name }, actor: `node/${name}` })
    }

    const sendAll = () => {
      for (const other of islands.values()) if (other.name !== name) sendTo(other)
    }
    const sendTo = (other: ReturnType<typeof createIsland>) => {
      if (isCut(name, other.name) || chance.chance(sea.lossRate)) return
      const { entries } = log().read(log().positionFor(other.log().vector()), 256 * 1_024)
      if (entries.length === 0) return
      const changes = entries.map((entry) => entry.bytes)
      const deliver = () => {
        if (!isCut(name, other.name)) other.receive(changes)
      }
      time.timers.after(travelMs(), deliver)
      // What is sent may come twice.
      if (chance.chance(sea.lossRate)) time.timers.after(travelMs() * 2, deliver)
    }
    const resend = () => {
      sendAll()
      time.timers.after(resendMs, resend)
    }
    const log = () => createChangeLog(core, store)
    begin()
    resend()
    return {
      name,
      transfers,
      store,
      log,
      core: () => core,
      pipeline: () => pipeline,
      inventory: () => inventory,
      receive: (changes: readonly Uint8Array[]) => {
        void pipeline.receive(changes).then(sendAll)
      },
      restart: () => {
        inventory.close()
        begin()
      },
    }
  }

  for (const name of names) islands.set(name, createIsland(name))

  const awaited = async <T>(work: Promise<T>): Promise<T> => {
    const progress = { isDone: false }
    const done = work.finally(() => {
      progress.isDone = true
    })
    done.catch(() => undefined)
    for (let turns = 0; !progress.isDone; turns++) {
      if (turns > 200_000) throw new Error('It never came to an end')
      await time.advance(1)
    }
    return done
  }

  const view = ({ name, transfers, ...of }: ReturnType<typeof createIsland>): Island => ({
    name,
    transfers,
    get core() {
      return of.core()
    },
    get inventory() {
      return of.inventory()
    },
    run: (command) => of.pipeline().submit({ actor: 'account/tester', ...command }),
    covered: async (command) => {
      const asked = { actor: 'account/tester', ...command }
      if (policy === 'fetch first') return of.inventory().covered(asked)
      const done = await of.pipeline().submit(asked)
      const shortage = done.ok ? undefined : (done.refusal['shortage'] as Shortage | undefined)
      if (shortage) void of.inventory().cover(shortage, coverMsMax)
      return done
    },
    restart: async () => {
      of.restart()
      await time.advance(1)
    },
    free: (variant) =>
      free(of.inventory().world(), of.core().read(stock, stockIdOf(variant, mainLocation))),
    units: (variant) => {
      const { store } = of.core().read(stock, stockIdOf(variant, mainLocation))
      const counter = { store: store.units }
      return {
        received: escrowCounter.received(counter),
        spent: escrowCounter.spent(counter),
        own: escrowCounter.rights(counter, of.core().lineage()),
      }
    },
  })
  const all = [...islands.values()].map(view)
  const island = (name: string): Island => {
    const found = all.find((one) => one.name === name)
    if (!found) throw new Error(`There is no island ${name}`)
    return found
  }
  const settleAmong = async (among: readonly string[]) => {
    const digests = () => new Set(among.map((name) => islands.get(name)!.log().digest()))
    for (let turns = 0; digests().size > 1 || turns < 3; turns++) {
      if (turns > 200) throw new Error('They never agreed')
      await time.advance(resendMs)
    }
  }
  await time.advance(5)

  return {
    all,
    time,
    random,
    island,
    await: awaited,
    isCut,
    setLink: (a, b, state) => {
      if (state === 'cut') cut.add(linkOf(a, b))
      else cut.delete(linkOf(a, b))
    },
    cutAll: () => {
      for (const a of names) for (const b of names) if (a !== b) cut.add(linkOf(a, b))
    },
    healAll: () => cut.clear(),
    settle: () => settleAmong(names),
    settleAmong,
    offer: async (at, sku, initialQuantity) => {
      const of = islands.get(at)!
      const skuOwners = createSkuOwners(createCatalogQueries(of.store.database))
      const input = productInput({ sku, name: sku, initialQuantity })
      const done = await awaited(
        of.pipeline().submit({ decide: createProduct(skuOwners), input, actor: 'account/admin' }),
      )
      if (!done.ok) throw new Error(done.refusal.detail)
      return variantIdOf(productIdOf(sku), sku)
    },
  }
}
