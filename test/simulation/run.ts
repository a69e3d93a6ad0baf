/** Runs a plan from beginning to end: first anything may fail, then everything must come right. */

import { checkers } from './checkers/all.ts'
import type { Checker, Settled } from './checkers/checker.ts'
import { createChronicle } from './chronicle.ts'
import { createCluster, newestRelease, nodeOf, type Cluster } from './cluster/cluster.ts'
import { performFault } from './faults/all.ts'
import { hasTwin, type Plan } from './plan.ts'
import { realWorld } from './world/frozen.ts'
import { createNetwork } from './world/network.ts'
import { createRandom } from './world/random.ts'
import { createTimeline } from './world/timeline.ts'
import { createTrace, type TraceOptions } from './world/trace.ts'
import { createClients, type Intents } from './workload/clients.ts'
import { createGoods } from './workload/goods.ts'

export interface Outcome {
  readonly violation: Violation | undefined
  /** Equal for every run of the plan. */
  readonly hash: string
  readonly events: number
  readonly virtualMs: number
  readonly changes: number
  /** How often each fault and each way of recovering from one was met. */
  readonly happened: ReadonlyMap<string, number>
  readonly trace: readonly string[]
}

export interface Violation {
  /** The property that does not hold. */
  readonly property: string
  readonly sentence: string
  readonly atMs: number
}

/** How long the nodes may take to agree after the last fault. */
const agreeMsMax = 180_000

/** Ends the run at the first violation: what follows from it says little. */
class Stop extends Error {}

export const run = async (plan: Plan, tracing: TraceOptions = { keep: 0 }): Promise<Outcome> => {
  const timeline = createTimeline()
  const trace = createTrace(tracing, timeline.nowMs)
  const random = createRandom(`${plan.seed}/run`)
  const chronicle = createChronicle(newestRelease.kinds)
  const happened = new Map<string, number>()
  const count = (what: string): void => void happened.set(what, (happened.get(what) ?? 0) + 1)
  let violation: Violation | undefined

  const report = (property: string) => (sentence: string) => {
    trace.say(() => `VIOLATION of "${property}": ${sentence}`)
    violation ??= { property, sentence, atMs: timeline.nowMs() }
  }
  const book: Intents = new Map()
  const all = Object.entries(checkers(book, { hasTwin: hasTwin(plan) })).map(([name, create]) =>
    create(report(name), chronicle),
  )
  const tell = <K extends keyof Checker>(kind: K) => {
    const told = all.map((checker) => checker[kind]).filter((one) => one !== undefined)
    return (fact: Parameters<NonNullable<Checker[K]>>[0]): void => {
      for (const one of told) (one as (fact: unknown) => void)(fact)
    }
  }

  const network = createNetwork({
    timeline,
    trace,
    random: random.split('network'),
    conditions: plan.network,
    count: (what) => count(`message ${what}`),
  })
  const cluster = createCluster({
    plan,
    timeline,
    trace,
    random,
    network,
    chronicle,
    checker: {
      durable: tell('durable'),
      answered: tell('answered'),
      forgotten: tell('forgotten'),
      broke: tell('broke'),
      accused: tell('accused'),
    },
    threw: (machine, error) =>
      report('nothing is thrown that nobody catches')(
        `${machine.name()}: ${error instanceof Error ? error.stack : String(error)}`,
      ),
    happened: count,
  })
  const clients = createClients({
    timeline,
    trace,
    goods: createGoods(plan),
    intents: book,
    machines: cluster.machines,
    answered: tell('answered'),
    happened: count,
  })

  const advance = async (untilMs: number): Promise<void> => {
    while (timeline.runNext(untilMs)) {
      await turn()
      if (violation) throw new Stop()
    }
  }

  const agree = async (): Promise<void> => {
    const limitMs = timeline.nowMs() + agreeMsMax
    for (;;) {
      await advance(timeline.nowMs() + 500)
      cluster.passTime()
      const why = cluster.disagreement()
      if (why === undefined) return
      if (timeline.nowMs() < limitMs) continue
      report('the nodes come to agree')(`after ${agreeMsMax / 1_000} s without faults ${why}`)
      throw new Stop()
    }
  }

  schedule(plan, { timeline, cluster, clients, isOver: () => timeline.nowMs() >= plan.healAtMs })
  try {
    await advance(plan.healAtMs)
    cluster.heal()
    // Who asked before the end asks again for a while.
    await advance(timeline.nowMs() + 10_000)
    await agree()
    // Each still takes a write, and the others hear of it.
    for (let node = 0; node < cluster.machines.length; node++) {
      clients.perform({ atMs: 0, node, kind: 'receiveUnits', chance: plan.seed + node })
    }
    await advance(timeline.nowMs() + 1_000)
    await agree()
    const settled = settledOf(cluster)
    for (const checker of all) checker.settled?.(settled)
  } catch (error) {
    if (!(error instanceof Stop)) throw error
  }
  return {
    violation,
    hash: trace.hash(),
    events: timeline.count(),
    virtualMs: timeline.nowMs(),
    changes: chronicle.changes.size,
    happened,
    trace: trace.tail(),
  }
}

// Everything that waits for a promise that was kept runs before the next turn of the real event loop.
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    realWorld.setImmediate(resolve)
  })

const schedule = (
  plan: Plan,
  {
    timeline,
    cluster,
    clients,
    isOver,
  }: {
    readonly timeline: ReturnType<typeof createTimeline>
    readonly cluster: Cluster
    readonly clients: ReturnType<typeof createClients>
    readonly isOver: () => boolean
  },
): void => {
  cluster.start()
  for (const act of plan.acts) timeline.at(act.atMs, () => clients.perform(act))
  const scene = {
    ...cluster.scene,
    later: (ms: number, work: () => void) =>
      void timeline.at(timeline.nowMs() + ms, () => {
        if (!isOver()) work()
      }),
  }
  for (const event of plan.faults) timeline.at(event.atMs, () => performFault(scene, event))
}

const settledOf = ({ machines, reportedFork }: Cluster): Settled => ({
  nodes: machines.flatMap((machine) => {
    const process = machine.process()
    return process
      ? [
          {
            node: nodeOf(machine),
            state: process.core.state(),
            tables: process.store.tables(),
            reportedFork: reportedFork(machine),
            kinds: process.kinds,
          },
        ]
      : []
  }),
})
