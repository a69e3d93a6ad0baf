/** A thread of the soak: uses every structure for as long as it is let, and leaves no more than it found. */

import { parentPort, workerData } from 'node:worker_threads'
import { loadMemory } from '../load.ts'

export interface SoakJob {
  readonly map: number
  readonly queue: number
  readonly unbounded: number
  readonly gates: number
  readonly keys: number
  readonly seed: number
  /** Word 0: stop; word 1: thousands of operations that were done. */
  readonly control: SharedArrayBuffer
  /** Leaves something behind at each step, for the check to find. */
  readonly leaks: boolean
  /** To be listened to, and never answered. */
  readonly bell?: number
  /** Another build of the module. */
  readonly module?: string
}

const job = workerData as SoakJob
const { memory } = loadMemory(job.module)
const map = memory.maps.open(job.map)
const queue = memory.queues.open(job.queue)
const unbounded = memory.unboundedQueues.open(job.unbounded)
const gates = memory.gates.open(job.gates)
const bell = job.bell === undefined ? undefined : memory.bells.open(job.bell)
try {
  bell?.listen(() => undefined)
} catch {
  // Another thread listens: this one only says that it sleeps.
}
const control = new Int32Array(job.control)

let state = job.seed
const random = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

const bytes = new Uint8Array(16_384).fill(job.seed)
const lengths = new Uint32Array(16)
const target = new Uint8Array(16_384)
const key = new Uint32Array(4)
const keyBytes = new Uint8Array(key.buffer)
// Made once: the soak is of the module's memory and not of the heap's.
const values = Array.from({ length: 512 }, (_, at) =>
  bytes.subarray(0, Math.round(32 * 2 ** ((at * 8) / 512))),
)

const step = (): void => {
  bell?.sleep()
  key[0] = random(job.keys)
  map.set(keyBytes, values[random(values.length)] ?? bytes)
  key[0] = random(job.keys)
  if (random(3) === 0) map.remove(keyBytes)
  else map.get(keyBytes, target)
  queue.push(bytes, random(900))
  queue.popMany(target, lengths)
  if (unbounded.size() < 1_000 || job.leaks) unbounded.push(bytes, random(300))
  if (!job.leaks) unbounded.pop(target)
  if (gates.take(0, 1) === undefined) gates.refill(0, 1_000)
}

/** Seven operations or eight. */
const operationsOfStep = 7.5

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage('begun')
const stepsOfTurn = Math.round(1_000 / operationsOfStep)
while (Atomics.load(control, 0) === 0) {
  for (let turn = 0; turn < stepsOfTurn; turn++) step()
  Atomics.add(control, 1, 1)
  // A planted leak is a small one: it is to be found, and not to be stumbled upon.
  if (job.leaks) Atomics.wait(control, 0, 0, 1)
}
