/**
 * Uses a build of the module as a node does, for the sanitizer in it to watch: threads at work on every
 * structure, some of them terminated in the middle, and bells that are rung as their listeners go.
 */

import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { loadMemory } from '../load.ts'
import type { SoakJob } from './soak-thread.ts'

const [module = '', seconds = '3'] = process.argv.slice(2)
const { memory, missing } = loadMemory(module)
if (missing !== undefined) throw new Error(missing)

const made = {
  map: memory.maps.create({ expected: 0 }),
  queue: memory.queues.create({ capacity: 64 }),
  unbounded: memory.unboundedQueues.create(),
  gates: memory.gates.create({ count: 1 }),
  bell: memory.bells.create(),
}
const control = new SharedArrayBuffer(8)

const start = async (seed: number): Promise<Worker> => {
  const job: SoakJob = {
    map: made.map.id,
    queue: made.queue.id,
    unbounded: made.unbounded.id,
    gates: made.gates.id,
    bell: made.bell.id,
    keys: 200,
    seed,
    control,
    leaks: false,
    module,
  }
  const worker = new Worker(new URL('soak-thread.ts', import.meta.url), { workerData: job })
  await once(worker, 'message')
  return worker
}

let ended = 0
const others = await Promise.all([1, 2].map(start))
for (
  const until = performance.now() + Number(seconds) * 1_000;
  performance.now() < until;
  ended++
) {
  const short = await start(3 + ended)
  for (let ring = 0; ring < 200; ring++) made.bell.ring()
  await pause(5)
  const exit = short.terminate()
  // While it goes, which is when a wake-up would find nobody.
  for (let ring = 0; ring < 2_000; ring++) made.bell.ring()
  await exit
}
Atomics.store(new Int32Array(control), 0, 1)
await Promise.all(others.map((worker) => once(worker, 'exit')))
for (const each of Object.values(made)) each.close()
memory.collect()
const { askedBytes } = memory.usage()
process.stdout.write(
  `${ended} threads terminated at work; ${askedBytes} bytes are held by nobody\n`,
)
process.exitCode = askedBytes === 0 ? 0 : 1
