/** The document of the API says all that the API does. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { afterAll, expect, test } from 'vitest'
import { describeApi, mountApi } from '../../../node/api.ts'
import { createProductCache } from '../../../node/catalog/product-cache.ts'
import { createCatalogQueries } from '../../../node/catalog/queries.ts'
import { createPipeline } from '../../../node/core/pipeline.ts'
import { createIdentity } from '../../../node/identity/identity.ts'
import { noCopies } from '../../../node/replication/copies.ts'
import { openEventFile } from '../../../node/events/event-file.ts'
import { openDeliveries } from '../../../node/webhooks/deliveries.ts'
import { createNodeQueries } from '../../../node/replication/queries.ts'
import { createRegion } from './catalog/region.ts'
import { createTestShell } from './http/test-shell.ts'
import { createTestInventory, createTestSales } from './inventory/test-inventory.ts'
import { createTestPayments } from './payments/test-payments.ts'

const directories: string[] = []
afterAll(() => {
  for (const path of directories) rmSync(path, { recursive: true })
})

const createApp = async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'atoll-api-'))
  directories.push(dataDir)
  const { core, store, clock } = createRegion()
  const random = (bytes: number) => new Uint8Array(bytes).fill(5)
  const pipeline = createPipeline({
    core,
    soon: queueMicrotask,
    monotonic: () => 0,
    broken: (error) => {
      throw error
    },
  })
  const clusterSecret = new Uint8Array(32).fill(7)
  const shared = { core, pipeline, clusterSecret, random }
  const identity = await createIdentity({
    ...shared,
    database: store.database,
    dataDir,
    nodeName: 'eu',
    clock,
  })
  const { app } = createTestShell()
  const queries = createCatalogQueries(store.database)
  const products = createProductCache(queries)
  const inventory = createTestInventory({ core, pipeline, store })
  mountApi(app, {
    ...shared,
    clock,
    node: 'eu',
    store,
    queries,
    products,
    identity,
    mesh: () => undefined,
    merged: () => undefined,
    replication: { queries: createNodeQueries(store.database), acquaintances: () => [] },
    inventory,
    coupons: { fetch: () => Promise.resolve(false) },
    flashSales: createTestSales({ inventory, store, clock }),
    lineage: { doubt: () => undefined, vouch: () => undefined },
    payments: createTestPayments({ core, pipeline, store, clock }),
    checkouts: { place: () => Promise.reject(new Error('Nobody orders here')) },
    copies: noCopies,
    timers: { after: () => () => {} },
    reportStore: () => undefined,
    slices: { soon: queueMicrotask, monotonic: () => 0, assertOpen: () => undefined },
    webhooks: {
      deliveries: openDeliveries(openEventFile(':memory:')),
      rule: { allowsLoopback: false },
      wake: () => undefined,
    },
  })
  return app
}

interface Operation {
  readonly tags?: readonly string[]
  readonly summary?: string
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>
}

const documentOf = (app: Awaited<ReturnType<typeof createApp>>): Document =>
  JSON.parse(JSON.stringify(describeApi(app)))

const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  )

test('every route that is mounted is in the document, and no other', async () => {
  const app = await createApp()
  const mounted = app.routes
    .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/api/'))
    .map(({ method, path }) => `${method} ${path.replaceAll(/\/:(\w+)/g, '/{$1}')}`)
  const described = operationsOf(documentOf(app)).map(({ route }) => route)
  expect(described.toSorted()).toEqual([...new Set(mounted)].toSorted())
  expect(described).toContain('POST /api/v1/products:batch')
})

// One path that could be another's, such as `/things/new` beside `/things/:id`, and Hono falls back to a
// router that costs every request of every route three times as much.
test('all routes fit the fast router', async () => {
  const router = new RegExpRouter<true>()
  for (const { method, path } of (await createApp()).routes) router.add(method, path, true)
  expect(() => router.match('GET', '/')).not.toThrow()
})

test('each operation says what it does, takes and answers', async () => {
  const silent = operationsOf(documentOf(await createApp())).filter(({ path, operation }) => {
    const { summary = '', tags = [], parameters = [], responses, requestBody } = operation
    const named = parameters.filter((one) => one.in === 'path').map(({ name }) => name)
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const bodies = Object.values(requestBody?.content ?? {})
    return !(
      /^[A-Z]/.test(summary) &&
      tags.length === 1 &&
      named.join() === inPath.join() &&
      Object.keys(responses).some((status) => /^20[01]$/.test(status)) &&
      Object.values(responses).every(({ description }) => description !== '') &&
      bodies.every(({ schema }) => Object.keys(schema).length > 0)
    )
  })
  expect(silent.map(({ route }) => route)).toEqual([])
})

test('the document is OpenAPI 3.1, and all that it refers to is in it', async () => {
  const document = documentOf(await createApp())
  expect(document.openapi).toBe('3.1.0')
  const references = new Set<string>()
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref') references.add(String(inner))
      // A word of OpenAPI 3.0, which JSON Schema does not know.
      expect(key).not.toBe('nullable')
      look(inner)
    }
  }
  look(document)
  expect(references.size).toBeGreaterThan(10)
  for (const reference of references) {
    const [, , section = '', name = ''] = reference.split('/')
    expect(document.components[section]).toHaveProperty([name])
  }
  expect(Object.keys(document.components['securitySchemes'] ?? {})).toEqual(['account', 'cart'])
})
