/** Every fault there is, by its kind. */

import type { FaultDeed, FaultKind } from '../plan.ts'
import { jumpClock } from './clock-faults.ts'
import {
  backUp,
  clone,
  failSync,
  fillDisk,
  flipBit,
  loseDisk,
  restore,
  slowDisk,
} from './disk-faults.ts'
import type { Fault, Scene } from './fault.ts'
import { block, cut, flap, sever, split } from './network-faults.ts'
import { kill, losePower, pause, restart, twin, upgrade } from './process-faults.ts'

export const faults: { readonly [K in FaultKind]: Fault<K> } = {
  block,
  cut,
  split,
  flap,
  sever,
  kill,
  losePower,
  restart,
  pause,
  failSync,
  fillDisk,
  slowDisk,
  flipBit,
  loseDisk,
  backUp,
  restore,
  clone,
  jumpClock,
  upgrade,
  twin,
}

export const faultKinds = Object.keys(faults) as FaultKind[]

/**
 * Faults that may come with a twin. Others lose histories or fold them away, and what is left then says
 * too little about which of two it was.
 */
export const besideTwins: ReadonlySet<FaultKind> = new Set([
  'block',
  'cut',
  'split',
  'flap',
  'sever',
  'kill',
  'losePower',
  'restart',
  'pause',
  'slowDisk',
  'twin',
])

/** Faults that take two nodes. */
export const betweenNodes: ReadonlySet<FaultKind> = new Set([
  'block',
  'cut',
  'split',
  'flap',
  'sever',
])

export const performFault = (scene: Scene, deed: FaultDeed): void => {
  const machine = scene.machines['node' in deed ? deed.node : 0]
  if (!machine) return
  scene.happened(`fault: ${deed.kind}`)
  // A deed has the kind of the fault that is looked up by it.
  const fault: Fault<never> = faults[deed.kind] as never
  fault.perform(scene, deed as never, machine)
}
