/**
 * What catching up costs those who shop meanwhile: the event-loop delay of a node that takes in a hundred
 * thousand changes, and how long requests wait there.
 */

import { z } from 'zod'
import type { Bench, Benchmark, Row } from '../benchmark.ts'
import type { Child } from '../child.ts'
import type { Client } from '../client.ts'
import { interleaved, pause, percentile } from '../measure.ts'
import type { AtollNode } from '../stage.ts'
import { changePrices, create, secondsUntilEqual } from './catch-up.ts'

export const catchUpDelayBenchmark: Benchmark = {
  name: 'catch-up-delay',
  about: 'the event loop of a node that catches up, and the requests that it answers meanwhile',
  run: async (bench) => {
    const changes = bench.isQuick ? 5_000 : 100_000
    return [
      ...(await measure(bench, `${changes} products created`, (node) =>
        create(bench, node, changes),
      )),
      ...(await measure(bench, `${changes} prices changed, of 1000 products`, (node) =>
        changePrices(bench, node, changes),
      )),
    ]
  },
}

interface Delays {
  readonly loopP50Ms: number
  readonly loopP99Ms: number
  readonly loopMaxMs: number
  readonly readP99Ms: number
}

const measure = async (
  bench: Bench,
  what: string,
  prepare: (node: AtollNode) => Promise<void>,
): Promise<readonly Row[]> => {
  const { stage, runs, say } = bench
  say(`  preparing: ${what}`)
  const alice = await stage.startNode({ name: 'alice' })
  try {
    await prepare(alice)
    const { peer } = await interleaved<'peer', keyof Delays>(runs, {
      peer: async () => {
        const delays = await catchUp(bench, alice)
        say(
          `  event-loop delay p50 ${delays.loopP50Ms.toFixed(1)} ms, p99 ${delays.loopP99Ms.toFixed(1)} ms, ` +
            `max ${delays.loopMaxMs.toFixed(0)} ms`,
        )
        return { ...delays }
      },
    })
    return [
      {
        what: `${what}: event-loop delay p99`,
        unit: 'ms',
        ours: peer.loopP99Ms,
        target: { of: 'ours', is: 'at most', bound: 20 },
      },
      { what: 'its median', unit: 'ms', ours: peer.loopP50Ms },
      { what: 'its maximum', unit: 'ms', ours: peer.loopMaxMs },
      { what: 'a request meanwhile, p99', unit: 'ms', ours: peer.readP99Ms },
    ]
  } finally {
    await alice.stop()
  }
}

const catchUp = async ({ stage }: Bench, alice: AtollNode): Promise<Delays> => {
  const bob = await stage.startServing({
    name: 'bob',
    peers: [alice.url.replace('http', 'ws')],
    preload: './bench/sync/loop-delay.ts',
  })
  const reads = keepAsking(bob.client)
  try {
    // What came before is the start of the process.
    await delaysOf(bob.child, 0)
    await secondsUntilEqual(alice, bob)
    const { p50Ms, p99Ms, maxMs } = await delaysOf(bob.child, 1)
    const times = await reads.stop()
    return {
      loopP50Ms: p50Ms,
      loopP99Ms: p99Ms,
      loopMaxMs: maxMs,
      readP99Ms: percentile(times, 0.99),
    }
  } finally {
    await reads.stop()
    await bob.stop()
  }
}

const delayLine = z.object({
  loopDelay: z.object({ p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() }),
})

/** Has the process say what it measured since it was last asked, which was `before` times. */
const delaysOf = (child: Child, before: number) => {
  let seen = 0
  const told = child.line((json) => {
    const { success, data } = delayLine.safeParse(json)
    return success && seen++ === before ? data.loopDelay : undefined
  })
  process.kill(child.pid, 'SIGUSR2')
  return told
}

/** One request after the other, each of which wants nothing but its turn. */
const keepAsking = (client: Client) => {
  const times: number[] = []
  const stopping = new AbortController()
  const ask = async (): Promise<readonly number[]> => {
    while (!stopping.signal.aborted) {
      const startMs = performance.now()
      await client.call({ method: 'GET', path: '/live' })
      times.push(performance.now() - startMs)
      await pause(2)
    }
    return times
  }
  const asking = ask()
  return {
    stop: () => {
      stopping.abort()
      return asking
    },
  }
}
