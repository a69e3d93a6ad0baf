/**
 * A worker: a thread that listens on the node's port beside others, answers what it can from the shared
 * map and the database, and sends to the core only what the core must decide.
 *
 * It runs the same routes as the core's thread, with other hands behind them: documents that are read
 * from the database, and a pipeline that leads through the queue. What is not on its list it passes on.
 */

import type { IncomingMessage } from 'node:http'
import { MessageChannel, parentPort } from 'node:worker_threads'
import { assert } from '../crdt/assert.ts'
import { loadMemory } from '../native/load.ts'
import { createCartTokens } from './cart/cart-id.ts'
import { createShopperRoutes } from './cart/routes.ts'
import { createCatalogQueries } from './catalog/queries.ts'
import { createCatalogRoutes } from './catalog/routes.ts'
import { openSqliteReader } from './core/sqlite-reader.ts'
import { answeringBy, listenTo, type Answering } from './http/server.ts'
import { createShell } from './http/shell.ts'
import { createTokenChecks } from './identity/access-token.ts'
import { createGuard } from './identity/guard.ts'
import { isSessionId } from './identity/refresh-token.ts'
import { isEnded, session } from './identity/session.ts'
import { createIdentityQueries } from './identity/store.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import * as system from './system.ts'
import { createByteLine } from './workers/byte-line.ts'
import { openReceiver, openSender } from './workers/channel.ts'
import { createFreshness } from './workers/freshness.ts'
import { itemBytesMax, workerPageCacheKiB } from './workers/limits.ts'
import { createPassingOn } from './workers/passing-on.ts'
import { createRemoteCore } from './workers/remote-core.ts'
import { createSharedProducts } from './workers/shared-products.ts'
import { createStoredDocuments } from './workers/stored-documents.ts'
import type { FromWorker, ToWorkerThread, WorkerStart } from './workers/worker-start.ts'

/** What a worker answers itself; each must get along with what `createApp` gives it. */
const ownRoutes: Readonly<Record<string, RegExp>> = {
  GET: /^\/api\/v1\/(products|categories|brands|tags|(products|categories|brands|carts)\/[\w.-]+)(\?|$)/,
  POST: /^\/api\/v1\/(products|carts|carts\/[\w.-]+\/intents)(\?|$)/,
  PATCH: /^\/api\/v1\/products\/[\w.-]+(\?|$)/,
  PUT: /^\/api\/v1\/products\/[\w.-]+\/price(\?|$)/,
  DELETE: /^\/api\/v1\/products\/[\w.-]+(\?|$)/,
}

const base = '/api/v1'

const isOwn = ({ method = '', url = '' }: IncomingMessage): boolean =>
  ownRoutes[method]?.test(url) ?? false

/** Resolves when it listens, and has said so; rejects with a message for the operator if it cannot. */
export const startWorker = async (start: WorkerStart): Promise<void> => {
  assert(parentPort !== null, 'a worker is started by a node')
  const port = parentPort
  const post = (message: FromWorker, transfer: readonly MessagePortLike[] = []): void =>
    port.postMessage(message, [...transfer])
  const { memory } = loadMemory()
  const log = createLog({
    name: start.node,
    level: start.logLevel,
    destination: { write: (line) => post({ kind: 'log', line }) },
  })
  const metrics = createMetrics({ processMetrics: false })

  const toCore = openSender(memory, start.core)
  const remote = createRemoteCore({
    worker: start.worker,
    send: (bytes) => {
      if (bytes.length <= itemBytesMax) return toCore.send(bytes)
      post({ kind: 'item', bytes })
      return true
    },
  })
  const answers = openReceiver(memory, start.answers, {
    received: remote.answered,
    soon: system.soon,
  })

  const reader = openSqliteReader(start.databaseFile, workerPageCacheKiB)
  const own = answeringBy(createApp(start, { log, metrics, memory, reader, remote }))
  const passingOn = createPassingOn({
    core: remote,
    openLine: (remoteAddress) => {
      const { port1, port2 } = new MessageChannel()
      post({ kind: 'line', port: port2, remoteAddress }, [port2])
      return createByteLine(port1)
    },
  })
  const answering: Answering = {
    answer: (request, response) =>
      isOwn(request) ? own.answer(request, response) : passingOn.answer(request, response),
    upgrade: passingOn.upgrade,
  }
  const server = await listenTo({
    ...answering,
    host: start.host,
    port: start.port,
    reusePort: true,
  })

  const close = async (): Promise<void> => {
    await server.close()
    answers.close()
    toCore.close()
    reader.close()
    port.close()
  }
  port.on('message', (message: ToWorkerThread) => {
    if (message.kind === 'item') remote.answered(Buffer.from(message.bytes))
    else if (message.kind === 'close') void close()
    else {
      const { ask } = message
      void metrics.figures().then((figures) => post({ kind: 'figures', ask, figures }))
    }
  })
  post({ kind: 'listening' })
}

type MessagePortLike = MessageChannel['port2']

interface AppParts {
  readonly log: ReturnType<typeof createLog>
  readonly metrics: ReturnType<typeof createMetrics>
  readonly memory: ReturnType<typeof loadMemory>['memory']
  readonly reader: ReturnType<typeof openSqliteReader>
  readonly remote: ReturnType<typeof createRemoteCore>
}

/** The routes of `ownRoutes`, behind the shell that every answer goes through. */
const createApp = (start: WorkerStart, { log, metrics, memory, reader, remote }: AppParts) => {
  const { database } = reader
  const freshness = createFreshness(start.freshness)
  const core = createStoredDocuments(reader, freshness)
  const queries = createCatalogQueries(database)
  const guard = createGuard({
    accessTokens: createTokenChecks({
      findPublicKey: createIdentityQueries(database).publicKey,
      clock: system.systemClock,
    }),
    isEnded: (id) => isSessionId(id) && isEnded(core.read(session, id)),
  })
  const { pipeline } = remote
  const app = createShell({
    log,
    metrics,
    clock: performance,
    random: system.systemRandom,
    corsOrigins: start.corsOrigins,
  })
  app.route(
    base,
    createCatalogRoutes({
      core,
      pipeline,
      queries,
      products: createSharedProducts(memory.maps.open(start.products), queries, freshness),
      guard,
    }),
  )
  const tokens = createCartTokens(start.clusterSecret)
  app.route(base, createShopperRoutes({ core, pipeline, tokens, random: system.systemRandom }))
  return app
}
