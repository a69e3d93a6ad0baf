/** Real cores in real meshes, on virtual time: a node comes back after the others have folded what it lacks. */

import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { databaseFileOf } from '../../node/core/data-directory.ts'
import { createDocumentExchange } from '../../node/core/document-exchange.ts'
import { createPipeline, type Pipeline } from '../../node/core/pipeline.ts'
import { refresh } from '../../node/core/rebuild.ts'
import { verify } from '../../node/core/verify.ts'
import { createMesh, type Mesh } from '../../sync/mesh.ts'
import { noteKind, noteSql, noteTables } from '../unit/node/core/note.ts'
import { command, foldShare } from '../unit/node/core/steps.ts'
import { createTestCore, temporaryDirectory, type TestCore } from '../unit/node/core/test-core.ts'
import { addressOf, seededRandom } from '../unit/sync/cluster.ts'
import { createNetwork, type Fate, type Network } from '../unit/sync/network.ts'
import { createVirtualTime, type VirtualTime } from '../unit/sync/virtual-time.ts'

const names = ['alice', 'bob', 'carol'] as const

interface Station {
  readonly core: TestCore
  readonly pipeline: Pipeline
  readonly directory: string
}

const broken = (error: unknown): never => {
  throw error
}

const createStation = (time: VirtualTime): Station => {
  const directory = temporaryDirectory()
  const core = createTestCore({ file: databaseFileOf(directory), startMs: time.clock.now() })
  refresh(core.store, [noteKind])
  const soon = (work: () => void) => void time.timers.after(0, work)
  const pipeline = createPipeline({ core, soon, monotonic: () => time.clock.monotonic(), broken })
  return { core, pipeline, directory }
}

const connect = (
  stations: readonly Station[],
  { time, network, seed }: { time: VirtualTime; network: Network; seed: number },
): readonly Mesh[] =>
  stations.map(({ core, pipeline }, index) => {
    const name = names[index] ?? ''
    const mesh = createMesh({
      ...time,
      name,
      replica: core.replica,
      clusterKey: new Uint8Array(32).fill(7),
      addresses: names.slice(0, index).map(addressOf),
      schemaVersions: new Map([['note', 1]]),
      log: core.log,
      intake: pipeline,
      exchange: createDocumentExchange({
        core,
        store: core.store,
        soon: (work) => void time.timers.after(0, work),
        monotonic: () => time.clock.monotonic(),
        assertOpen: () => undefined,
        broken,
      }),
      random: seededRandom(seed + index),
      dial: (address) => network.dial(name, new URL(address).hostname),
      logger: { info: () => undefined, warn: () => undefined },
    })
    network.listen(name, mesh.accept)
    onTestFinished(() => mesh.close())
    return mesh
  })

const life = fc.array(command, { maxLength: 10 })

test('whatever each of three did and folded alone, they meet, and every directory is proven', async () => {
  let pulls = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ life, share: fc.constantFrom(0, 0.5, 1) }), {
        minLength: 3,
        maxLength: 3,
      }),
      life,
      fc.integer({ min: 1, max: 2 ** 31 }),
      fc.constantFrom(0, 0, 15),
      async (pasts, during, seed, lossPercent) => {
        const time = createVirtualTime()
        const network = createNetwork(time.timers)
        const stations = pasts.map(({ life: past, share }) => {
          const station = createStation(time)
          station.core.execute(past)
          foldShare(station.core, { share, changesMax: 3 })
          return station
        })
        const random = seededRandom(seed)
        network.setFate((): Fate => ((random(1)[0] ?? 0) / 2.56 < lossPercent ? 'lost' : 'arrives'))
        const meshes = connect(stations, { time, network, seed })
        await time.advance(300)
        stations[0]?.core.execute(during)
        meshes[0]?.notifyLogGrew()
        network.setFate(() => 'arrives')
        const cores = stations.map(({ core }) => core)
        const haveMet = () =>
          new Set(cores.map((core) => `${core.digest()} ${vectorText(core)}`)).size === 1
        expect(await time.advanceUntil(haveMet, 120_000)).toBe(true)
        expect(new Set(cores.map((core) => JSON.stringify(core.rows()))).size).toBe(1)
        pulls += network.delivered.filter(({ frame }) => frame.kind === 'pull').length
        for (const mesh of meshes) mesh.close()
        for (const { core, directory } of stations) {
          core.store.close()
          const proof = verify(directory, [noteKind], {
            sql: noteSql,
            tables: noteTables,
          })
          expect(proof.findings).toEqual([])
        }
      },
    ),
    { numRuns: 15 },
  )
  expect(pulls).toBeGreaterThan(10)
})

const vectorText = ({ log }: TestCore): string =>
  [...log.vector()]
    .map(([replica, counter]) => `${replica}:${counter}`)
    .sort()
    .join()
