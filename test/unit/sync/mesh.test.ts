/** Meshes find each other, converge whatever the network does, and say what is wrong. */

import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { inFlightBytesMax } from '../../../sync/limits.ts'
import type { PeerStatus } from '../../../sync/peer-status.ts'
import { createCluster, names, seededRandom, type Cluster, type ClusterOptions } from './cluster.ts'
import { replicaOf } from './memory-log.ts'
import type { Delivery, Fate } from './network.ts'

const clusters: Cluster[] = []
const start = (size: number, options?: ClusterOptions): Cluster => {
  const cluster = createCluster(size, options)
  clusters.push(cluster)
  return cluster
}
afterEach(() => {
  for (const cluster of clusters.splice(0)) cluster.close()
})

const peerOf = (cluster: Cluster, of: string, name: string): PeerStatus => {
  const found = cluster
    .node(of)
    .mesh.peers()
    .find((peer) => peer.name === name)
  if (!found) throw new Error(`${of} does not know ${name}`)
  return found
}

const carries = (kind: string) => (delivery: Delivery) => delivery.frame.kind === kind

type Command =
  | { readonly kind: 'write'; readonly node: number; readonly count: number }
  | { readonly kind: 'block'; readonly from: number; readonly to: number }
  | { readonly kind: 'unblock'; readonly from: number; readonly to: number }
  | { readonly kind: 'sever'; readonly from: number; readonly to: number }
  | { readonly kind: 'link'; readonly from: number; readonly to: number; readonly cut: boolean }
  | { readonly kind: 'wait'; readonly ms: number }

const commandIn = (size: number): fc.Arbitrary<Command> => {
  const node = fc.nat(size - 1)
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        node,
        count: fc.integer({ min: 1, max: 40 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('block' as const), from: node, to: node }),
    },
    fc.record({ kind: fc.constant('unblock' as const), from: node, to: node }),
    fc.record({ kind: fc.constant('sever' as const), from: node, to: node }),
    fc.record({ kind: fc.constant('link' as const), from: node, to: node, cut: fc.boolean() }),
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        ms: fc.integer({ min: 1, max: 8_000 }),
      }),
    },
  )
}

const run = async (cluster: Cluster, command: Command): Promise<void> => {
  const nameOf = (index: number): string => names[index] ?? ''
  switch (command.kind) {
    case 'write':
      return cluster.nodes[command.node]?.write(command.count)
    case 'block':
      return cluster.network.block(nameOf(command.from), nameOf(command.to))
    case 'unblock':
      return cluster.network.unblock(nameOf(command.from), nameOf(command.to))
    case 'sever':
      return cluster.network.sever(nameOf(command.from), nameOf(command.to))
    case 'link':
      cluster.nodes[command.from]?.mesh.setLink(nameOf(command.to), command.cut ? 'cut' : 'open')
      return
    case 'wait':
      return cluster.time.advance(command.ms)
  }
}

const healAll = (cluster: Cluster): void => {
  cluster.network.setFate(() => 'arrives')
  for (const { name, mesh } of cluster.nodes) {
    for (const other of names) {
      cluster.network.unblock(name, other)
      mesh.setLink(other, 'open')
    }
  }
}

describe('a mesh under faults', () => {
  // A ring would do for forwarding; a chain is the sparsest graph that still connects.
  const topology = fc.constantFrom('all', 'chain')
  const scenario = fc.integer({ min: 2, max: 4 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      topology,
      seed: fc.integer({ min: 1, max: 2 ** 31 }),
      lossPercent: fc.constantFrom(0, 0, 10, 30),
      repeatPercent: fc.constantFrom(0, 0, 10, 40),
      commands: fc.array(commandIn(size), { minLength: 1, maxLength: 25 }),
    }),
  )

  test('after the heal all logs hold all changes, none taken twice', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (plan) => {
        const random = seededRandom(plan.seed)
        const cluster = start(plan.size, {
          random,
          ...(plan.topology === 'chain' && {
            dials: (from: number, to: number) => to === from + 1,
          }),
        })
        cluster.network.setFate((): Fate => {
          const percent = (random(1)[0] ?? 0) / 2.56
          if (percent < plan.lossPercent) return 'lost'
          return percent < plan.lossPercent + plan.repeatPercent ? 'twice' : 'arrives'
        })
        for (const command of plan.commands) await run(cluster, command)
        healAll(cluster)
        const converged = await cluster.time.advanceUntil(cluster.hasConverged, 120_000)
        expect(converged).toBe(true)
        cluster.close()
      }),
      { numRuns: process.env['ATOLL_TEST_SIZE'] === 'full' ? 1_000 : 60 },
    )
  })
})

describe('a mesh', () => {
  test('brings a new change to every peer, once over each line that needs it', async () => {
    const cluster = start(3)
    await cluster.time.advance(3_000)
    cluster.node('alice').write(1)
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 1_000)).toBe(true)
    await cluster.time.advance(1_000)
    const changes = cluster.network.delivered.filter(carries('changes'))
    // Two from alice, and at most one each way between bob and carol, who got it at the same time.
    expect(changes.length).toBeGreaterThanOrEqual(2)
    expect(changes.length).toBeLessThanOrEqual(4)
    expect(changes.some(({ to }) => to === 'alice')).toBe(false)
  })

  test('forwards what others made along a chain', async () => {
    const cluster = start(4, { dials: (from, to) => to === from + 1 })
    cluster.node('alice').write(10)
    cluster.node('dave').write(10)
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 10_000)).toBe(true)
    expect(cluster.node('alice').store.log.end()).toBe(20)
  })

  test('keeps one session between two nodes that dial each other', async () => {
    const cluster = start(2)
    await cluster.time.advance(60_000)
    expect(cluster.network.openCount()).toBe(1)
    expect(peerOf(cluster, 'alice', 'bob').state).toBe('live')
    expect(peerOf(cluster, 'bob', 'alice').state).toBe('live')
    const dialled = cluster.network.delivered.filter(carries('hello')).length
    expect(dialled).toBeLessThanOrEqual(6)
  })

  test('finds by gossip whom it was not told of', async () => {
    const cluster = start(3, {
      dials: (from, to) => from > 0 && to === 0,
      advertises: true,
    })
    await cluster.time.advance(5_000)
    expect(peerOf(cluster, 'bob', 'carol').state).toBe('live')
    expect(peerOf(cluster, 'carol', 'bob').state).toBe('live')
  })

  test('does not keep a session with itself', async () => {
    const cluster = start(2, { dials: () => true })
    await cluster.time.advance(30_000)
    expect(
      cluster
        .node('alice')
        .mesh.peers()
        .map(({ name }) => name),
    ).toEqual(['bob'])
    expect(cluster.network.openCount()).toBe(1)
  })

  test('never has more than 16 MiB on the way to a peer, and fills them', async () => {
    const cluster = start(2, {
      dials: (from) => from === 0,
      prepare: ([alice]) => alice?.write(replicaOf(1), 400, { bytes: 100_000 }),
    })
    // Acknowledgements cannot pass, so what was sent stays on the way.
    await cluster.time.advanceUntil(
      () => cluster.network.delivered.some(carries('changes')),
      10_000,
    )
    cluster.network.block('bob', 'alice')
    await cluster.time.advance(3_000)
    const sizes = cluster.network.delivered.map(({ frame }) =>
      frame.kind === 'changes' ? frame.changes.reduce((sum, { length }) => sum + length, 0) : 0,
    )
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    expect(bytes).toBeLessThanOrEqual(inFlightBytesMax)
    expect(bytes).toBeGreaterThan(inFlightBytesMax - 1024 * 1024)
    cluster.network.unblock('bob', 'alice')
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 60_000)).toBe(true)
  })

  test('closes a session that has gone deaf one way within twelve seconds', async () => {
    const cluster = start(2, { dials: (from) => from === 0 })
    await cluster.time.advance(3_000)
    expect(peerOf(cluster, 'alice', 'bob').state).toBe('live')
    cluster.network.block('bob', 'alice')
    await cluster.time.advance(12_000)
    expect(peerOf(cluster, 'alice', 'bob').state).not.toBe('live')
    cluster.network.unblock('bob', 'alice')
    await cluster.time.advance(12_000)
    expect(peerOf(cluster, 'alice', 'bob').state).toBe('live')
  })

  test('says how far a peer is behind, in changes and in time', async () => {
    const cluster = start(2)
    await cluster.time.advance(3_000)
    cluster.network.block('alice', 'bob')
    cluster.network.block('bob', 'alice')
    cluster.node('alice').write(5)
    await cluster.time.advance(4_000)
    expect(peerOf(cluster, 'alice', 'bob')).toMatchObject({ lagChanges: 5, lagMs: 4_000 })
    healAll(cluster)
    await cluster.time.advance(30_000)
    expect(peerOf(cluster, 'alice', 'bob')).toMatchObject({ lagChanges: 0, lagMs: 0 })
  })

  test('dials a dead address ever more rarely, and counts nothing as live', async () => {
    const cluster = start(2, { dials: (from) => from === 0 })
    cluster.network.block('alice', 'bob')
    await cluster.time.advance(60_000)
    const [peer] = cluster.node('alice').mesh.peers()
    expect(peer?.name).toBe('ws://bob:4000')
    expect(['down', 'connecting']).toContain(peer?.state)
    expect(cluster.node('alice').warnings).toHaveLength(1)
  })

  test('lets the new identity of a node take the place of the old one', async () => {
    const cluster = start(2)
    await cluster.time.advance(3_000)
    const before = peerOf(cluster, 'alice', 'bob')
    expect(before.replica).toBe(replicaOf(2))
    // The old session is not closed: its other end knows of nothing.
    cluster.node('bob').restart(replicaOf(9))
    cluster.node('bob').write(1)
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 2_000)).toBe(true)
    expect(peerOf(cluster, 'alice', 'bob')).toMatchObject({ replica: replicaOf(9), state: 'live' })
    await cluster.time.advance(20_000)
    expect(peerOf(cluster, 'alice', 'bob')).toMatchObject({ replica: replicaOf(9), state: 'live' })
  })
})

describe('a node that goes on as another replica', () => {
  test('greets its peers anew, who then know it by that name, and loses nothing', async () => {
    const cluster = start(3)
    await cluster.time.advance(3_000)
    cluster.node('bob').write(3)
    cluster.node('bob').renew(replicaOf(9))
    await cluster.time.advance(3_000)
    // Nobody need know before there is something of the new one.
    expect(peerOf(cluster, 'alice', 'bob').replica).toBe(replicaOf(2))
    cluster.node('bob').write(1)
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 3_000)).toBe(true)
    for (const name of ['alice', 'carol']) {
      expect(peerOf(cluster, name, 'bob')).toMatchObject({ replica: replicaOf(9), state: 'live' })
      expect(cluster.node(name).store.log.vector().get(replicaOf(9))).toBe(1)
    }
    await cluster.time.advance(10_000)
    expect(peerOf(cluster, 'bob', 'alice').state).toBe('live')
    expect(cluster.nodes.flatMap(({ warnings }) => warnings)).toEqual([])
  })
})

describe('a link drill', () => {
  test('stops the exchange in both directions until the link is opened', async () => {
    const cluster = start(2)
    await cluster.time.advance(3_000)
    expect(cluster.node('alice').mesh.setLink('bob', 'cut')).toMatchObject({ ok: true })
    cluster.node('alice').write(3)
    cluster.node('bob').write(4)
    await cluster.time.advance(30_000)
    expect(cluster.node('alice').store.log.end()).toBe(3)
    expect(cluster.node('bob').store.log.end()).toBe(4)
    expect(peerOf(cluster, 'alice', 'bob')).toMatchObject({ state: 'cut', link: 'cut' })
    expect(peerOf(cluster, 'bob', 'alice')).toMatchObject({
      state: 'cut',
      link: 'open',
      problem: { code: 'cut' },
    })
    cluster.node('alice').mesh.setLink('bob', 'open')
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 500)).toBe(true)
  })

  test('holds against a node that dials in', async () => {
    const cluster = start(2, { dials: (from) => from === 1 })
    await cluster.time.advance(3_000)
    cluster.node('alice').mesh.setLink('bob', 'cut')
    cluster.node('bob').write(1)
    await cluster.time.advance(30_000)
    expect(cluster.node('alice').store.log.end()).toBe(0)
    cluster.node('alice').mesh.setLink('bob', 'open')
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 5_000)).toBe(true)
  })

  test('of a name that nobody has proved is refused', () => {
    const cluster = start(2)
    expect(cluster.node('alice').mesh.setLink('zoe', 'cut')).toEqual({
      ok: false,
      refusal: { kind: 'unknown_peer' },
    })
  })
})

describe('what must not be merged', () => {
  test('nodes with different keys exchange no change, and both say why', async () => {
    const cluster = start(2, {
      dials: (from) => from === 0,
      clusterKey: (index) => new Uint8Array(32).fill(index),
    })
    cluster.node('alice').write(1)
    cluster.node('bob').write(1)
    await cluster.time.advance(60_000)
    const kinds = new Set(cluster.network.delivered.map(({ frame }) => frame.kind))
    // Each sees the other's proof fail and hangs up before the other's refusal arrives.
    expect([...kinds].sort()).toEqual(['hello', 'prove'])
    const [line] = cluster.node('alice').mesh.peers()
    expect(line).toMatchObject({ state: 'refused', problem: { code: 'bad_cluster_key' } })
    expect(cluster.node('bob').mesh.peers()).toEqual([])
    expect(cluster.node('bob').mesh.strangers().last?.code).toBe('bad_cluster_key')
    for (const { warnings } of cluster.nodes) {
      expect(warnings.map(({ code }) => code)).toContain('bad_cluster_key')
    }
  })

  test('two histories of one replica are found, reported and kept apart; others go on', async () => {
    const shared = replicaOf(77)
    const cluster = start(2, {
      prepare: ([alice, bob]) => {
        alice?.write(shared, 3, { mark: 'a' })
        bob?.write(shared, 2, { mark: 'b' })
      },
    })
    cluster.node('alice').write(1)
    cluster.node('bob').write(1)
    await cluster.time.advance(10_000)
    expect(cluster.node('alice').store.log.vector()).toEqual(
      new Map([
        [shared, 3],
        [replicaOf(1), 1],
        [replicaOf(2), 1],
      ]),
    )
    expect(cluster.node('bob').store.log.vector()).toEqual(
      new Map([
        [shared, 2],
        [replicaOf(1), 1],
        [replicaOf(2), 1],
      ]),
    )
    expect(peerOf(cluster, 'alice', 'bob').problem?.code).toBe('fork')
    expect(peerOf(cluster, 'bob', 'alice').problem?.code).toBe('fork')
  })

  test('a change far ahead of our clock is held, counted, and taken when its time has come', async () => {
    const cluster = start(2)
    await cluster.time.advance(3_000)
    cluster.node('alice').write(2, { aheadMs: 90_000 })
    cluster.node('alice').write(1)
    cluster.node('bob').write(1)
    await cluster.time.advance(10_000)
    expect(cluster.node('bob').store.log.end()).toBe(1)
    expect(peerOf(cluster, 'bob', 'alice')).toMatchObject({
      heldChanges: 3,
      problem: { code: 'too_far_ahead' },
    })
    expect(cluster.node('alice').store.log.end()).toBe(4)
    await cluster.time.advance(60_000)
    expect(cluster.hasConverged()).toBe(true)
    expect(peerOf(cluster, 'bob', 'alice').heldChanges).toBe(0)
    expect(peerOf(cluster, 'bob', 'alice').problem).toBeUndefined()
    const wants = cluster.network.delivered.filter(carries('want'))
    expect(wants.length).toBeLessThanOrEqual(8)
  })

  test('equal changes with different documents are called divergent, and made equal', async () => {
    const cluster = start(2)
    cluster.node('alice').write(3)
    await cluster.time.advance(5_000)
    expect(peerOf(cluster, 'alice', 'bob').divergent).toBe(false)
    cluster.node('bob').store.damage('2')
    const isFound = () => peerOf(cluster, 'alice', 'bob').divergent
    expect(await cluster.time.advanceUntil(isFound, 5_000)).toBe(true)
    expect(peerOf(cluster, 'alice', 'bob').problem?.code).toBe('divergent')
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 5_000)).toBe(true)
    await cluster.time.advance(5_000)
    for (const [of, name] of [
      ['alice', 'bob'],
      ['bob', 'alice'],
    ] as const) {
      expect(peerOf(cluster, of, name).divergent).toBe(false)
      expect(peerOf(cluster, of, name).problem).toBeUndefined()
    }
  })

  test('a node that cannot store says so and loses nothing', async () => {
    const cluster = start(2, { dials: (from) => from === 0 })
    await cluster.time.advance(3_000)
    cluster.node('bob').store.breakDisk()
    cluster.node('alice').write(1)
    await cluster.time.advance(2_000)
    const codes = cluster.node('bob').warnings.map(({ code }) => code)
    expect(peerOf(cluster, 'alice', 'bob').lagChanges).toBe(1)
    expect([...codes, peerOf(cluster, 'bob', 'alice').problem?.code]).toContain('storage_failed')
  })

  test('schemas that are newer than ours are reported', async () => {
    const cluster = start(2, {
      schemaVersions: (index) => new Map([['product', index + 1]]),
    })
    await cluster.time.advance(3_000)
    expect(peerOf(cluster, 'alice', 'bob').problem?.code).toBe('schema_newer')
    expect(peerOf(cluster, 'bob', 'alice').problem).toBeUndefined()
  })
})
