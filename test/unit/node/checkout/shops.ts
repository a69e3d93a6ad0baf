/**
 * Whole shops for tests: nodes on one virtual time, each with a real core, runner and payments, and one
 * real sandbox gateway that all of them ask. A node can end anywhere in the middle of what it does, and
 * then all of it is lost but its store.
 */

import { onTestFinished } from 'vitest'
import type { Value } from '../../../../crdt/value.ts'
import { createCatalogQueries } from '../../../../node/catalog/queries.ts'
import { createSkuOwners } from '../../../../node/catalog/sku-owners.ts'
import { createChangeLog } from '../../../../node/core/change-log.ts'
import { createCore, type Command } from '../../../../node/core/core.ts'
import { createBriefLineage } from '../../../../node/core/lineage.ts'
import { createPipeline } from '../../../../node/core/pipeline.ts'
import { createSqliteStore } from '../../../../node/core/sqlite-store.ts'
import { beginCheckout, type BeginInput } from '../../../../node/checkout/begin-rules.ts'
import type { OrderDurability } from '../../../../node/checkout/driver.ts'
import { createCheckoutQueries } from '../../../../node/checkout/queries.ts'
import { createCheckouts, type Checkouts } from '../../../../node/checkout/runner.ts'
import { createHttpIntents } from '../../../../node/payments/intents/http-intents.ts'
import { createIntentProvider } from '../../../../node/payments/intents/intent-provider.ts'
import { createPayments } from '../../../../node/payments/payments.ts'
import type { PaymentProvider } from '../../../../node/payments/provider.ts'
import { createPaymentQueries } from '../../../../node/payments/queries.ts'
import { createDesk } from '../../../../node/payments/sandbox/desk.ts'
import { noJournal } from '../../../../node/payments/sandbox/journal.ts'
import { createLedger } from '../../../../node/payments/sandbox/ledger.ts'
import { summary } from '../../../../node/payments/sandbox/requests.ts'
import { openReplica } from '../../../../node/replication/replica.ts'
import type { Copies } from '../../../../node/replication/copies.ts'
import * as shop from '../../../../node/shop.ts'
import { createTimeline, type Timeline } from '../../../simulation/world/timeline.ts'

export const startMs = Date.UTC(2026, 5, 1, 12)

export interface World {
  readonly timeline: Timeline
  readonly gateway: ReturnType<typeof createGateway>
  /** Lets time pass, with all that happens meanwhile. */
  pass(ms: number): Promise<void>
  /** Lets time pass until the promise has settled. */
  until<T>(promise: Promise<T>): Promise<T>
}

export const createWorld = (): World => {
  const timeline = createTimeline()
  const gateway = createGateway(timeline)
  const pass = async (ms: number): Promise<void> => {
    const limit = timeline.nowMs() + ms
    await settled()
    while (timeline.runNext(limit)) await settled()
  }
  return {
    timeline,
    gateway,
    pass,
    until: async (promise) => {
      const state = { isSettled: false }
      const settle = () => {
        state.isSettled = true
      }
      promise.then(settle, settle)
      for (let seconds = 0; !state.isSettled && seconds < 600; seconds++) {
        const limit = timeline.nowMs() + 1_000
        await settled()
        while (!state.isSettled && timeline.runNext(limit)) await settled()
      }
      if (!state.isSettled) throw new Error('It never ends')
      return promise
    },
  }
}

// All that follows from an event without time passing: a few turns are enough for any chain of ours.
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
}

const latencyMs = 5

const createGateway = (timeline: Timeline) => {
  const clock = { now: () => startMs + timeline.nowMs() }
  const after = (ms: number, work: () => void) => timeline.at(timeline.nowMs() + ms, work)
  let minted = 0
  const ledger = createLedger({
    clock,
    timers: { after },
    random: (bytes) => bytesOf(bytes, ++minted),
    lateMs: 30_000,
    happened: () => {},
    journal: noJournal,
  })
  const desk = createDesk({ ledger, clock, journal: noJournal })
  const calls: string[] = []
  let isDown = false

  /** What the gateway's HTTP server does with a request, without the sockets. */
  const answer: typeof fetch = (address, init = {}) => {
    const { pathname: path, searchParams: query } = new URL(
      address instanceof Request ? address.url : address,
    )
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    const signal = init.signal ?? undefined
    signal?.addEventListener('abort', () => reject(signal.reason as Error))
    const text = typeof init.body === 'string' ? init.body : ''
    const request = { method: init.method ?? 'GET', path, query, form: new URLSearchParams(text) }
    const headers = new Headers(init.headers)
    after(latencyMs, () => {
      if (isDown) return reject(new Error('connection refused'))
      calls.push(`${request.method} ${path.replace(/pi_\w+/, ':id')}`)
      const key = headers.get('idempotency-key') ?? undefined
      const { reply, fault } = desk.answer(request, key)
      // Nobody is ever answered on this connection.
      if (fault === 'never' || fault === 'never_before' || fault === 'not_the_first') return
      resolve(Response.json(reply.body, { status: reply.status }))
    })
    return promise
  }

  return {
    fetch: answer,
    calls,
    setDown: (down: boolean) => {
      isDown = down
    },
    /** What the books say of an order. */
    books: (orderId: string) => summary(ledger, orderId).body as Books,
  }
}

export interface Books {
  readonly intents: number
  readonly authorisedMinor: number
  readonly captures: number
  readonly capturedMinor: number
  readonly refundedMinor: number
}

const bytesOf = (bytes: number, number: number): Uint8Array => {
  const made = new Uint8Array(bytes)
  new DataView(made.buffer).setUint32(bytes - 4, number)
  return made
}

let mintedReplicas = 0

export interface ShopOptions {
  readonly name: string
  readonly durability?: OrderDurability
  readonly hasOthers?: boolean
  readonly copies?: Copies
}

/** What a process does that leaves it: where it can end. */
export type Moment = `${'before' | 'after'} ${string}`

export const createShop = (world: World, options: ShopOptions) => {
  const { timeline, gateway } = world
  const store = createSqliteStore({
    file: ':memory:',
    readModelSql: shop.readModelSql,
    readModelTables: shop.readModelTables,
  })
  onTestFinished(() => store.close())
  const lineage = createBriefLineage()
  const clock = {
    now: () => startMs + timeline.nowMs(),
    monotonic: () => timeline.nowMs(),
  }

  /** One life of the node's process. */
  const start = (inReach: () => ReadonlySet<string>, endAt: Moment | undefined) => {
    let isOver = false
    const moments: Moment[] = []
    const listeners = new Set<() => void>()
    const ended = Promise.withResolvers<void>()
    const end = () => {
      isOver = true
      ended.resolve()
    }
    /** Passes a moment; if the process ends in it, or has ended, nothing ever comes of what follows. */
    const pass = (moment: Moment): Promise<void> | undefined => {
      moments.push(moment)
      if (moment === endAt) end()
      return isOver ? new Promise(() => {}) : undefined
    }
    const around =
      <A, R>(name: string, work: (ask: A) => Promise<R>) =>
      async (ask: A): Promise<R> => {
        await pass(`before ${name}`)
        const result = await work(ask)
        await pass(`after ${name}`)
        return result
      }
    const timers = {
      after: (ms: number, callback: () => void) =>
        timeline.at(timeline.nowMs() + ms, () => {
          if (!isOver) callback()
        }),
    }
    const soon = (work: () => void) =>
      queueMicrotask(() => {
        if (!isOver) work()
      })

    let checkouts: Checkouts | undefined
    const core = createCore({
      store,
      kinds: shop.kinds,
      clock,
      random: (bytes) => bytesOf(bytes, ++mintedReplicas),
      lineage,
      committed: (changed) => {
        checkouts?.committed(changed)
        for (const listener of listeners) listener()
      },
    })
    const real = createPipeline({
      core,
      soon,
      monotonic: () => timeline.nowMs(),
      broken: (error) => {
        throw error
      },
    })
    const pipeline: Pick<typeof real, 'submit'> = {
      submit: async (command) => {
        const name = command.decide.name === '' ? 'begin' : command.decide.name
        await pass(`before ${name}`)
        const result = await real.submit(command)
        await pass(`after ${name}`)
        return result
      },
    }
    const provider = createIntentProvider({
      name: 'sandbox',
      api: createHttpIntents({
        baseUrl: 'http://gateway',
        secretKey: 'sk_test',
        webhookSecret: 'whsec_test',
        send: async ({ url, body, method, ...init }) => {
          const sent = method === 'POST' ? { method, body, ...init } : { method, ...init }
          const answer = await gateway.fetch(url, sent)
          return { status: answer.status, text: await answer.text() }
        },
      }),
      patiently: (signal, send) => send(signal),
    })
    const hooked: PaymentProvider = {
      ...provider,
      authorise: around('the gateway authorises', provider.authorise),
      capture: around('the gateway captures', provider.capture),
      release: around('the gateway releases', provider.release),
      refund: around('the gateway refunds', provider.refund),
    }
    const payments = createPayments({
      provider: hooked,
      core,
      pipeline,
      queries: createPaymentQueries(store.database),
      clock,
      timers,
      random: (bytes) => new Uint8Array(bytes),
      log: { warn: () => {}, error: () => {} },
      node: options.name,
    })
    checkouts = createCheckouts({
      node: options.name,
      core,
      pipeline,
      provider: hooked,
      copies: options.copies ?? {
        copies: () => 0,
        isMerged: () => false,
        waitForCopy: () => Promise.resolve(0),
      },
      hasOthers: () => options.hasOthers ?? false,
      durability: options.durability ?? 'prefer-replicated',
      timers,
      settlePayment: async (id) => void (await payments.settle(id)),
      covered: (command) => pipeline.submit(command),
      coupons: { fetch: () => Promise.resolve(false) },
      queries: createCheckoutQueries(store.database),
      inReach,
      clock,
      soon,
      failed: (error) => {
        throw error
      },
    })
    const run = <Input, Answer extends Value>(command: Command<Input, Answer>) => {
      const [result] = core.execute([command as Command])
      if (!result || 'thrown' in result) throw new Error('It threw', { cause: result?.thrown })
      return result
    }
    run({ decide: openReplica, input: { node: options.name }, actor: 'node' })
    checkouts.begin()
    return {
      core,
      payments,
      checkouts,
      run,
      skuOwners: createSkuOwners(createCatalogQueries(store.database)),
      /** The moments that it passed, in order. */
      moments,
      /** Resolves when it has ended before its time. */
      ended: ended.promise,
      isOver: () => isOver,
      end,
      onCommit: (listener: () => void) => listeners.add(listener),
      log: createChangeLog(core, store),
      place: (input: BeginInput, key = input.id) =>
        checkouts.place({
          decide: beginCheckout(payments),
          input: { ...input, node: options.name },
          actor: input.who,
          request: { id: `key/${key}`, fingerprint: JSON.stringify({ ...input, node: '' }) },
        }),
    }
  }

  return { name: options.name, start, store, database: store.database }
}

export type Shop = ReturnType<typeof createShop>
export type Life = ReturnType<Shop['start']>

/** Brings `to` what it lacks of `from`. */
export const tell = (from: Life, to: Life): void => {
  const { entries } = from.log.read(from.log.positionFor(to.log.vector()), Infinity)
  if (entries.length > 0) to.core.receive(entries.map(({ bytes }) => bytes))
}

/** Has each told what the other does, at once and from then on, for as long as both live. */
export const connect = (a: Life, b: Life): void => {
  let isTelling = false
  const exchange = () => {
    if (isTelling || a.isOver() || b.isOver()) return
    isTelling = true
    queueMicrotask(() => {
      isTelling = false
      if (a.isOver() || b.isOver()) return
      tell(a, b)
      tell(b, a)
    })
  }
  a.onCommit(exchange)
  b.onCommit(exchange)
  exchange()
}
