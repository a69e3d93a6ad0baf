/** All machines of a run, the operator who looks after them, and what is told to the checkers. */

import type { ReplicaId } from '../../../crdt/dot.ts'
import { bottom, isWithin, join, type VersionVector } from '../../../crdt/version-vector.ts'
import * as digest from '../../../node/core/digest.ts'
import * as shop from '../../../node/shop.ts'
import { versionNewest } from '../../../sync/greeting.ts'
import type { Checker, Durable, Link } from '../checkers/checker.ts'
import type { Chronicle, KnownChange } from '../chronicle.ts'
import type { Scene } from '../faults/fault.ts'
import { hasTwin, type Dials, type Plan } from '../plan.ts'
import { openDiskStore, type Transacted } from '../store/disk-store.ts'
import { decodeFrame } from '../store/operations.ts'
import type { LogRow, Tables } from '../store/tables.ts'
import { createDisk, type DiskImage } from '../world/disk.ts'
import type { Network } from '../world/network.ts'
import type { Random } from '../world/random.ts'
import type { Timeline } from '../world/timeline.ts'
import type { Trace } from '../world/trace.ts'
import { simStockKind } from '../workload/sim-stock.ts'
import {
  createMachine,
  epochMs,
  type Machine,
  type MachineEvents,
  type Release,
} from './machine.ts'
import { othersOf, type Process } from './process.ts'

export const names = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace'] as const

export const newestRelease: Release = {
  name: 'new',
  kinds: [...shop.kinds, simStockKind],
  protocolMax: versionNewest,
}
/** Ones before: they know one kind of document less, and speak the protocol as it was. */
const oldReleases: readonly Release[] = [1, 2].map((protocolMax) => ({
  name: `of protocol ${protocolMax}`,
  kinds: shop.kinds,
  protocolMax,
}))

/** How long something may be on its way through a slow line, a busy process and a slow disk. */
const onTheWayMsMax = 60_000

/** A retention that does not end. */
const neverMs = 100 * 365 * 24 * 60 * 60_000

export interface Cluster {
  readonly machines: readonly Machine[]
  readonly scene: Omit<Scene, 'later'>
  start(): void
  /** Ends all faults, and has the operator put right what only an operator can. */
  heal(): void
  /** Whether the node has told of two histories since then. */
  reportedFork(machine: Machine): boolean
  /** Lets as much time pass on all clocks as one of them was ahead: its changes are held until then. */
  passTime(): void
  /** Why the nodes do not agree yet; undefined if they do. */
  disagreement(): string | undefined
}

export interface ClusterDeps {
  readonly plan: Plan
  readonly timeline: Timeline
  readonly trace: Trace
  readonly random: Random
  readonly network: Network
  readonly chronicle: Chronicle
  readonly checker: Required<Omit<Checker, 'settled'>>
  readonly threw: (machine: Machine, error: unknown) => void
  readonly happened: (what: string) => void
}

export const createCluster = (deps: ClusterDeps): Cluster => {
  const { plan, timeline, trace, network, chronicle, checker, happened } = deps
  const random = deps.random.split('cluster')
  const machines: Machine[] = []
  const backups = new Map<number, DiskImage>()
  /** Replicas under which two processes wrote. */
  const twinned = new Set<ReplicaId>()
  const reportedForks = new Set<Machine>()
  const clusterKey = new Uint8Array(32).fill(7)
  let isHealed = false

  const events: MachineEvents = {
    durable: (machine, process, transaction) =>
      checker.durable(
        factOf(machine, process, transaction, { before: machine.durable(), isFound: false }),
      ),
    found: (machine, process, rows) => {
      const appended = rows.filter(({ dot }) => !chronicle.find(dot))
      noteHeld(machine, new Map(), process.store.tables())
      // The last that it did may have been to join documents, and nobody lived to tell of that either.
      if (process.store.tables().folded.size > 0) noteJoined(machine)
      if (appended.length === 0) return
      happened('changes found that nobody lived to tell of')
      const before = new Map(machine.durable())
      for (const { dot } of appended) {
        before.set(dot.replica, Math.min(before.get(dot.replica) ?? 0, dot.counter - 1))
      }
      const tables = process.store.tables()
      const transaction = { tables, appended, dropped: [], hasJoined: false }
      checker.durable(factOf(machine, process, transaction, { before, isFound: true }))
    },
    broke: (machine, hadCause, error) => {
      happened('node broke')
      trace.say(() => `${machine.name()}: broken: ${String(error)}`)
      checker.broke({ node: nodeOf(machine), hadCause, detail: detailOf(error) })
    },
    threw: deps.threw,
    damaged: (machine) => {
      happened('damaged disk found at opening')
      const backup = backups.get(machine.number)
      backups.delete(machine.number)
      swapDisk(machine, backup ?? [], 2_000)
    },
    logged: (machine, level, fields, message) => {
      const { code } = fields
      if (typeof code === 'string') happened(`mesh: ${code}`)
      trace.say(() => `${machine.name()}: ${level} ${message} ${JSON.stringify(fields)}`)
      if (code === 'fork' || code === 'quarantined') {
        if (isHealed) reportedForks.add(machine)
        checker.accused({ node: nodeOf(machine), sentence: String(fields['detail']) })
      }
    },
    happened,
  }

  /** Of machines that joined documents, what they must have before they are where their vector says. */
  const aheadOf = new Map<Machine, VersionVector>()
  /** What disks had that were lost: documents of it may still be on the way to somebody. */
  const lostLately: { readonly atMs: number; readonly vector: VersionVector }[] = []

  /** Who has risen from one vector to another has all between, in its log or in a floor that it adopted. */
  const noteHeld = (
    machine: Machine,
    from: ReadonlyMap<ReplicaId, number>,
    { heads }: Tables,
  ): void => {
    for (const [replica, { counter }] of heads) {
      for (let at = (from.get(replica) ?? 0) + 1; at <= counter; at++) {
        chronicle.find({ replica, counter: at })?.holders.add(machine.number)
      }
    }
  }

  /** Until it has all that was anywhere by now, its documents may be newer than its vector says. */
  const noteJoined = (machine: Machine): void => {
    happened('documents joined')
    const lost = lostLately.filter(({ atMs }) => timeline.nowMs() - atMs < onTheWayMsMax)
    const vectors = [
      ...machines.map((one) => one.durable()),
      ...aheadOf.values(),
      ...lost.map(({ vector }) => vector),
    ]
    aheadOf.set(machine, vectors.reduce(join, bottom))
  }

  const factOf = (
    machine: Machine,
    process: Process,
    { tables, appended, dropped, hasJoined }: Transacted,
    {
      before,
      isFound,
    }: { readonly before: ReadonlyMap<ReplicaId, number>; readonly isFound: boolean },
  ): Durable => {
    const heads = new Map(before)
    const changes = appended.map(({ dot, bytes }) => {
      const found = chronicle.find(dot)
      // Within a transaction each change has seen those before it.
      const known =
        found ??
        chronicle.record({
          dot,
          bytes,
          maker: machine.number,
          causes: new Map(heads),
          mayHaveSeen: aheadOf.get(machine),
        })
      heads.set(dot.replica, dot.counter)
      known.holders.add(machine.number)
      return { known, bytes, isNew: !found }
    })
    noteHeld(machine, heads, tables)
    for (const [replica, { counter }] of tables.heads) heads.set(replica, counter)
    if (hasJoined) noteJoined(machine)
    const ahead = aheadOf.get(machine)
    const isAhead = ahead !== undefined && !isWithin(ahead, heads)
    if (!isAhead) aheadOf.delete(machine)
    return {
      node: nodeOf(machine),
      replica: process.core.replica(),
      release: machine.release().name,
      before,
      appended: changes,
      links: hasTwin(plan) ? linksOf(tables, appended) : [],
      folded: dropped.flatMap(({ dot }) => chronicle.find(dot) ?? []),
      isFound,
      isAhead,
      knowsOthers: othersOf(tables, machine.name()).length > 0,
      floor: tables.floor,
      after: { heads: tables.heads, clock: tables.clock, digest: tables.digest },
      clockBefore: process.core.state().clock,
      wallMs: Math.floor(machine.wallMs()),
    }
  }

  const addMachine = (
    name: string,
    index: number,
    dials: readonly string[],
    twinOf?: ReplicaId,
  ): Machine => {
    const machine = createMachine({
      number: machines.length,
      name,
      skewMs: plan.skewMs[index] ?? 0,
      syncMs: plan.syncMs,
      release:
        (plan.oldReleases.includes(index) && oldReleases[(plan.seed >> 1) % 2]) || newestRelease,
      retentionMs: plan.retentionMs > 0 ? plan.retentionMs : neverMs,
      dials,
      clusterKey,
      timeline,
      trace,
      network,
      random,
      twinOf,
      events,
    })
    machines.push(machine)
    return machine
  }

  const swapDisk = (machine: Machine, image: DiskImage, downMs: number): void => {
    const kept = headsOf(image)
    lostLately.push({ atMs: timeline.nowMs(), vector: new Map(machine.durable()) })
    const before = machine.durable()
    const elsewhere = machines.filter((other) => other !== machine).map((other) => other.durable())
    const dots: KnownChange[] = []
    for (const known of chronicle.changes.values()) {
      const { replica, counter } = known.dot
      const has = (heads: ReadonlyMap<ReplicaId, number>) => counter <= (heads.get(replica) ?? 0)
      if (has(before) && !has(kept) && !elsewhere.some(has)) dots.push(known)
    }
    if (dots.length > 0) happened('changes lost with the only disk that had them')
    trace.say(() => `${machine.name()}: another disk; ${dots.length} changes are nowhere else`)
    for (const known of dots) chronicle.forget(known)
    checker.forgotten({ dots })
    machine.swapDisk(image, kept, downMs)
  }

  for (let index = 0; index < plan.nodes; index++) {
    addMachine(names[index] ?? 'nobody', index, dialsOf(plan.dials, plan.nodes, index))
  }

  return {
    machines,
    scene: {
      network,
      machines,
      random,
      backups,
      swapDisk,
      addMachine: (of, { name }) => {
        if (isHealed || machines.length >= 2 * plan.nodes) return
        const copy = addMachine(
          name === 'same' ? of.name() : `${of.name()}-${machines.length}`,
          of.number,
          [...dialsOf(plan.dials, plan.nodes, of.number % plan.nodes), of.name()],
        )
        const image = of.disk.image()
        const ahead = aheadOf.get(of)
        if (ahead) aheadOf.set(copy, ahead)
        copy.swapDisk(image, headsOf(image), 100)
      },
      addTwin: (of) => {
        const process = of.process()
        if (isHealed || !process?.mesh() || machines.length >= 2 * plan.nodes) return
        const replica = process.core.replica()
        twinned.add(replica)
        const dials = [...dialsOf(plan.dials, plan.nodes, of.number % plan.nodes), of.name()]
        const copy = addMachine(of.name(), of.number, dials, replica)
        const image = of.disk.image()
        copy.swapDisk(image, headsOf(image), 100)
      },
      upgrade: (machine) => machine.setRelease(newestRelease),
      happened,
    },
    start: () => {
      for (const machine of machines) machine.startIn(random.below(300))
    },
    heal: () => {
      isHealed = true
      network.heal()
      const taken = new Set<string>()
      for (const machine of machines) {
        machine.heal()
        machine.setClock(0)
        if (machine.release() !== newestRelease || taken.has(machine.name())) {
          machine.end('stopped')
          machine.setRelease(newestRelease)
        }
        if (taken.has(machine.name())) {
          happened('a copy is given a name of its own')
          machine.rename(`${machine.name()}-${machine.number}`)
          // Who had the name first has lost its address to the copy.
          for (const other of machines) if (other !== machine) other.end('stopped')
        }
        taken.add(machine.name())
        if (isDamaged(machine)) {
          happened('damaged disk found by the operator')
          swapDisk(machine, [], 0)
        }
      }
      for (const machine of machines) machine.start()
    },
    reportedFork: (machine) => reportedForks.has(machine),
    passTime: () => {
      let latestMs = 0
      for (const { change } of chronicle.changes.values()) {
        latestMs = Math.max(latestMs, change.time.wallMs)
      }
      const aheadMs = Math.max(0, Math.ceil(latestMs - epochMs - timeline.nowMs()))
      for (const machine of machines) machine.setClock(aheadMs)
    },
    disagreement: () => disagreementOf(machines, twinned),
  }
}

/** What each change continues in this log, as text that only equal bytes have. */
const linksOf = (tables: Tables, appended: readonly LogRow[]): readonly Link[] =>
  appended.map(({ dot: { replica, counter }, bytes }) => {
    const before = tables.chains.get(replica)?.get(counter - 1)
    return { bytes: digest.toHex(bytes), continues: before && digest.toHex(before.bytes) }
  })

export const nodeOf = (machine: Machine) => ({ number: machine.number, name: machine.name() })

const detailOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}

const headsOf = (image: DiskImage): ReadonlyMap<ReplicaId, number> => {
  const disk = createDisk()
  disk.become(image)
  try {
    const { tables } = openDiskStore({ disk: disk.disk, durable: () => {} })
    return new Map([...tables().heads].map(([replica, { counter }]) => [replica, counter]))
  } catch {
    return new Map()
  }
}

const isDamaged = ({ disk }: Machine): boolean => {
  const chunks = disk.disk.chunks()
  return chunks.some((chunk, at) => at < chunks.length - 1 && !decodeFrame(chunk))
}

const dialsOf = (dials: Dials, nodes: number, index: number): readonly string[] => {
  const all = names.slice(0, nodes)
  const others = all.filter((_, other) => other !== index)
  switch (dials) {
    case 'ring':
      return others.filter((name) => name === all[(index + 1) % nodes])
    case 'hub':
      return index === 0 ? [] : all.slice(0, 1)
    case 'chain':
      return all.slice(index + 1, index + 2)
    default:
      return others
  }
}

/** Of `twinned` replicas there may be two histories, and documents made of either. */
const disagreementOf = (
  machines: readonly Machine[],
  twinned: ReadonlySet<ReplicaId>,
): string | undefined => {
  const [first] = machines
  for (const machine of machines) {
    const process = machine.process()
    if (!process?.mesh()) return `${machine.name()} is down`
    const ours = first?.process()?.store.tables()
    const theirs = process.store.tables()
    if (!ours) return 'the first is down'
    if (twinned.size === 0 && ours.heads.size !== theirs.heads.size) {
      return `${first?.name()} knows ${ours.heads.size} replicas, ${machine.name()} ${theirs.heads.size}`
    }
    for (const [replica, { counter }] of ours.heads) {
      const other = theirs.heads.get(replica)?.counter ?? 0
      if (other !== counter && !twinned.has(replica)) {
        return `of ${replica}, ${first?.name()} has ${counter} changes and ${machine.name()} ${other}`
      }
    }
    if (twinned.size === 0 && Buffer.compare(ours.digest, theirs.digest) !== 0) {
      return `${first?.name()} and ${machine.name()} have other documents`
    }
  }
  return undefined
}
