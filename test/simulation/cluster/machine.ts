/**
 * A machine: a disk, a clock that may be wrong, and one process at a time, which may end at any
 * operation of the disk and is started again by a supervisor.
 */

import type { ReplicaId } from '../../../crdt/dot.ts'
import type { DocumentKind } from '../../../node/core/capability.ts'
import type { ChainHeads } from '../../../sync/change.ts'
import type { Clock, LogFields, Timers } from '../../../sync/surroundings.ts'
import { DamagedDisk, type Transacted } from '../store/disk-store.ts'
import type { LogRow } from '../store/tables.ts'
import { createDisk, type DiskFate, type DiskImage } from '../world/disk.ts'
import type { Host, Network } from '../world/network.ts'
import type { Random } from '../world/random.ts'
import type { Timeline } from '../world/timeline.ts'
import type { Trace } from '../world/trace.ts'
import { startProcess, type Process } from './process.ts'

export interface Machine {
  readonly number: number
  /** What the node on it is called; another after a copy was given a name of its own. */
  name(): string
  readonly disk: DiskFate
  process(): Process | undefined
  /** Up to where each replica's changes on the disk would survive a power cut now. */
  durable(): ReadonlyMap<ReplicaId, number>
  /** Its physical clock. */
  wallMs(): number
  jumpClock(byMs: number): void
  /** Puts the clock right, all clocks being ahead of the beginning by as much. */
  setClock(aheadMs: number): void
  setRelease(release: Release): void
  release(): Release
  rename(name: string): void
  /** Starts the process, unless there is one. A damaged disk is given to the operator. */
  start(): void
  /** Ends the process; nobody on it learns of that. */
  end(how: End): void
  /** Ends the process, puts `image` in the place of the disk, and starts after `downMs`. */
  swapDisk(image: DiskImage, heads: ReadonlyMap<ReplicaId, number>, downMs: number): void
  /** Arms the disk: the process ends at its `operation`-th operation from now. */
  endAt(operation: number, how: End, downMs: number): void
  failNextSync(keepsWrites: boolean, downMs: number): void
  setSyncMs(ms: number): void
  /** The process stands still. */
  pause(ms: number): void
  startIn(ms: number): void
  /** From now on it stays up, and its disk is well. */
  heal(): void
}

/** What the program on a machine knows. */
export interface Release {
  readonly name: string
  readonly kinds: readonly DocumentKind[]
  /** The newest version of the protocol that it speaks. */
  readonly protocolMax: number
}

export type End = 'killed' | 'powerLost' | 'stopped'

export interface MachineDeps {
  readonly number: number
  readonly name: string
  readonly skewMs: number
  readonly syncMs: number
  readonly release: Release
  readonly retentionMs: number
  readonly dials: readonly string[]
  readonly clusterKey: Uint8Array
  readonly timeline: Timeline
  readonly trace: Trace
  readonly network: Network
  readonly random: Random
  /** Whom its first process takes itself for: it was copied with all that it had in memory. */
  readonly twinOf?: ReplicaId | undefined
  readonly events: MachineEvents
}

/** What a machine tells the run. */
export interface MachineEvents {
  durable(machine: Machine, process: Process, transaction: Transacted): void
  /** A process found these changes on its disk: the one before may not have lived to tell of all. */
  found(machine: Machine, process: Process, rows: readonly LogRow[]): void
  /** The process says that it must start anew. */
  broke(machine: Machine, hadCause: boolean, error: unknown): void
  /** The process threw what nobody caught. */
  threw(machine: Machine, error: unknown): void
  /** The disk cannot be opened; the operator must swap it. */
  damaged(machine: Machine): void
  logged(machine: Machine, level: 'info' | 'warn', fields: LogFields, message: string): void
  happened(what: string): void
}

/** Ends whatever was under way when the process ended. */
class ProcessEnd extends Error {}

/** The wall clock's time at the beginning: some day in 2026. */
export const epochMs = 1_780_000_000_000

/** Chance that begins with the replica that a copied process was: that is the first that a core draws. */
const remembering = (replica: ReplicaId | undefined, random: Random) => {
  let left = replica
  return (count: number): Uint8Array => {
    const remembered = left
    left = undefined
    return remembered === undefined
      ? random.bytes(count)
      : new Uint8Array(Buffer.from(remembered, 'hex'))
  }
}

export const createMachine = (deps: MachineDeps): Machine => {
  const { number, timeline, trace, network, events } = deps
  const random = deps.random.split(`machine ${number}`)
  const chance = random.split('process')
  const fate = createDisk()
  let name = deps.name
  let release = deps.release
  let offsetMs = deps.skewMs
  let syncMs = deps.syncMs
  let process: Process | undefined
  let starts = 0
  let endsAt: { left: number; readonly how: End; readonly downMs: number } | undefined
  let diskFailed = false
  let isWell = false
  let restartMs = 1_000
  const durable = new Map<ReplicaId, number>()

  interface Life extends Host {
    over: boolean
    busyUntilMs: number
  }
  let life: Life | undefined

  const newLife = (): Life => {
    const ownName = name
    const own: Life = {
      name: ownName,
      number,
      over: false,
      busyUntilMs: 0,
      isOver: () => own.over,
      timeMs: () => Math.max(timeline.nowMs(), own.busyUntilMs),
      perform: (work) => {
        if (own.over) return
        if (own.busyUntilMs > timeline.nowMs()) {
          timeline.at(own.busyUntilMs, () => own.perform(work))
          return
        }
        try {
          work()
        } catch (error) {
          if (error instanceof ProcessEnd) return
          events.threw(machine, error)
          endLife('killed')
          machine.startIn(1_000)
        }
      },
    }
    return own
  }

  const endLife = (how: End): void => {
    if (!life || life.over) return
    trace.say(() => `${name}: ${how}`)
    life.over = true
    endsAt = undefined
    network.gone(life, how === 'powerLost' ? 'silent' : 'closed')
    if (how === 'powerLost')
      events.happened(`power loss: ${fate.losePower(random)} of the tail lost`)
    else fate.keepAll()
    process = undefined
  }

  fate.onOperation = (operation) => {
    if (!life || life.over) return
    if (operation === 'written') life.busyUntilMs = life.timeMs() + syncMs * random.fraction() * 2
    if (!endsAt || --endsAt.left > 0) return
    const { how, downMs } = endsAt
    events.happened(`ended at disk operation: ${operation}`)
    endLife(how)
    machine.startIn(downMs)
    throw new ProcessEnd('The process has ended')
  }

  const startNow = (): void => {
    if (life && !life.over) return
    const own = newLife()
    life = own
    const startedMs = timeline.nowMs()
    const processRandom = chance.split(`start ${++starts}`)
    const clock: Clock = {
      now: () => Math.floor(epochMs + own.timeMs() + offsetMs),
      monotonic: () => own.timeMs() - startedMs,
    }
    const timers: Timers = {
      after: (ms, callback) =>
        // A timer is never early and mostly late.
        timeline.at(own.timeMs() + ms + processRandom.fraction(), () => own.perform(callback)),
    }
    const soon = (work: () => void): void => {
      timeline.at(own.timeMs(), () => own.perform(work))
    }
    const log =
      (level: 'info' | 'warn') =>
      (fields: LogFields, message: string): void =>
        events.logged(machine, level, fields, message)
    const isTwin = deps.twinOf !== undefined && starts === 1
    trace.say(() => `${name}: starts`)
    try {
      process = startProcess({
        host: own,
        disk: guarded(own),
        clock,
        timers,
        soon,
        random: isTwin ? remembering(deps.twinOf, processRandom) : processRandom.bytes,
        network,
        logger: { info: log('info'), warn: log('warn') },
        kinds: release.kinds,
        protocolMax: release.protocolMax,
        retentionMs: deps.retentionMs,
        clusterKey: deps.clusterKey,
        dials: deps.dials.filter((other) => other !== name),
        durable: (self, transaction) => {
          const { appended, tables } = transaction
          trace.mix(timeline.nowMs(), number, appended.length, tables.lastPosition)
          if (!own.over) events.durable(machine, self, transaction)
          for (const { dot } of appended) durable.set(dot.replica, dot.counter)
          // A floor that was adopted raises heads without changes.
          if (appended.length === 0) noteDurable(tables.heads)
        },
        folded: () => events.happened('changes folded'),
        broken: (error) => {
          if (own.over) return
          events.broke(machine, diskFailed || fate.isFull || fate.isFlipped, error)
          diskFailed = false
          endLife('killed')
          machine.startIn(restartMs)
        },
      })
      learn(process)
      if (process.refreshed !== 'nothing') events.happened(`refreshed: ${process.refreshed}`)
      if (process.store.found === 'torn') events.happened('torn tail dropped at opening')
    } catch (error) {
      if (error instanceof ProcessEnd) return
      own.over = true
      process = undefined
      if (error instanceof DamagedDisk) return events.damaged(machine)
      if (!fate.isFull && !diskFailed && !fate.isFlipped) events.threw(machine, error)
      machine.startIn(restartMs)
    }
  }

  const noteDurable = (heads: ChainHeads): void => {
    durable.clear()
    for (const [replica, { counter }] of heads) durable.set(replica, counter)
  }

  const learn = (started: Process): void => {
    const { log, heads } = started.store.tables()
    noteDurable(heads)
    events.found(machine, started, [...log.values()])
  }

  // A process that has ended writes no more, whatever it still does on its way out.
  const guarded = (own: Life): DiskFate['disk'] => {
    const alive = (): void => {
      if (own.over) throw new ProcessEnd('The process has ended')
    }
    const { disk } = fate
    return {
      append: (chunk) => {
        alive()
        disk.append(chunk)
      },
      sync: () => {
        alive()
        if (fate.nextSyncFails) diskFailed = true
        disk.sync()
      },
      takeBack: () => {
        if (!own.over && !diskFailed) disk.takeBack()
      },
      cutOff: (count) => {
        alive()
        disk.cutOff(count)
      },
      chunks: () => disk.chunks(),
    }
  }

  const machine: Machine = {
    number,
    name: () => name,
    disk: fate,
    process: () => process,
    durable: () => durable,
    wallMs: () => epochMs + (life?.timeMs() ?? timeline.nowMs()) + offsetMs,
    jumpClock: (byMs) => {
      offsetMs += byMs
    },
    setClock: (aheadMs) => {
      offsetMs = aheadMs
    },
    setRelease: (next) => {
      release = next
    },
    release: () => release,
    rename: (next) => {
      name = next
    },
    start: startNow,
    startIn: (ms) => void timeline.at(timeline.nowMs() + (isWell ? 0 : ms), startNow),
    end: endLife,
    swapDisk: (image, heads, downMs) => {
      endLife('stopped')
      fate.become(image)
      durable.clear()
      for (const [replica, counter] of heads) durable.set(replica, counter)
      machine.startIn(downMs)
    },
    endAt: (operation, how, downMs) => {
      if (operation > 0) {
        endsAt = { left: operation, how, downMs }
        return
      }
      endLife(how)
      machine.startIn(downMs)
    },
    failNextSync: (keepsWrites, downMs) => {
      fate.nextSyncFails = { keepsWrites }
      restartMs = downMs
    },
    setSyncMs: (ms) => {
      syncMs = ms
    },
    pause: (ms) => {
      if (life && !life.over) life.busyUntilMs = life.timeMs() + ms
    },
    heal: () => {
      isWell = true
      endsAt = undefined
      fate.isFull = false
      fate.nextSyncFails = undefined
      syncMs = 0
    },
  }
  return machine
}
