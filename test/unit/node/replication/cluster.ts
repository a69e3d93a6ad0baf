/** Nodes that know of each other and of nothing else, on time that passes when a test says so. */

import { onTestFinished } from 'vitest'
import type { Value } from '../../../../crdt/value.ts'
import type { Decide } from '../../../../node/core/capability.ts'
import { createChangeLog } from '../../../../node/core/change-log.ts'
import { createCore, type Command } from '../../../../node/core/core.ts'
import { createPipeline } from '../../../../node/core/pipeline.ts'
import { createSqliteStore } from '../../../../node/core/sqlite-store.ts'
import type { Store } from '../../../../node/core/store.ts'
import type { ErrorCode } from '../../../../node/errors.ts'
import { createLog } from '../../../../node/log.ts'
import { createMetrics } from '../../../../node/metrics.ts'
import { nodeKind } from '../../../../node/replication/membership.ts'
import { replicaKind } from '../../../../node/replication/replica.ts'
import { createReplication } from '../../../../node/replication/replication.ts'
import { nodeReplicaTable, nodeTable, replicationSql } from '../../../../node/replication/tables.ts'
import type { PeerDurability } from '../../../../sync/mesh.ts'
import type { PeerStatus } from '../../../../sync/peer-status.ts'
import { createVirtualTime, type VirtualTime } from '../../sync/virtual-time.ts'
import { random } from '../core/test-core.ts'

export interface NodeOptions {
  readonly file?: string
  readonly time?: VirtualTime
  readonly retentionDays?: number
  /** Stands between the core and its store. */
  readonly wrap?: (store: Store) => Store
}

export const createTestNode = (name: string, options: NodeOptions = {}) => {
  const { time = createVirtualTime(), retentionDays = 30 } = options
  const store = createSqliteStore({
    file: options.file ?? ':memory:',
    readModelSql: replicationSql,
    readModelTables: [nodeReplicaTable, nodeTable],
  })
  onTestFinished(() => store.close())
  const logged: Record<string, unknown>[] = []
  const heard = new Map<string, PeerDurability>()
  let peerState: PeerStatus['state'] = 'live'
  const core = createCore({
    store: options.wrap?.(store) ?? store,
    kinds: [replicaKind, nodeKind],
    clock: time.clock,
    random,
    committed: (changed) => replication.committed(changed),
  })
  const pipeline = createPipeline({
    core,
    soon: queueMicrotask,
    monotonic: () => time.clock.monotonic(),
    broken: (error) => {
      throw error
    },
  })
  const metrics = createMetrics({ processMetrics: false })
  const replication = createReplication({
    node: name,
    core,
    store,
    pipeline,
    mesh: () =>
      ({
        durability: () => [...heard.values()],
        peers: () => [{ state: peerState } as PeerStatus],
      }) as unknown as ReturnType<Parameters<typeof createReplication>[0]['mesh']>,
    retentionDays,
    clock: time.clock,
    timers: time.timers,
    log: createLog({
      name,
      level: 'info',
      destination: { write: (text) => logged.push(JSON.parse(text)) },
    }),
    metrics,
    broken: (error) => {
      throw error
    },
  })
  onTestFinished(() => replication.close())
  const log = createChangeLog(core, store)

  return {
    name,
    time,
    store,
    core,
    pipeline,
    metrics,
    replication,
    log,
    logged,
    /** Runs a rule at once: its answer, or the code of its refusal. */
    run: <Input, Answer extends Value>(
      decide: Decide<Input, Answer>,
      input: Input,
    ): Answer | { readonly refused: ErrorCode } => {
      const command: Command<Input, Answer> = { decide, input, actor: 'account/admin' }
      const [result] = core.execute([command as Command])
      if (!result || 'thrown' in result) throw new Error('It threw', { cause: result?.thrown })
      return result.ok ? (result.value.answer as Answer) : { refused: result.refusal.code }
    },
    /** Hears of another node what the mesh would tell. */
    hear: (one: PeerDurability) => heard.set(one.name, one),
    setPeerState: (state: PeerStatus['state']) => {
      peerState = state
    },
    changesInLog: () => log.read(0, Number.MAX_SAFE_INTEGER).entries.length,
  }
}

export type TestNode = ReturnType<typeof createTestNode>

/** Brings each what the other lacks, and each hears what the other has. */
export const meet = (alice: TestNode, bob: TestNode): void => {
  for (const [from, to] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const { entries } = from.log.read(from.log.positionFor(to.log.vector()), Infinity)
    if (entries.length > 0) to.core.receive(entries.map(({ bytes }) => bytes))
  }
  alice.hear({ name: bob.name, isConnected: true, durable: bob.log.vector() })
  bob.hear({ name: alice.name, isConnected: true, durable: alice.log.vector() })
}

/** The link is down: what was heard stays what it was. */
export const part = (alice: TestNode, bob: TestNode): void => {
  alice.hear({ name: bob.name, isConnected: false, durable: bob.log.vector() })
  bob.hear({ name: alice.name, isConnected: false, durable: alice.log.vector() })
}
