/**
 * A shop that sells, in a simulation: a node's real core, stock, coupons, payments and checkouts on
 * virtual time. Its process ends anywhere and is started again on the same store; what it was about to do
 * then never happens.
 */

import type { Value } from '../../../crdt/value.ts'
import type { ReplicaId } from '../../../crdt/dot.ts'
import {
  beginCheckout,
  type BeginInput,
  type RiskRules,
} from '../../../node/checkout/begin-rules.ts'
import type { Driven } from '../../../node/checkout/driver.ts'
import { createCheckoutQueries } from '../../../node/checkout/queries.ts'
import { createCheckouts } from '../../../node/checkout/runner.ts'
import type { Decide } from '../../../node/core/capability.ts'
import { createChangeLog } from '../../../node/core/change-log.ts'
import { createCore, type Core, type Outcome } from '../../../node/core/core.ts'
import { createPipeline } from '../../../node/core/pipeline.ts'
import { createSqliteStore } from '../../../node/core/sqlite-store.ts'
import type { Refusal } from '../../../node/errors.ts'
import type { Answering } from '../../../node/inventory/ask-peers.ts'
import { createInventory, type Changed } from '../../../node/inventory/inventory.ts'
import { createInventoryQueries } from '../../../node/inventory/queries.ts'
import { topic as rightsTopic } from '../../../node/inventory/rights-message.ts'
import { createHttpIntents } from '../../../node/payments/intents/http-intents.ts'
import { createIntentProvider } from '../../../node/payments/intents/intent-provider.ts'
import { createPayments } from '../../../node/payments/payments.ts'
import { createPaymentQueries } from '../../../node/payments/queries.ts'
import { createCouponBroker } from '../../../node/promotions/coupon-broker.ts'
import { couponLegacies } from '../../../node/promotions/coupon-legacy.ts'
import { couponTopic } from '../../../node/promotions/coupon-message.ts'
import { createPromotionQueries } from '../../../node/promotions/queries.ts'
import { createNodeQueries } from '../../../node/replication/queries.ts'
import { openReplica } from '../../../node/replication/replica.ts'
import type { Result } from '../../../node/result.ts'
import * as shop from '../../../node/shop.ts'
import { epochMs } from '../cluster/machine.ts'
import type { Random } from '../world/random.ts'
import type { Timeline } from '../world/timeline.ts'
import type { SimGateway } from './gateway.ts'
import type { Sea } from './sea.ts'

export interface Shop {
  readonly name: string
  /** The process that runs; undefined while there is none. */
  life(): Life | undefined
  start(): void
  /** Ends the process, wherever it is. */
  kill(): void
  close(): void
}

/** One process, from its start to its end. */
export interface Life {
  readonly core: Core
  readonly log: ReturnType<typeof createChangeLog>
  readonly answering: ReadonlyMap<string, Answering>
  readonly database: ReturnType<typeof createSqliteStore>['database']
  /** Resolves when the process ends before its time. */
  readonly ended: Promise<void>
  receive(changes: readonly Uint8Array[]): Promise<unknown>
  place(input: BeginInput): Promise<Result<Driven, Refusal>>
  run<Input, Answer extends Value>(
    decide: Decide<Input, Answer>,
    input: Input,
  ): Promise<Result<Outcome<Answer>, Refusal>>
}

export interface ShopDeps {
  readonly timeline: Timeline
  readonly random: Random
  readonly sea: Sea
  readonly gateway: SimGateway
  /** After each transaction that became durable. */
  readonly committed: (core: Core, changed: readonly Changed[]) => void
  readonly threw: (error: unknown) => void
}

// Hundreds who pay with one card in a minute would all be looked at by a person first.
const nothingOdd: RiskRules = { assessRisk: () => ({ score: 0, reasons: [] }) }

export const createShop = (deps: ShopDeps, name: string): Shop => {
  const { timeline, sea, gateway } = deps
  const store = createSqliteStore({
    file: ':memory:',
    readModelSql: shop.readModelSql,
    readModelTables: shop.readModelTables,
  })
  const replicas: ReplicaId[] = []
  const nodes = createNodeQueries(store.database)
  const others = () =>
    nodes
      .list()
      .filter((one) => one.name !== name && one.standing === 'active')
      .map((one) => one.name)
  const random = deps.random.split(name)
  let starts = 0
  let life: Life | undefined
  let end = () => {}

  const begin = (): Life => {
    const chance = random.split(`start ${++starts}`)
    const gone = Promise.withResolvers<void>()
    let isOver = false
    const clock = {
      now: () => Math.floor(epochMs + timeline.nowMs()),
      monotonic: () => timeline.nowMs(),
    }
    // A process that has ended does nothing any more.
    const alive = (work: () => void) => () => {
      if (!isOver) work()
    }
    const timers = {
      after: (ms: number, work: () => void) => timeline.at(timeline.nowMs() + ms, alive(work)),
    }
    const soon = (work: () => void) => queueMicrotask(alive(work))
    const failed = (error: unknown) => {
      if (!isOver) deps.threw(error)
    }
    let isSending = false
    const core = createCore({
      store,
      kinds: shop.kinds,
      clock,
      random: chance.bytes,
      lineage: { replicas: () => replicas, succeed: (replica) => void replicas.unshift(replica) },
      committed: (changed) => {
        if (isOver) return
        inventory?.committed(changed)
        checkouts?.committed(changed)
        coupons?.committed()
        deps.committed(core, changed)
      },
    })
    const real = createPipeline({
      core,
      soon,
      monotonic: clock.monotonic,
      observe: () => {
        if (isSending) return
        isSending = true
        timers.after(0, () => {
          isSending = false
          sea.send(name)
        })
      },
      broken: failed,
    })
    // Nobody hears what a process has written that ended before it could say so.
    const pipeline: Pick<typeof real, 'submit'> = {
      submit: async (command) => {
        const result = await real.submit(command)
        return isOver ? new Promise(() => {}) : result
      },
    }
    const peers = sea.askedBy(name)
    let inventory: ReturnType<typeof createInventory> | undefined
    let checkouts: ReturnType<typeof createCheckouts> | undefined
    let coupons: ReturnType<typeof createCouponBroker> | undefined
    inventory = createInventory({
      node: name,
      core,
      pipeline,
      queries: createInventoryQueries(store.database),
      alsoInherited: couponLegacies(createPromotionQueries(store.database)),
      others,
      replicasOf: (node) => nodes.everyReplicaOf(node),
      peers,
      clock,
      timers,
      soon,
      random: chance.bytes,
      failed,
    })
    coupons = createCouponBroker({
      core,
      submit: (command) => pipeline.submit(command),
      peers,
      clock,
      timers,
      random: chance.bytes,
    })
    const provider = createIntentProvider({
      name: 'sandbox',
      api: createHttpIntents({
        baseUrl: 'http://gateway',
        secretKey: 'sk_test',
        webhookSecret: 'whsec_test',
        send: gateway.send,
      }),
      patiently: (signal, send) => send(signal),
    })
    const payments = createPayments({
      provider,
      core,
      pipeline,
      queries: createPaymentQueries(store.database),
      clock,
      timers,
      random: chance.bytes,
      log: { warn: () => undefined, error: ({ err }: { err?: unknown }) => failed(err) },
      node: name,
    })
    checkouts = createCheckouts({
      node: name,
      core,
      pipeline,
      provider,
      copies: { copies: () => 0, isMerged: () => false, waitForCopy: () => Promise.resolve(0) },
      hasOthers: () => false,
      durability: 'prefer-replicated',
      timers,
      settlePayment: async (id) => {
        await payments.settle(id).catch(failed)
      },
      covered: inventory.covered,
      coupons,
      queries: createCheckoutQueries(store.database),
      inReach: () => new Set(peers.peers().map((peer) => peer.name)),
      clock,
      soon,
      failed,
    })
    const own: Life = {
      core,
      log: createChangeLog(core, store),
      answering: new Map([
        [rightsTopic, inventory.answer],
        [couponTopic, coupons.answer],
      ]),
      database: store.database,
      ended: gone.promise,
      receive: (changes) => real.receive(changes),
      place: (input) =>
        checkouts.place({
          decide: beginCheckout(nothingOdd),
          input: { ...input, node: name },
          actor: input.who,
          request: { id: `key/${input.id}`, fingerprint: input.id },
        }),
      run: (decide, input) => pipeline.submit({ decide, input, actor: 'account/admin' }),
    }
    const { close } = inventory
    end = () => {
      isOver = true
      close()
      life = undefined
      gone.resolve()
    }
    void own.run(openReplica, { node: name })
    checkouts.begin()
    return own
  }

  return {
    name,
    life: () => life,
    start: () => {
      life ??= begin()
    },
    kill: () => end(),
    close: () => {
      end()
      store.close()
    },
  }
}
