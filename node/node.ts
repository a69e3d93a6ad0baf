/**
 * A node: the core and everything around it, put together. This is the only file that knows all parts.
 */

import type { Server, UpgradeHandlers } from './http/server.ts'
import { isAddress } from '../sync/address.ts'
import { createMesh, type Mesh } from '../sync/mesh.ts'
import { isConnected } from '../sync/peer-status.ts'
import type { Clock, Timers } from '../sync/surroundings.ts'
import { createSyncServer, dialWebSocket, path as syncPath } from '../sync/websocket.ts'
import { describeApi, mountApi } from './api.ts'
import { createAbandonmentSweep } from './cart/abandonment.ts'
import { createCartQueries } from './cart/queries.ts'
import { couponTopic } from './promotions/coupon-message.ts'
import { topic as rightsTopic } from './inventory/rights-message.ts'
import { createProductCache, productsChangedBy } from './catalog/product-cache.ts'
import { createCatalogQueries } from './catalog/queries.ts'
import { openCheckouts } from './checkout/open-checkouts.ts'
import type { Checkouts } from './checkout/runner.ts'
import type { Config } from './config.ts'
import { createChangeLog } from './core/change-log.ts'
import { createCore } from './core/core.ts'
import { openDataDirectory } from './core/data-directory.ts'
import { createDocumentExchange } from './core/document-exchange.ts'
import { createStorageChecks } from './core/health.ts'
import { createPipeline } from './core/pipeline.ts'
import { refresh } from './core/rebuild.ts'
import { createSqliteStore } from './core/sqlite-store.ts'
import { createEventDocs } from './events/docs-page.ts'
import { createDocsRoutes } from './http/docs.ts'
import {
  createEventLoopCheck,
  createHealthRoutes,
  diskSpaceCheck,
  memoryCheck,
  type HealthCheck,
} from './http/health.ts'
import { createMetricsRoutes } from './http/metrics-routes.ts'
import { createProblemRoutes } from './http/problem.ts'
import { createShell } from './http/shell.ts'
import { createClientAddress } from './identity/client-address.ts'
import { loadClusterSecret } from './identity/cluster-secret.ts'
import { createIdentity } from './identity/identity.ts'
import { Fault } from './fault.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { createAgreementChecks, watchAgreement } from './replication/agreement.ts'
import { openMergedStore } from './merged/merged-store.ts'
import { createNodeQueries } from './replication/queries.ts'
import { openPayments } from './payments/open-payments.ts'
import { createPaymentQueries } from './payments/queries.ts'
import { askThrough } from './replication/ask-mesh.ts'
import { createMeshCopies } from './replication/mesh-copies.ts'
import { createCouponBroker, type CouponBroker } from './promotions/coupon-broker.ts'
import { createReplication, type Replication } from './replication/replication.ts'
import * as shop from './shop.ts'
import type { StartThread } from './workers/crew.ts'
import { createFreshness } from './workers/freshness.ts'
import { openFront } from './workers/front.ts'
import { openLineage, openStockroom, type Stockroom } from './stockroom.ts'
import { openTelling, type Telling } from './telling.ts'

export interface Node {
  /** `http://host:port`. */
  readonly url: string
  /** Stops taking requests, finishes those in flight, says goodbye to peers, closes the disk. */
  close(): Promise<void>
}

export interface NodeDeps {
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
  readonly timers: Timers
  readonly random: (bytes: number) => Uint8Array
  readonly soon: (work: () => void) => void
  /** Starts the threads of its workers; `new Worker`, if it is left out. */
  readonly startThread?: StartThread | undefined
  /** Called when the disk failed: the process must end, and start anew as another replica. */
  readonly broken: (error: unknown) => void
}

/** Room for the page cache, documents in use, requests in flight and the runtime itself. */
const rssBytesMax = 512 * 1_024 * 1_024
const diskDegradedBytes = 1_024 * 1_024 * 1_024
const diskFailedBytes = 64 * 1_024 * 1_024
const eventLoopDegradedMs = 100
const eventLoopFailedMs = 5_000

export const createNode = async (deps: NodeDeps, config: Config): Promise<Node> => {
  const { log, metrics, clock, random } = deps
  // Closed again in the opposite order: when the node is, or when it cannot be opened after all.
  await using opened = new AsyncDisposableStack()
  const directory = openDataDirectory(config.dataDir)
  opened.defer(() => directory.close())
  const store = createSqliteStore({
    file: directory.databaseFile,
    readModelSql: shop.readModelSql,
    readModelTables: shop.readModelTables,
  })
  opened.defer(() => store.close())
  const refreshed = refresh(store, shop.kinds)
  if (refreshed !== 'nothing') log.info({ refreshed }, 'read models were made anew')

  const queries = createCatalogQueries(store.database)
  const freshness = createFreshness()
  const products = createProductCache(queries)
  let mesh: Mesh | undefined
  let replication: Replication | undefined
  let stockroom: Stockroom | undefined
  let checkouts: Checkouts | undefined
  let coupons: CouponBroker | undefined
  let telling: Telling | undefined
  const nodes = createNodeQueries(store.database)
  const activeOthers = () =>
    nodes
      .list()
      .filter(({ name, standing }) => name !== config.name && standing === 'active')
      .map(({ name }) => name)
  const peers = askThrough(() => mesh)
  const copies = createMeshCopies({
    mesh: () => mesh,
    merged: () => merged,
    isGone: (name) => !activeOthers().includes(name),
    timers: deps.timers,
  })
  const grew = () => copies.acknowledged()
  const merged = openMergedStore(config, { log, metrics, file: directory.databaseFile, grew })
  if (merged) opened.defer(() => merged.close())
  const lineage = openLineage(deps, { node: config.name, dataDir: directory.path, store })
  const core = createCore({
    store,
    kinds: shop.kinds,
    clock,
    random,
    lineage,
    committed: (changed) => {
      for (const { kind, id } of changed) freshness.changed(kind.schema.kind, id)
      for (const id of productsChangedBy(changed)) freshness.changed('product', id)
      products.forget(changed)
      replication?.committed(changed)
      stockroom?.committed(changed)
      checkouts?.committed(changed)
      coupons?.committed()
      telling?.committed(changed)
    },
  })
  const pipeline = createPipeline({
    core,
    soon: deps.soon,
    monotonic: () => clock.monotonic(),
    observe: ({ commands, ms }) => {
      metrics.committed({ changes: commands, syncMs: ms })
      mesh?.notifyLogGrew()
    },
    broken: deps.broken,
  })
  opened.defer(() => pipeline.close())
  const { clusterKey, dataDir } = config
  const clusterSecret = loadClusterSecret({ clusterKey, dataDir, random })
  replication = createReplication({
    node: config.name,
    core,
    store,
    pipeline,
    mesh: () => mesh,
    retentionDays: config.retentionDays,
    unreadFrom: () => telling?.unreadFrom(),
    archived: () => merged?.archived(),
    clock,
    timers: deps.timers,
    log,
    metrics,
    broken: deps.broken,
  })
  opened.defer(() => replication?.close())
  await replication.begin()
  telling = openTelling(deps, { ...config, node: config.name, core, store, nodes })
  opened.defer(() => telling?.close())
  stockroom = openStockroom(deps, {
    node: config.name,
    core,
    pipeline,
    store,
    lineage,
    peers,
    mesh: () => mesh,
    expectsOthers: config.clusterKey !== undefined && config.peers.length > 0,
  })
  opened.defer(() => stockroom?.close())
  const { inventory, flashSales } = stockroom
  coupons = createCouponBroker({
    core,
    submit: (command) => pipeline.submit(command),
    peers,
    clock,
    timers: deps.timers,
    random,
  })
  const abandonment = createAbandonmentSweep({
    core,
    pipeline,
    queries: createCartQueries(store.database),
    clock,
    timers: deps.timers,
    failed: (error) => log.error({ err: error }, 'carts left behind could not be noted'),
  })
  opened.defer(() => abandonment.close())
  const payments = await openPayments({
    config: config.payments,
    dataDir,
    node: config.name,
    core,
    pipeline,
    queries: createPaymentQueries(store.database),
    fetch: globalThis.fetch,
    clock,
    timers: deps.timers,
    random,
    log,
  })
  opened.defer(() => payments.close())
  checkouts = openCheckouts({
    ...deps,
    node: config.name,
    core,
    pipeline,
    store,
    inventory,
    payments,
    copies,
    coupons,
    durability: config.orderDurability,
    mesh: () => mesh,
    others: activeOthers,
  })
  opened.defer(() => checkouts?.close())
  const identity = await createIdentity({
    pipeline,
    core,
    database: store.database,
    clusterSecret,
    dataDir,
    nodeName: config.name,
    clock,
    random,
    adminFromConfig: config.admin,
    addressOf: createClientAddress(config.trustedProxies),
  })
  opened.defer(() => identity.close())
  // A node without a cluster knows nobody.
  const syncServer = createSyncServer((connection) =>
    mesh ? mesh.accept(connection) : connection.close(),
  )
  const eventLoop = createEventLoopCheck({
    degradedMs: eventLoopDegradedMs,
    failedMs: eventLoopFailedMs,
  })
  opened.defer(() => eventLoop.close())
  const agreement = { peers: () => mesh?.peers() ?? [], core, store, clock }
  watchAgreement({ ...agreement, registry: metrics.registry })
  const app = createShell({
    log,
    metrics,
    clock: performance,
    random,
    corsOrigins: config.corsOrigins,
  })
  app.route('/', createProblemRoutes())
  app.route(
    '/',
    createHealthRoutes({
      checks: {
        ...createStorageChecks({ core, store, directory: config.dataDir }),
        disk: diskSpaceCheck({
          directory: config.dataDir,
          degradedBytes: diskDegradedBytes,
          failedBytes: diskFailedBytes,
        }),
        memory: memoryCheck({ rssBytesMax }),
        eventLoop: () => eventLoop.check(),
        peers: () => peersCheck(mesh),
        ...createAgreementChecks(agreement),
        membership: replication.standing,
        rights: () => stockroom?.check() ?? { status: 'ok' },
        payments: payments.check,
        ...telling.checks,
        ...(merged ? { mergedStore: merged.check } : {}),
      },
    }),
  )
  app.route('/', createMetricsRoutes(metrics))
  app.route('/', createEventDocs())
  app.route('/', createDocsRoutes({ describe: () => describeApi(app) }))

  let isClosing = false
  opened.defer(() => {
    isClosing = true
  })
  const slices = {
    soon: deps.soon,
    monotonic: () => clock.monotonic(),
    assertOpen: () => {
      if (isClosing) throw new Fault('shutting_down', 'The node is shutting down')
    },
  }
  const exchange = createDocumentExchange({ ...slices, core, store, broken: deps.broken })
  const startMesh = (server: Server) => {
    if (!config.clusterKey) return undefined
    return createMesh({
      name: config.name,
      replica: core.replica,
      clusterKey: config.clusterKey,
      addresses: config.peers,
      advertised: advertised(config, server),
      schemaVersions: new Map(shop.kinds.map(({ schema }) => [schema.kind, schema.version])),
      log: createChangeLog(core, store),
      intake: pipeline,
      exchange,
      answering: new Map([
        [rightsTopic, inventory.answer],
        [couponTopic, coupons.answer],
      ]),
      acknowledged: copies.acknowledged,
      clock,
      timers: deps.timers,
      random,
      dial: dialWebSocket,
      logger: log,
    })
  }

  mountApi(app, {
    node: config.name,
    core,
    pipeline,
    store,
    queries,
    products,
    identity,
    clusterSecret,
    random,
    clock,
    mesh: () => mesh,
    replication,
    inventory,
    coupons,
    flashSales,
    lineage,
    payments,
    checkouts,
    copies,
    merged: () => merged,
    timers: deps.timers,
    reportStore: () => merged,
    slices,
    webhooks: telling.webhooks,
  })
  const onUpgrade: UpgradeHandlers = {
    [syncPath]: ({ request, socket, head }) => syncServer.upgrade(request, socket, head),
  }
  const server = await openFront(
    { ...deps, freshness, pipeline, app, onUpgrade },
    { config, databaseFile: directory.databaseFile, clusterSecret },
  )
  opened.defer(() => server.close())
  opened.defer(() => syncServer.close())
  payments.listensAt(server.url)
  mesh = startMesh(server)
  opened.defer(() => mesh?.close())
  metrics.watchPeers(() =>
    (mesh?.peers() ?? []).map(({ name, state, lagChanges, lagMs }) => ({
      name,
      connected: isConnected(state),
      lagChanges,
      lagMs,
    })),
  )

  const open = opened.move()
  return { url: server.url, close: () => open.disposeAsync() }
}

// Peers out of reach are what a node is made for: worth a look, no reason to take it out of service.
const peersCheck = (mesh: Mesh | undefined): HealthCheck => {
  const peers = mesh?.peers() ?? []
  const connected = peers.filter(({ state }) => isConnected(state))
  const figures = { connected: connected.length, known: peers.length }
  return connected.length < peers.length
    ? { status: 'degraded', detail: 'Not every peer is in reach', figures }
    : { status: 'ok', figures }
}

// A node that listens on all interfaces cannot know which of its addresses others reach.
const advertised = ({ advertise, host }: Config, { port }: Server): readonly string[] => {
  if (advertise !== undefined) return [advertise]
  const address = `ws://${host}:${port}`
  return host === '0.0.0.0' || host === '::' || !isAddress(address) ? [] : [address]
}
