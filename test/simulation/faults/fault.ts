/** What can be done to a cluster, and what a fault needs to know to do it. */

import type { Machine } from '../cluster/machine.ts'
import type { FaultDeed, FaultEvent, FaultKind } from '../plan.ts'
import type { DiskImage } from '../world/disk.ts'
import type { Network } from '../world/network.ts'
import type { Random } from '../world/random.ts'

export interface Scene {
  readonly network: Network
  /** All machines, copies that were started among them. */
  readonly machines: readonly Machine[]
  readonly random: Random
  /** Runs `work` later, unless the faults are over by then. */
  later(ms: number, work: () => void): void
  /** Puts another disk in, and has what only the old one held forgotten. */
  swapDisk(machine: Machine, image: DiskImage, downMs: number): void
  /** Starts another machine with this disk. */
  addMachine(of: Machine, options: { readonly name: 'same' | 'new' }): void
  /** Starts another machine that writes under the replica that this one writes under now. */
  addTwin(of: Machine): void
  readonly backups: Map<number, DiskImage>
  /** Brings a machine to the newest release at its next start. */
  upgrade(machine: Machine): void
  happened(what: string): void
}

export type Perform<K extends FaultKind> = (
  scene: Scene,
  deed: Extract<FaultDeed, { kind: K }>,
  machine: Machine,
) => void

/** What a draw may choose from. */
export interface Draft {
  readonly random: Random
  readonly nodes: number
  /** Until when faults begin. */
  readonly endMs: number
}

/** How a kind of fault is drawn; the time at which it begins is drawn for it. */
export type Draw<K extends FaultKind> = (draft: Draft) => Extract<FaultDeed, { kind: K }>

export interface Fault<K extends FaultKind> {
  readonly draw: Draw<K>
  readonly perform: Perform<K>
  /** How often it comes in a minute, on average, where it is on. */
  readonly perMinute: number
}

export type { FaultEvent }
