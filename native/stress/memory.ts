/**
 * Whether memory stays: threads use every structure for a while, and the process must not grow; threads
 * are started and terminated in the middle of it, and must leave nothing. `--full` soaks for ten minutes
 * and starts a thousand threads twice; without it both are short.
 */

import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { loadMemory } from '../load.ts'
import type { SoakJob } from './soak-thread.ts'
import { trendOf, type Sample, type Trend } from './trend.ts'

const isFull = process.argv.includes('--full')
const soakS = isFull ? 600 : 14
const leakS = isFull ? 20 : 5
const cycles = isFull ? 1_000 : 30
const threads = 3
const keys = 80_000

const { memory, missing } = loadMemory()
if (missing !== undefined) throw new Error(`There is nothing to soak: ${missing}`)

const say = (line: string) => process.stdout.write(`${line}\n`)
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`
let failures = 0
const expect = (holds: boolean, what: string) => {
  if (holds) return
  failures++
  say(`FAILED: ${what}`)
}

const structures = () => ({
  map: memory.maps.create({ expected: keys }),
  queue: memory.queues.create({ capacity: 1_024 }),
  unbounded: memory.unboundedQueues.create(),
  gates: memory.gates.create({ count: 1 }),
})

/** Starts a thread, and waits until it is at work. */
const start = async (
  made: ReturnType<typeof structures>,
  rest: Omit<SoakJob, keyof typeof made>,
) => {
  const { map, queue, unbounded, gates } = made
  const job: SoakJob = {
    map: map.id,
    queue: queue.id,
    unbounded: unbounded.id,
    gates: gates.id,
    ...rest,
  }
  const worker = new Worker(new URL('soak-thread.ts', import.meta.url), { workerData: job })
  await once(worker, 'message')
  return worker
}

const close = (made: ReturnType<typeof structures>) => {
  for (const each of Object.values(made)) each.close()
}

/** Threads at work for some seconds; how the process's memory went, from a third of it on. */
const soak = async (seconds: number, leaks: boolean) => {
  const made = structures()
  const control = new SharedArrayBuffer(8)
  const words = new Int32Array(control)
  const workers = await Promise.all(
    Array.from({ length: leaks ? 1 : threads }, (_, seed) =>
      start(made, { keys, seed: seed + 1, control, leaks }),
    ),
  )
  const ended = workers.map((worker) => once(worker, 'exit'))
  const samples: Sample[] = []
  const everyMs = Math.max(100, seconds * 2)
  const beganAt = performance.now()
  for (let at = 0; at < seconds * 1_000; at = performance.now() - beganAt) {
    await pause(everyMs)
    if (at > (seconds * 1_000) / 3) {
      samples.push({ seconds: at / 1_000, bytes: process.memoryUsage.rss() })
    }
  }
  Atomics.store(words, 0, 1)
  await Promise.all(ended)
  return { made, samples, operations: Atomics.load(words, 1) * 1_000 }
}

{
  const { made, samples, operations } = await soak(soakS, false)
  memory.collect()
  const { askedBytes, usedBytes, reservedBytes } = memory.usage()
  const trend = trendOf(samples)
  const share = (part: number, whole: number) => `${(100 * (1 - part / whole)).toFixed(1)} %`
  say(
    `soak: ${(operations / 1e6).toFixed(1)} million operations in ${soakS} s by ${threads} threads; ` +
      `RSS ${mib(trend.meanBytes)}, ${mib(trend.grownBytes)} of growth by its trend, noise ${mib(trend.noiseBytes)}`,
  )
  say(
    `fragmentation: ${share(askedBytes, reservedBytes)} of ${mib(reservedBytes)} is not what was asked for, ` +
      `${share(askedBytes, usedBytes)} inside blocks`,
  )
  expect(!trend.isGrowing, 'the process grows')
  expect(askedBytes / reservedBytes >= 0.8, 'more than a fifth is fragments')
  close(made)
  memory.collect()
  expect(memory.usage().askedBytes === 0, `${memory.usage().askedBytes} bytes are held by nobody`)
}

{
  const { made, samples } = await soak(leakS, true)
  const trend = trendOf(samples)
  say(
    `a planted leak: ${mib(trend.grownBytes)} of growth by its trend, noise ${mib(trend.noiseBytes)}`,
  )
  expect(trend.isGrowing, 'a planted leak was not seen')
  close(made)
  memory.collect()
}

/** Pairs of threads that are started and terminated; how the process's memory went meanwhile. */
const endPairs = async (startOne: (seed: number) => Promise<Worker>): Promise<Trend> => {
  const samples: Sample[] = []
  for (let cycle = 0; cycle < cycles; cycle++) {
    const pair = await Promise.all([1, 2].map((each) => startOne(cycle * 2 + each)))
    await Promise.all(pair.map((worker) => worker.terminate()))
    if (cycle >= cycles / 3) samples.push({ seconds: cycle, bytes: process.memoryUsage.rss() })
  }
  return trendOf(samples)
}

/** A thread that knows nothing of the module: Node itself keeps some kilobytes of each that ended. */
const startBare = async (): Promise<Worker> => {
  const program =
    "require('node:worker_threads').parentPort.postMessage('begun'); setInterval(() => {}, 1000)"
  const worker = new Worker(program, { eval: true })
  await once(worker, 'message')
  return worker
}

{
  const bare = await endPairs(startBare)
  const made = structures()
  const control = new SharedArrayBuffer(8)
  const others = await start(made, { keys, seed: 99, control, leaks: false })
  const trend = await endPairs((seed) => start(made, { keys, seed, control, leaks: false }))
  await others.terminate()
  say(
    `threads: ${cycles * 2} started, and terminated at work beside another; RSS ${mib(trend.meanBytes)}, ` +
      `${mib(trend.grownBytes)} of growth by its trend, ${mib(bare.grownBytes)} by as many that do nothing`,
  )
  const allowedBytes = Math.max(0, bare.grownBytes) + 0.01 * trend.meanBytes
  expect(trend.grownBytes <= allowedBytes, 'ended threads leave memory behind')
  const target = new Uint8Array(16_384)
  made.map.set(target.subarray(0, 4), target)
  expect(made.map.get(target.subarray(0, 4), target) === target.length, 'the map goes on')
  close(made)
  memory.collect()
  expect(memory.usage().askedBytes === 0, `${memory.usage().askedBytes} bytes are held by nobody`)
}

say(failures === 0 ? 'memory stays' : `${failures} failed`)
process.exitCode = failures === 0 ? 0 : 1
