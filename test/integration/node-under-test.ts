/** Real nodes for tests: each on a port of its own, in this process, with real sockets and real disks. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { createLog } from '../../node/log.ts'
import { createMetrics } from '../../node/metrics.ts'
import { createNode } from '../../node/node.ts'
import type { PaymentsConfig } from '../../node/payments/config.ts'
import * as system from '../../node/system.ts'
import type { StartThread } from '../../node/workers/crew.ts'
import type { Clock, Timers } from '../../sync/surroundings.ts'

export const admin = { email: 'admin@shop.example', password: 'correct horse battery' }
export const clusterKey = new Uint8Array(32).fill(7)

export interface NodeOptions {
  readonly name: string
  readonly peers?: readonly NodeUnderTest[]
  readonly clusterKey?: Uint8Array
  /** A directory that another node had; a new one if left out. */
  readonly dataDir?: string
  readonly port?: number
  /** The real ones, if they are left out. */
  readonly clock?: Clock
  readonly timers?: Timers
  /** Who takes its payments; a sandbox of its own, if it is left out. */
  readonly payments?: PaymentsConfig
  /** Where its events go, beside its log. */
  readonly redisUrl?: string
  readonly amqpUrl?: string
  /** HTTP worker threads; as many as the environment says, if they are left out. */
  readonly workers?: number
  /** Starts their threads, for who wants to know of them. */
  readonly startThread?: StartThread
  readonly webhookLoopback?: boolean
  /** Told when its disk failed; the test fails if it is left out. */
  readonly broken?: (error: unknown) => void
}

export interface Given {
  readonly body?: unknown
  /** Instead of `body`: sent as it is. */
  readonly text?: string | Uint8Array
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The text's JSON, empty if it is none. */
  readonly body: Body
}

/** What the JSON of answers may hold; a test says what it expects to be there. */
export interface Body {
  readonly id: string
  readonly token: string
  readonly accessToken: string
  readonly code: string
  readonly detail: string
  readonly errors: readonly { readonly path: string; readonly message: string }[]
  readonly items: readonly Body[]
  readonly next?: string
  readonly receipt: { readonly change: string; readonly hlc: string; readonly durability: string }
  readonly sku: string
  readonly name: string
  readonly price: { readonly amount: number; readonly currency: string }
  readonly tags: readonly string[]
  readonly categoryIds: readonly string[]
  readonly createdAt: string
  readonly updatedAt: string
  readonly variants: readonly {
    readonly id: string
    readonly sku: string
    readonly available: number | null
  }[]
  readonly lines: readonly { readonly variantId: string; readonly quantity: number }[]
  readonly kind: string
  readonly field: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly siblings: readonly {
    readonly value: unknown
    readonly dot: string
    readonly writtenBy: { readonly node: string } | null
  }[]
  readonly replica: string
  readonly vector: Readonly<Record<string, number>>
  readonly digest: string
  readonly documents: number
  readonly changes: number
  readonly peers: readonly {
    readonly name: string
    readonly state: string
    readonly problem: unknown
    readonly lagChanges: number
    readonly bytesSent: number
  }[]
  readonly strangers: { readonly refused: number; readonly last?: unknown }
  readonly [name: string]: unknown
}

export interface NodeUnderTest {
  readonly name: string
  readonly url: string
  readonly port: number
  readonly dataDir: string
  /** What it logged at warn and above. */
  readonly warnings: readonly Readonly<Record<string, unknown>>[]
  /** A request under `/api/v1`, as nobody. */
  ask(method: string, path: string, given?: Given): Promise<Answer>
  /** The same as the admin. */
  order(method: string, path: string, given?: Given): Promise<Answer>
  replication(): Promise<Body>
  digest(): Promise<string>
  close(): Promise<void>
}

const directories: string[] = []
const running = new Set<NodeUnderTest>()

/** To be called after the tests of a file: stops what they left running, and takes its directories. */
export const cleanUp = async (): Promise<void> => {
  await Promise.all([...running].map((node) => node.close()))
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
}

export const newDirectory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'atoll-integration-'))
  directories.push(path)
  return path
}

export const startNode = async (options: NodeOptions): Promise<NodeUnderTest> => {
  const { name, peers = [], dataDir = newDirectory() } = options
  const warnings: Record<string, unknown>[] = []
  const node = await createNode(
    {
      log: createLog({
        name,
        level: 'warn',
        destination: { write: (text) => warnings.push(JSON.parse(text)) },
      }),
      metrics: createMetrics({ processMetrics: false }),
      clock: options.clock ?? system.systemClock,
      timers: options.timers ?? system.systemTimers,
      random: system.systemRandom,
      soon: system.soon,
      startThread: options.startThread,
      broken:
        options.broken ??
        ((error) => {
          throw error
        }),
    },
    {
      name,
      host: '127.0.0.1',
      port: options.port ?? 0,
      dataDir,
      peers: peers.map(({ port }) => `ws://127.0.0.1:${port}`),
      clusterKey: options.clusterKey ?? clusterKey,
      admin,
      logLevel: 'warn',
      corsOrigins: [],
      workers: options.workers ?? Number(process.env['ATOLL_TEST_WORKERS'] ?? 0),
      retentionDays: 30,
      trustedProxies: 0,
      payments: options.payments ?? { provider: 'sandbox' },
      orderDurability: 'prefer-replicated',
      webhookLoopback: options.webhookLoopback ?? false,
      ...(options.redisUrl === undefined ? {} : { redisUrl: options.redisUrl }),
      ...(options.amqpUrl === undefined ? {} : { amqpUrl: options.amqpUrl }),
      notices: [],
    },
  )
  let accessToken: Promise<string> | undefined

  const ask = async (method: string, path: string, given: Given = {}): Promise<Answer> => {
    const { body, text = body === undefined ? undefined : JSON.stringify(body), token } = given
    const response = await fetch(`${node.url}/api/v1${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...given.headers,
      },
      ...(text === undefined ? {} : { body: text as string }),
    })
    const answered = await response.text()
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      text: answered,
      body: JSON.parse(isJson ? answered : '{}') as Body,
    }
  }
  const logIn = async (): Promise<string> =>
    (await ask('POST', '/auth/login', { body: admin })).body.accessToken
  const order: NodeUnderTest['order'] = async (method, path, given) => {
    accessToken ??= logIn()
    const answer = await ask(method, path, { token: await accessToken, ...given })
    if (answer.body.code !== 'token_expired') return answer
    accessToken = logIn()
    return ask(method, path, { token: await accessToken, ...given })
  }
  const replication = async () => (await order('GET', '/admin/replication')).body

  const self: NodeUnderTest = {
    name,
    url: node.url,
    port: Number(new URL(node.url).port),
    dataDir,
    warnings,
    ask,
    order,
    replication,
    digest: async () => (await replication()).digest,
    close: async () => {
      if (!running.delete(self)) return
      await node.close()
    },
  }
  running.add(self)
  return self
}

/** Resolves when every node has every other one as a live peer. */
export const allConnected = (nodes: readonly NodeUnderTest[]): Promise<void> =>
  eventually(async () => {
    for (const node of nodes) {
      const { peers } = await node.replication()
      const live = peers.filter(({ state }) => state === 'live')
      expect(live.map(({ name }) => name).sort()).toEqual(
        nodes
          .filter((other) => other !== node)
          .map(({ name }) => name)
          .sort(),
      )
    }
  })

/** Resolves with the digest that all nodes have come to. */
export const allAgree = async (nodes: readonly NodeUnderTest[]): Promise<string> => {
  let digest = ''
  await eventually(async () => {
    const digests = await Promise.all(nodes.map((node) => node.digest()))
    expect(new Set(digests).size).toBe(1)
    digest = digests[0] ?? ''
  })
  return digest
}

/** Cuts or opens links from `node` to all others. */
export const setLinks = async (
  node: NodeUnderTest,
  others: readonly NodeUnderTest[],
  state: 'cut' | 'open',
): Promise<void> => {
  for (const { name } of others) {
    const done = await node.order('PUT', `/admin/peers/${name}/link`, { body: { state } })
    expect(done).toMatchObject({ status: 200, body: { name, state } })
  }
}

export const eventually = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 20_000, interval: 20 })

let products = 0

/** A product that is valid in every part; what is given stands in the place of its fields. */
export const productBody = (fields: Readonly<Record<string, unknown>> = {}) => ({
  sku: `TEST-${++products}`,
  name: 'Harbour Lamp',
  price: { amount: 4_900, currency: 'USD' },
  ...fields,
})

/** Creates a product and answers it. */
export const createProduct = async (
  node: NodeUnderTest,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<Body> => {
  const made = await node.order('POST', '/products', { body: productBody(fields) })
  expect(made).toMatchObject({ status: 201 })
  return made.body
}

/** The first variant of a product. */
export const variantIdOf = ({ variants }: Pick<Body, 'variants'>): string => {
  const [variant] = variants
  if (!variant) throw new Error('A product has at least one variant')
  return variant.id
}

/** A new cart, and how to ask for it. */
export const createCart = async (node: NodeUnderTest) => {
  const { id, token } = (await node.ask('POST', '/carts')).body
  const headers = { 'x-cart-token': token }
  let intents = 0
  const at = (where: NodeUnderTest) => ({
    read: () => where.ask('GET', `/carts/${id}`, { headers }),
    send: (...list: readonly object[]) =>
      where.ask('POST', `/carts/${id}/intents`, {
        headers,
        body: { intents: list.map((intent) => ({ id: `i-${++intents}`, ...intent })) },
      }),
  })
  return { id, token, headers, at }
}
