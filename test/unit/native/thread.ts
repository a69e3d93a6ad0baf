/** What a worker thread does in the tests of shared memory; told by a job, answered by a message. */

import { parentPort, workerData } from 'node:worker_threads'
import { loadMemory } from '../../../native/load.ts'
import { actors, type Actor } from './actors.ts'
import type { Operation } from './linearizability.ts'

export type Job = { readonly [K in keyof Jobs]: { readonly kind: K } & Jobs[K] }[keyof Jobs]

interface Jobs {
  produce: { readonly queue: number; readonly producer: number; readonly items: number }
  consume: { readonly queue: number; readonly stop: SharedArrayBuffer }
  write: {
    readonly map: number
    readonly keys: number
    readonly rounds: number
    readonly stop: SharedArrayBuffer
  }
  read: { readonly map: number; readonly keys: number; readonly stop: SharedArrayBuffer }
  take: { readonly gates: number; readonly attempts: number }
  rush: { readonly bell: number; readonly queue: number; readonly items: number }
  record: {
    readonly actor: Actor
    readonly id: number
    readonly thread: number
    readonly operations: number
    readonly gate: SharedArrayBuffer
    readonly threads: number
  }
  churn: { readonly queue: number; readonly map: number }
}

const { memory } = loadMemory()

const work: { readonly [K in keyof Jobs]: (job: Jobs[K]) => unknown } = {
  produce: ({ queue: id, producer, items }) => {
    const queue = memory.queues.open(id)
    const item = new Uint32Array([producer, 0])
    const bytes = new Uint8Array(item.buffer)
    for (let number = 1; number <= items; number++) {
      item[1] = number
      while (!queue.push(bytes)) rest()
    }
    return items
  },

  consume: ({ queue: id, stop }) => {
    const queue = memory.queues.open(id)
    const target = new Uint8Array(64 * 8)
    const lengths = new Uint32Array(64)
    const popped: number[] = []
    for (;;) {
      // Before popping: what was pushed before the stop is popped after it.
      const isLast = isStopped(stop)
      const count = queue.popMany(target, lengths)
      for (const part of new Uint32Array(target.buffer, 0, count * 2)) popped.push(part)
      if (count > 0) continue
      if (isLast) return popped
      queue.awaitItem(50)
    }
  },

  write: ({ map: id, keys, rounds, stop }) => {
    const map = memory.maps.open(id)
    const passing = (round: number) => new Uint8Array(Buffer.from(`passing/${round}`))
    for (let round = 1; round <= rounds; round++) {
      for (let key = 0; key < keys; key++) map.set(keyOf(key), valueOf(key, round))
      // Keys that come and go make the table grow, and be cleaned, under the readers.
      map.set(passing(round), passing(round))
      map.remove(passing(round - 50))
    }
    Atomics.store(new Int32Array(stop), 0, 1)
    return rounds
  },

  read: ({ map: id, keys, stop }) => {
    const map = memory.maps.open(id)
    const target = new Uint8Array(4_096)
    const found = { reads: 0, misses: 0, torn: 0 }
    while (!isStopped(stop)) {
      for (let key = 0; key < keys; key++) {
        const length = map.get(keyOf(key), target)
        found.reads++
        if (length === undefined) found.misses++
        else if (!isWhole(target.subarray(0, length), key)) found.torn++
      }
    }
    return found
  },

  take: ({ gates: id, attempts }) => {
    const gates = memory.gates.open(id)
    const found = { taken: 0, least: 0 }
    for (let attempt = 0; attempt < attempts; attempt++) {
      const left = gates.take(0, 1)
      if (left === undefined) continue
      found.taken++
      found.least = Math.min(found.least, left)
    }
    return found
  },

  rush: ({ queue: id, bell: bellId, items }) => {
    const queue = memory.queues.open(id)
    const bell = memory.bells.open(bellId)
    let woken = 0
    for (let item = 0; item < items; item++) {
      while (!queue.push(keyOf(item))) rest()
      if (bell.ring()) woken++
    }
    return woken
  },

  // Does random operations on a small object and notes when each began and ended.
  record: ({ actor, id, thread, operations, gate, threads }) => {
    const act = actors[actor](memory, id)
    // All begin together, or one would be done before the next begins.
    const arrived = new Int32Array(gate)
    Atomics.add(arrived, 0, 1)
    while (Atomics.load(arrived, 0) < threads);
    const history: Operation[] = []
    for (let step = 0; step < operations; step++) {
      const given = thread * 100 + step
      const calledNs = process.hrtime.bigint()
      const { what, answered } = act((given * 7919 + Number(calledNs % 1_000n)) % 10, given)
      history.push({ calledNs, returnedNs: process.hrtime.bigint(), what, given, answered })
    }
    return history
  },

  // Works until it is terminated, wherever that finds it.
  churn: ({ queue: queueId, map: mapId }) => {
    const queue = memory.queues.open(queueId)
    const map = memory.maps.open(mapId)
    const target = new Uint8Array(4_096)
    tell('begun')
    for (let turn = 0; ; turn++) {
      queue.push(valueOf(turn % 64, turn))
      if (turn % 3 === 0) queue.popMany(target, new Uint32Array(8))
      map.set(keyOf(turn % 64), valueOf(turn % 64, turn))
      map.get(keyOf((turn + 1) % 64), target)
    }
  },
}

const keyOf = (key: number): Uint8Array => new Uint8Array(Buffer.from(`product/${key}`))

/** A value that shows whether it is whole: its length and every byte follow from the key and the round. */
const valueOf = (key: number, round: number): Uint8Array => {
  const value = new Uint8Array(16 + ((key * 7 + round) % 1_200)).fill((key + round) % 251)
  new DataView(value.buffer).setUint32(0, round)
  return value
}

const isWhole = (value: Uint8Array, key: number): boolean => {
  const round = new DataView(value.buffer, value.byteOffset).getUint32(0)
  return Buffer.compare(value, valueOf(key, round)) === 0
}

const pause = new Int32Array(new SharedArrayBuffer(4))
const rest = () => Atomics.wait(pause, 0, 0, 1)
const isStopped = (stop: SharedArrayBuffer) => Atomics.load(new Int32Array(stop), 0) !== 0
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
const tell = (message: unknown) => parentPort?.postMessage(message)

const run = <K extends keyof Jobs>(job: { readonly kind: K } & Jobs[K]) => work[job.kind](job)

tell({ done: run(workerData as Job) })
