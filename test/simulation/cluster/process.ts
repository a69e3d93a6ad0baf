/**
 * A node's process: the real core, pipeline, change log and mesh, put together as `node/node.ts` does,
 * on a simulated disk, clock and network.
 */

import { createSkuOwners, type SkuOwners } from '../../../node/catalog/sku-owners.ts'
import type { ProductId } from '../../../node/catalog/ids.ts'
import type { DocumentKind } from '../../../node/core/capability.ts'
import { createChangeLog } from '../../../node/core/change-log.ts'
import { createCore, type Core } from '../../../node/core/core.ts'
import { createPipeline, type Pipeline } from '../../../node/core/pipeline.ts'
import { createDocumentExchange } from '../../../node/core/document-exchange.ts'
import { refresh, type Refreshed } from '../../../node/core/rebuild.ts'
import { Fault } from '../../../node/fault.ts'
import { createAcquaintances } from '../../../node/replication/acquaintances.ts'
import { createIntroduction } from '../../../node/replication/introduction.ts'
import { createLogKeeper } from '../../../node/replication/log-keeper.ts'
import { createMesh, type Mesh } from '../../../sync/mesh.ts'
import type { Clock, Logger, Timers } from '../../../sync/surroundings.ts'
import { openDiskStore, type DiskStore, type Transacted } from '../store/disk-store.ts'
import type { Tables } from '../store/tables.ts'
import type { Disk } from '../world/disk.ts'
import type { Host, Network } from '../world/network.ts'

export interface Process {
  readonly host: Host
  readonly store: DiskStore
  readonly core: Core
  readonly pipeline: Pipeline
  readonly kinds: readonly DocumentKind[]
  readonly skuOwners: SkuOwners
  readonly refreshed: Refreshed
  /** Folds what may be folded. */
  fold(): void
  mesh(): Mesh | undefined
  /** As a node is stopped in order: it says goodbye to its peers. */
  close(): void
}

export interface ProcessDeps {
  readonly host: Host
  readonly disk: Disk
  readonly clock: Clock
  readonly timers: Timers
  readonly soon: (work: () => void) => void
  readonly random: (bytes: number) => Uint8Array
  readonly network: Network
  readonly logger: Logger
  readonly kinds: readonly DocumentKind[]
  /** The newest version of the protocol that the release speaks. */
  readonly protocolMax: number
  readonly retentionMs: number
  readonly clusterKey: Uint8Array
  /** The names of the nodes that it dials. */
  readonly dials: readonly string[]
  readonly durable: (process: Process, transaction: Transacted) => void
  readonly folded: (changes: number) => void
  readonly broken: (error: unknown) => void
}

/** Starts a process. Throws what a node at its start throws, if its disk is damaged or full. */
export const startProcess = (deps: ProcessDeps): Process => {
  const { host, clock, random, network, kinds, timers, soon, broken } = deps
  let mesh: Mesh | undefined
  let isClosing = false
  const store = openDiskStore({
    disk: deps.disk,
    durable: (transaction) => {
      // Before there is a core, a rebuild writes what is known already.
      if (isStarted) deps.durable(process, transaction)
    },
  })
  let isStarted = false
  const refreshed = refresh(store, kinds)
  const core = createCore({ store, kinds, clock, random, committed: () => introduction.check() })
  const pipeline = createPipeline({
    core,
    soon,
    monotonic: () => clock.monotonic(),
    observe: () => mesh?.notifyLogGrew(),
    broken,
  })
  const introduction = createIntroduction({ core, pipeline, node: host.name, timers })
  const failed = (error: unknown): void => {
    if (error instanceof Fault && error.code === 'storage_failed') broken(error)
  }
  const keeper = createLogKeeper({
    core,
    store,
    remembered: createAcquaintances({
      notes: { read: store.readNote, write: store.writeNote },
      isInLog: (replica) => {
        const head = core.state().heads.get(replica)?.counter ?? 0
        return head > (core.floor().get(replica)?.counter ?? 0)
      },
    }),
    heard: () => mesh?.durability() ?? [],
    others: () => othersOf(store.tables(), host.name),
    retentionMs: deps.retentionMs,
    isBusy: () =>
      (mesh?.peers() ?? []).some(({ state }) => state === 'syncing' || state === 'reconciling'),
    clock,
    timers,
    folded: deps.folded,
    failed,
  })
  const process: Process = {
    host,
    store,
    core,
    pipeline,
    kinds,
    refreshed,
    fold: () => void keeper.foldNow().catch(failed),
    skuOwners: createSkuOwners({ skuOwners: (sku) => ownersOf(store.tables(), sku) }),
    mesh: () => mesh,
    close: () => {
      isClosing = true
      mesh?.close()
      keeper.close()
      introduction.close()
    },
  }
  isStarted = true
  const exchange = createDocumentExchange({
    core,
    store,
    soon,
    monotonic: () => clock.monotonic(),
    assertOpen: () => {
      if (isClosing) throw new Fault('shutting_down', 'The node is shutting down')
    },
    broken,
  })
  const startMesh = (): void => {
    mesh = createMesh({
      name: host.name,
      replica: core.replica,
      clusterKey: deps.clusterKey,
      addresses: deps.dials.map(addressOf),
      advertised: [addressOf(host.name)],
      schemaVersions: new Map(kinds.map(({ schema }) => [schema.kind, schema.version])),
      log: createChangeLog(core, store),
      intake: pipeline,
      exchange,
      versionMax: deps.protocolMax,
      clock,
      timers,
      random,
      dial: (address) => network.dial(host, new URL(address).hostname),
      logger: deps.logger,
    })
    network.listen(host, (connection) => mesh?.accept(connection))
  }
  // A node says who it is before it talks to anybody, and does not start if it cannot.
  introduction.begin().then(() => host.perform(startMesh), broken)
  return process
}

export const addressOf = (name: string): string => `ws://${name}:4000`

const ownersOf = ({ rows, documentsByNumber }: Tables, sku: string): readonly ProductId[] => {
  const owners: ProductId[] = []
  for (const [number, list] of rows.get('product_skus') ?? []) {
    if (!list.some((row) => row['sku'] === sku)) continue
    const document = documentsByNumber.get(number)
    if (document) owners.push(document.id as ProductId)
  }
  return owners
}

/** The nodes that count, as `node/replication/queries.ts` asks for them. */
export const othersOf = ({ rows }: Tables, self: string): readonly string[] => {
  const standings = new Map<string, unknown>()
  for (const list of rows.get('node_replicas')?.values() ?? []) {
    for (const { node } of list) standings.set(String(node), 'active')
  }
  for (const list of rows.get('nodes')?.values() ?? []) {
    for (const { name, standing } of list) standings.set(String(name), standing)
  }
  return [...standings]
    .filter(([name, standing]) => name !== self && standing === 'active')
    .map(([name]) => name)
}
