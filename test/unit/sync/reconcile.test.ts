/** Nodes that lack what others have folded: they reconcile documents, whatever the network does. */

import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import * as vectors from '../../../crdt/version-vector.ts'
import { vectorOf } from '../../../sync/change.ts'
import type { Frame } from '../../../sync/frame.ts'
import * as limits from '../../../sync/limits.ts'
import type { PeerStatus } from '../../../sync/peer-status.ts'
import { createCluster, seededRandom, type Cluster, type ClusterOptions } from './cluster.ts'
import { replicaOf } from './memory-log.ts'
import type { Fate } from './network.ts'

const clusters: Cluster[] = []
const start = (size: number, options?: ClusterOptions): Cluster => {
  const cluster = createCluster(size, options)
  clusters.push(cluster)
  return cluster
}
afterEach(() => {
  for (const cluster of clusters.splice(0)) cluster.close()
})

const peerOf = (cluster: Cluster, of: string, name: string): PeerStatus | undefined =>
  cluster
    .node(of)
    .mesh.peers()
    .find((peer) => peer.name === name)

const delivered = <K extends Frame['kind']>(cluster: Cluster, kind: K) =>
  cluster.network.delivered.flatMap(({ frame, from, to }) =>
    frame.kind === kind ? [{ from, to, frame: frame as Extract<Frame, { kind: K }> }] : [],
  )

const [a, b, c] = [replicaOf(1), replicaOf(2), replicaOf(3)]

/** Alice has made 500 changes and folded the first 450. */
const prepareAlice: NonNullable<ClusterOptions['prepare']> = ([alice]) => {
  alice?.write(a, 500)
  alice?.fold(new Map([[a, 450]]))
}

describe('a node that lacks what a peer has folded', () => {
  test('gets the documents, then the changes, and goes on from the peer’s floor', async () => {
    const cluster = start(2, { prepare: prepareAlice })
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 3_000)).toBe(true)
    const { log } = cluster.node('bob').store
    expect(vectorOf(log.floor())).toEqual(new Map([[a, 450]]))
    expect(log.end()).toBe(50)
    cluster.node('alice').write(1)
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 100)).toBe(true)
    await cluster.time.advance(100)
    expect(peerOf(cluster, 'alice', 'bob')).toMatchObject({ state: 'live', lagChanges: 0 })
    expect(peerOf(cluster, 'bob', 'alice')?.problem).toBeUndefined()
  })

  test('brings what only it has', async () => {
    const cluster = start(2, {
      prepare: ([alice, bob]) => {
        alice?.write(a, 500)
        alice?.fold(new Map([[a, 450]]))
        bob?.write(b, 40, { document: 'bob was here' })
      },
    })
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 3_000)).toBe(true)
    const { documents, log } = cluster.node('alice').store
    expect(documents.read('bob was here')).toHaveLength(40)
    // They came as changes, and can go on as such.
    expect(log.hashAt({ replica: b, counter: 1 })).toBeDefined()
    expect(delivered(cluster, 'pull').map(({ from }) => from)).toEqual(['bob'])
  })

  test('pulls while it is pulled from, when each has folded what the other lacks', async () => {
    const cluster = start(2, {
      prepare: ([alice, bob]) => {
        alice?.write(a, 300)
        alice?.fold(new Map([[a, 200]]))
        bob?.write(b, 300)
        bob?.fold(new Map([[b, 250]]))
      },
    })
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 3_000)).toBe(true)
    for (const { store } of cluster.nodes) {
      expect(vectorOf(store.log.floor())).toEqual(
        new Map([
          [a, 200],
          [b, 250],
        ]),
      )
    }
  })

  test('is sent no change before it has pulled', async () => {
    const cluster = start(2, { prepare: prepareAlice })
    await cluster.time.advanceUntil(cluster.hasConverged, 3_000)
    const kinds = cluster.network.delivered
      .filter(({ to }) => to === 'bob')
      .map(({ frame }) => frame.kind)
    expect(kinds.indexOf('changes')).toBeGreaterThan(kinds.lastIndexOf('documents'))
  })

  test('pulls from one peer of many, and needs the others no more', async () => {
    const cluster = start(4, {
      prepare: (stores) => {
        for (const store of stores.slice(0, 3)) {
          store.write(a, 500)
          store.fold(new Map([[a, 450]]))
        }
      },
    })
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 3_000)).toBe(true)
    expect(delivered(cluster, 'pull')).toHaveLength(1)
  })

  test('says so to its operator, and how far it has come', async () => {
    const cluster = start(2, {
      prepare: ([alice]) => {
        for (let document = 0; document < 200; document++) {
          alice?.write(a, 1, { document: `${document}`, markBytes: 100_000 })
        }
        alice?.fold(new Map([[a, 200]]))
      },
    })
    const seen = new Set<string>()
    await cluster.time.advanceUntil(() => {
      const { state, reconciliation } = peerOf(cluster, 'bob', 'alice') ?? {}
      if (state === 'reconciling') seen.add(JSON.stringify(reconciliation))
      return cluster.hasConverged()
    }, 5_000)
    expect(cluster.hasConverged()).toBe(true)
    const reports = [...seen].map((text) => JSON.parse(text) as { fetched: number; of: number })
    expect(reports.filter(({ fetched, of }) => fetched < 200 && of === 200).length).toBeGreaterThan(
      3,
    )
    await cluster.time.advance(2_000)
    expect(peerOf(cluster, 'bob', 'alice')).not.toHaveProperty('reconciliation')
  })

  test('is not called divergent by another that lacks the same', async () => {
    const cluster = start(3, {
      // Carol knows bob only.
      dials: (from, to) => to === from + 1,
      prepare: ([alice]) => {
        for (let document = 0; document < 200; document++) {
          alice?.write(a, 1, { document: `${document}`, markBytes: 100_000 })
        }
        alice?.fold(new Map([[a, 200]]))
      },
    })
    // A slow pull: for some beats bob has some of the documents, and carol has none.
    cluster.network.setFate((frame) => (frame === 'took' ? 'lost' : 'arrives'))
    const documentsOf = (name: string) => cluster.node(name).store.documents.ids().length
    await cluster.time.advance(8_000)
    expect(documentsOf('bob')).toBeGreaterThan(50)
    expect(documentsOf('carol')).toBe(0)
    cluster.network.setFate(() => 'arrives')
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 60_000)).toBe(true)
    expect(cluster.nodes.flatMap(({ warnings }) => warnings).map(({ code }) => code)).toEqual([])
  })

  test('notices in a session that a peer has folded past it', async () => {
    const cluster = start(2)
    await cluster.time.advance(3_000)
    cluster.network.block('alice', 'bob')
    cluster.node('alice').write(100)
    await cluster.time.advance(500)
    // What was sent is lost, and what would be sent again is not there any more.
    cluster.node('alice').store.fold(new Map([[a, 90]]))
    cluster.network.unblock('alice', 'bob')
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 10_000)).toBe(true)
    expect(delivered(cluster, 'pull')).toHaveLength(1)
  })
})

describe('a pull', () => {
  test('takes document frames as the window allows, and no more', async () => {
    const cluster = start(2, {
      prepare: ([alice]) => {
        for (let document = 0; document < 300; document++) {
          alice?.write(a, 1, { document: `${document}`, markBytes: 100_000 })
        }
        alice?.fold(new Map([[a, 300]]))
      },
    })
    const bytesOnTheWay = () =>
      delivered(cluster, 'documents')
        .flatMap(({ frame }) => frame.parts)
        .reduce((sum, { bytes }) => sum + bytes.length, 0)
    await cluster.time.advanceUntil(() => bytesOnTheWay() > 0, 3_000)
    // What bob has joined cannot be told, so alice waits.
    cluster.network.block('bob', 'alice')
    await cluster.time.advance(3_000)
    expect(bytesOnTheWay()).toBeLessThanOrEqual(limits.documentsInFlightBytesMax)
    expect(bytesOnTheWay()).toBeGreaterThan(limits.documentsInFlightBytesMax - 512 * 1024)
    cluster.network.unblock('bob', 'alice')
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 30_000)).toBe(true)
  })

  test('brings documents larger than a frame', async () => {
    const cluster = start(2, {
      prepare: ([alice]) => {
        alice?.write(a, 2, { document: 'large', markBytes: 1_900_000 })
        alice?.write(a, 20)
        alice?.fold(new Map([[a, 22]]))
      },
    })
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 5_000)).toBe(true)
    expect(cluster.node('bob').store.documents.read('large')).toHaveLength(2)
  })

  test('of a document that is too large fails, and both say why', async () => {
    const cluster = start(2, {
      prepare: ([alice]) => {
        alice?.write(a, 1, { document: 'huge', markBytes: limits.documentBytesMax })
        alice?.fold(new Map([[a, 1]]))
      },
    })
    await cluster.time.advance(5_000)
    expect(peerOf(cluster, 'bob', 'alice')?.problem).toMatchObject({
      code: 'not_reconciled',
      detail: expect.stringContaining('document_too_large') as string,
    })
    expect(cluster.node('bob').store.log.floor().size).toBe(0)
    // It is tried again, and ever more rarely.
    await cluster.time.advance(120_000)
    const tries = delivered(cluster, 'pull').length
    expect(tries).toBeGreaterThan(2)
    expect(tries).toBeLessThan(8)
  })

  test.each([
    'pull',
    'survey',
    'compare',
    'summary',
    'fetch',
    'documents',
    'took',
    'done',
  ] as const)('goes on when its first %s is lost', async (kind) => {
    const cluster = start(2, { prepare: prepareSome })
    let lost = 0
    cluster.network.setFate((frame) => (frame === kind && lost++ === 0 ? 'lost' : 'arrives'))
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 30_000)).toBe(true)
    expect(lost).toBeGreaterThan(0)
    expect(cluster.node('bob').store.log.floor().size).toBe(1)
  })

  test('begins anew when the peer has dropped its survey', async () => {
    const cluster = start(2, { prepare: prepareSome })
    let lost = 0
    cluster.network.setFate((frame) => (frame === 'compare' && lost++ === 0 ? 'lost' : 'arrives'))
    await cluster.time.advanceUntil(() => lost > 0, 3_000)
    // The node restarts: the new session knows nothing of the old one's pull.
    cluster.node('alice').restart(replicaOf(9))
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 30_000)).toBe(true)
  })

  test('is given up when nobody answers, and tried again', async () => {
    const cluster = start(2, { prepare: prepareSome })
    let isDeaf = true
    cluster.network.setFate((frame) => (frame === 'survey' && isDeaf ? 'lost' : 'arrives'))
    const isGivenUp = () => peerOf(cluster, 'bob', 'alice')?.problem?.code === 'not_reconciled'
    expect(await cluster.time.advanceUntil(isGivenUp, 400_000)).toBe(true)
    isDeaf = false
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 60_000)).toBe(true)
    expect(peerOf(cluster, 'bob', 'alice')?.problem).toBeUndefined()
  })
})

/** Both have 2,000 documents, of which a few differ, so that a pull takes all its steps. */
const prepareSome: NonNullable<ClusterOptions['prepare']> = (stores) => {
  for (const store of stores) {
    for (let document = 0; document < 2_000; document++) {
      store.write(a, 1, { document: `${document}` })
    }
  }
  const [alice, bob] = stores
  alice?.write(c, 40)
  alice?.fold(new Map([[c, 30]]))
  bob?.write(b, 10)
}

describe('under faults', () => {
  const size = 3
  const command = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        node: fc.nat(size - 1),
        count: fc.integer({ min: 1, max: 60 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('fold' as const), node: fc.nat(size - 1) }),
    },
    fc.record({ kind: fc.constant('sever' as const), node: fc.nat(size - 1) }),
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('isolate' as const),
        node: fc.nat(size - 1),
        on: fc.boolean(),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        ms: fc.integer({ min: 1, max: 6_000 }),
      }),
    },
  )
  const plan = fc.record({
    seed: fc.integer({ min: 1, max: 2 ** 31 }),
    isChain: fc.boolean(),
    lossPercent: fc.constantFrom(0, 0, 5, 20),
    repeatPercent: fc.constantFrom(0, 0, 10, 30),
    latePercent: fc.constantFrom(0, 0, 10, 30),
    commands: fc.array(command, { minLength: 4, maxLength: 25 }),
  })

  test('whatever anybody folded, after the heal all have the same and none took a change twice', async () => {
    let pulls = 0
    await fc.assert(
      fc.asyncProperty(
        plan,
        async ({ seed, isChain, lossPercent, repeatPercent, latePercent, commands }) => {
          const random = seededRandom(seed)
          const cluster = start(size, {
            random,
            ...(isChain && { dials: (from: number, to: number) => to === from + 1 }),
          })
          const others = (name: string) => cluster.nodes.filter((node) => node.name !== name)
          cluster.network.setFate((): Fate => {
            const percent = (random(1)[0] ?? 0) / 2.56
            if (percent < lossPercent) return 'lost'
            if (percent < lossPercent + repeatPercent) return 'twice'
            return percent < lossPercent + repeatPercent + latePercent ? 'late' : 'arrives'
          })
          for (const step of commands) {
            if (step.kind === 'wait') {
              await cluster.time.advance(step.ms)
              continue
            }
            const node = cluster.nodes[step.node]
            if (!node) continue
            if (step.kind === 'write') node.write(step.count)
            if (step.kind === 'fold') node.store.fold(node.store.log.vector())
            if (step.kind === 'sever') {
              for (const { name } of others(node.name)) cluster.network.sever(node.name, name)
            }
            if (step.kind === 'isolate') {
              for (const { name } of others(node.name)) {
                if (step.on) cluster.network.block(node.name, name)
                else cluster.network.unblock(node.name, name)
              }
            }
          }
          cluster.network.setFate(() => 'arrives')
          for (const { name } of cluster.nodes) {
            for (const other of others(name)) cluster.network.unblock(name, other.name)
          }
          expect(await cluster.time.advanceUntil(cluster.hasConverged, 120_000)).toBe(true)
          for (const { store } of cluster.nodes) {
            expect(vectors.isWithin(vectorOf(store.log.floor()), store.log.vector())).toBe(true)
          }
          pulls += delivered(cluster, 'pull').length
          cluster.close()
        },
      ),
      { numRuns: 60 },
    )
    // Otherwise this would show nothing.
    expect(pulls).toBeGreaterThan(5)
  })
})

describe('a peer of version 1', () => {
  const versionMax = (index: number) => (index === 1 ? 1 : 2)

  test('is streamed to as ever while it lacks nothing that was folded', async () => {
    const cluster = start(2, {
      versionMax,
      prepare: ([alice, bob]) => {
        alice?.write(a, 100)
        bob?.write(a, 60)
        alice?.fold(new Map([[a, 60]]))
      },
    })
    cluster.node('bob').write(5)
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 3_000)).toBe(true)
    await cluster.time.advance(10_000)
    const kinds = new Set(cluster.network.delivered.map(({ frame }) => frame.kind))
    expect([...kinds].sort()).toEqual(['ack', 'beat', 'changes', 'hello', 'prove', 'ready'])
    expect(peerOf(cluster, 'alice', 'bob')?.state).toBe('live')
  })

  test('that lacks some of it is refused, and both say why', async () => {
    const cluster = start(2, { versionMax, prepare: prepareAlice })
    cluster.node('bob').write(3)
    await cluster.time.advance(30_000)
    for (const [of, name] of [
      ['alice', 'bob'],
      ['bob', 'alice'],
    ] as const) {
      expect(peerOf(cluster, of, name)?.problem?.code).toBe('too_far_behind')
      expect(['refused', 'connecting', 'authenticating']).toContain(
        peerOf(cluster, of, name)?.state,
      )
    }
    expect(cluster.node('bob').store.log.digest()).not.toBe(
      cluster.node('alice').store.log.digest(),
    )
  })

  test('gets to know by report alone that documents differ', async () => {
    const cluster = start(2, { versionMax })
    cluster.node('alice').write(3)
    cluster.node('bob').store.damage('2')
    await cluster.time.advance(30_000)
    expect(peerOf(cluster, 'alice', 'bob')).toMatchObject({ divergent: true, state: 'live' })
    expect(cluster.hasConverged()).toBe(false)
  })
})

describe('documents that differ though the changes are the same', () => {
  test('are made equal without anybody’s floor moving', async () => {
    const cluster = start(3, {
      prepare: (stores) => {
        for (const store of stores) store.write(a, 50)
        stores[0]?.fold(new Map([[a, 20]]))
      },
    })
    await cluster.time.advance(3_000)
    cluster.node('bob').store.damage('7')
    cluster.node('carol').store.damage('8')
    expect(await cluster.time.advanceUntil(cluster.hasConverged, 15_000)).toBe(true)
    expect(cluster.node('alice').store.documents.read('8')).toHaveLength(2)
    expect(cluster.node('bob').store.log.floor().size).toBe(0)
  })

  test('that do not become equal are pulled ever more rarely, and stay reported', async () => {
    const cluster = start(2)
    cluster.node('alice').write(50)
    await cluster.time.advance(3_000)
    cluster.node('alice').store.breakJoin()
    cluster.node('bob').store.damage('7')
    await cluster.time.advance(60 * 60_000)
    const pulls = delivered(cluster, 'pull').filter(({ from }) => from === 'alice').length
    // After 1, 2, 4, 8, 16 and 32 minutes.
    expect(pulls).toBeGreaterThanOrEqual(5)
    expect(pulls).toBeLessThanOrEqual(7)
    expect(peerOf(cluster, 'alice', 'bob')).toMatchObject({
      divergent: true,
      problem: { code: 'divergent' },
    })
  })

  test('between nodes that read different schemas are reported and left alone', async () => {
    const cluster = start(2, { schemaVersions: (index) => new Map([['note', index + 1]]) })
    cluster.node('alice').write(3)
    cluster.node('bob').store.damage('2')
    await cluster.time.advance(60_000)
    expect(peerOf(cluster, 'alice', 'bob')?.divergent).toBe(true)
    expect(delivered(cluster, 'pull')).toEqual([])
  })
})
