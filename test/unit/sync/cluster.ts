/** Meshes over a network in memory, on virtual time: alice, bob, carol and dave, each with a log of its own. */

import type { ReplicaId } from '../../../crdt/dot.ts'
import * as vectors from '../../../crdt/version-vector.ts'
import { versionNewest } from '../../../sync/greeting.ts'
import { createMesh, type Mesh } from '../../../sync/mesh.ts'
import type { AnsweringByTopic } from '../../../sync/questions.ts'
import type { LogFields } from '../../../sync/surroundings.ts'
import { createMemoryLog, replicaOf, type MemoryLog, type WriteOptions } from './memory-log.ts'
import { createNetwork, type Network } from './network.ts'
import { createVirtualTime, type VirtualTime } from './virtual-time.ts'

export interface Cluster {
  readonly time: VirtualTime
  readonly network: Network
  readonly nodes: readonly ClusterNode[]
  node(name: string): ClusterNode
  hasConverged(): boolean
  close(): void
}

export interface ClusterNode {
  readonly name: string
  readonly mesh: Mesh
  readonly store: MemoryLog
  readonly warnings: readonly LogFields[]
  write(count: number, options?: WriteOptions): void
  /** Goes on as another replica, as after a full disk. */
  renew(replica: ReplicaId): void
  /** Loses the mesh without a word, as a power cut does, and starts another with a new replica. */
  restart(replica: ReplicaId): void
}

export interface ClusterOptions {
  /** Who dials whom, by index; all dial all unless said otherwise. */
  readonly dials?: (from: number, to: number) => boolean
  readonly clusterKey?: (index: number) => Uint8Array
  readonly advertises?: boolean
  readonly random?: (count: number) => Uint8Array
  readonly versionMax?: (index: number) => number
  /** What a node answers when others ask it. */
  readonly answering?: (index: number) => AnsweringByTopic
  readonly schemaVersions?: (index: number) => ReadonlyMap<string, number>
  /** Runs before the meshes start. */
  readonly prepare?: (stores: readonly MemoryLog[]) => void
}

export const names = ['alice', 'bob', 'carol', 'dave'] as const

export const addressOf = (name: string): string => `ws://${name}:4000`

export const createCluster = (size: number, options: ClusterOptions = {}): Cluster => {
  const time = createVirtualTime()
  const network = createNetwork(time.timers)
  const random = options.random ?? seededRandom(1)
  const chosen = names.slice(0, size)
  const stores = chosen.map(() => createMemoryLog(time))
  options.prepare?.(stores)
  const nodes = chosen.map((name, index): ClusterNode => {
    const store = stores[index] ?? createMemoryLog(time)
    const warnings: LogFields[] = []
    const dials = options.dials ?? ((from, to) => from !== to)
    let replica = replicaOf(index + 1)
    const startMesh = (): Mesh =>
      createMesh({
        name,
        replica: () => replica,
        versionMax: options.versionMax?.(index) ?? versionNewest,
        clusterKey: options.clusterKey?.(index) ?? new Uint8Array(32).fill(7),
        addresses: chosen.filter((_, to) => dials(index, to)).map(addressOf),
        advertised: options.advertises ? [addressOf(name)] : [],
        schemaVersions: options.schemaVersions?.(index) ?? new Map([['product', 1]]),
        log: store.log,
        intake: store.intake,
        exchange: store.exchange,
        answering: options.answering?.(index) ?? new Map(),
        clock: time.clock,
        timers: time.timers,
        random,
        dial: (address) => network.dial(name, new URL(address).hostname),
        logger: { info: () => undefined, warn: (fields) => void warnings.push(fields) },
      })
    let mesh = startMesh()
    network.listen(name, (connection) => mesh.accept(connection))
    return {
      name,
      store,
      warnings,
      get mesh() {
        return mesh
      },
      write: (count, writeOptions) => {
        store.write(replica, count, writeOptions)
        mesh.notifyLogGrew()
      },
      renew: (next) => {
        replica = next
      },
      restart: (next) => {
        for (const other of chosen) network.block(name, other)
        mesh.close()
        for (const other of chosen) network.unblock(name, other)
        replica = next
        mesh = startMesh()
      },
    }
  })
  return {
    time,
    network,
    nodes,
    node: (name) => {
      const found = nodes.find((node) => node.name === name)
      if (!found) throw new Error(`There is no node ${name}`)
      return found
    },
    hasConverged: () => {
      const [first, ...rest] = nodes.map(({ store }) => store.log)
      return rest.every(
        (log) =>
          vectors.equals(log.vector(), first?.vector() ?? vectors.bottom) &&
          log.digest() === first?.digest(),
      )
    },
    close: () => {
      for (const { mesh } of nodes) mesh.close()
    },
  }
}

/** Bytes that look random and are the same for the same seed. */
export const seededRandom = (seed: number): ((count: number) => Uint8Array) => {
  let state = seed >>> 0 || 1
  return (count) =>
    Uint8Array.from({ length: count }, () => {
      // xorshift32 (Marsaglia 2003).
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return state & 255
    })
}
