/**
 * What a recorded thread does to a small object: one random operation after the other. Beside each
 * structure as it is stand some that are wrong in the ways such structures are wrong, for the check to find.
 */

import type { Memory } from '../../../native/memory.ts'
import type { Operation } from './linearizability.ts'
import { bucketOptions, nowMsOf, type Recorded } from './sequential.ts'

/** One operation: which one by chance, with a value that no other operation has. */
type Act = (chance: number, given: number) => Pick<Operation, 'what' | 'answered'>

export type Planted = 'late pushes' | 'replaced in two steps' | 'taken in two steps' | 'one each'
export type Actor = Recorded | Planted

export const actors: Readonly<Record<Actor, (memory: Memory, id: number) => Act>> = {
  queue: (memory, id) => {
    const queue = memory.queues.open(id)
    const { word, bytes } = wordBytes()
    return (chance, given) => {
      word[0] = given
      if (chance < 5) return { what: 'push', answered: queue.push(bytes) ? 1 : 0 }
      const count = queue.popMany(bytes, new Uint32Array(1))
      return { what: 'pop', answered: count === 0 ? -1 : word[0] }
    }
  },

  unbounded: (memory, id) => {
    const queue = memory.unboundedQueues.open(id)
    const { word, bytes } = wordBytes()
    return (chance, given) => {
      word[0] = given
      if (chance >= 5)
        return { what: 'pop', answered: queue.pop(bytes) === undefined ? -1 : word[0] }
      queue.push(bytes)
      return { what: 'push', answered: 1 }
    }
  },

  // A push returns before its item can be found, as if the store that links it were still on its way.
  'late pushes': (memory, id) => {
    const queue = memory.unboundedQueues.open(id)
    const { word, bytes } = wordBytes()
    let late: Uint8Array | undefined
    return (chance, given) => {
      if (late) {
        rest()
        queue.push(late)
        late = undefined
      }
      word[0] = given
      if (chance >= 5)
        return { what: 'pop', answered: queue.pop(bytes) === undefined ? -1 : word[0] }
      late = bytes.slice()
      return { what: 'push', answered: 1 }
    }
  },

  map: (memory, id) => {
    const map = memory.maps.open(id)
    const { word, bytes } = wordBytes()
    return (chance, given) => {
      word[0] = given
      if (chance < 3) return { what: 'set', answered: map.set(key, bytes) ? 1 : 0 }
      if (chance < 5) return { what: 'remove', answered: map.remove(key) ? 1 : 0 }
      return { what: 'get', answered: map.get(key, bytes) === undefined ? -1 : word[0] }
    }
  },

  // Readers find nothing in between: a map whose nodes are replaced by another one's erase and insert.
  'replaced in two steps': (memory, id) => {
    const map = memory.maps.open(id)
    const { word, bytes } = wordBytes()
    return (chance, given) => {
      word[0] = given
      if (chance >= 5)
        return { what: 'get', answered: map.get(key, bytes) === undefined ? -1 : word[0] }
      const wasThere = map.remove(key)
      rest()
      map.set(key, bytes)
      return { what: 'set', answered: wasThere ? 0 : 1 }
    }
  },

  gates: (memory, id) => {
    const gates = memory.gates.open(id)
    return (chance) =>
      chance < 7
        ? { what: 'take', answered: gates.take(0, 1) ?? -1 }
        : { what: 'refill', answered: gates.refill(0, 1) }
  },

  // Two threads read the same number, and each takes its unit from that.
  'taken in two steps': (memory, id) => {
    const gates = memory.gates.open(id)
    return (chance) => {
      const change = chance < 5 ? -1 : 1
      const units = gates.read(0)
      if (units + change < 0) return { what: 'take', answered: -1 }
      rest()
      gates.set(0, units + change)
      return { what: change < 0 ? 'take' : 'refill', answered: units + change }
    }
  },

  buckets: (memory, id) => {
    const buckets = memory.tokenBuckets.open(id)
    return (_, given) => ({ what: 'take', answered: buckets.take(0, nowMsOf(given)) })
  },

  // Each thread counts for itself, so that all together get the rate once for each.
  'one each': (memory) => {
    const own = memory.tokenBuckets.create(bucketOptions)
    return (_, given) => ({ what: 'take', answered: own.take(0, nowMsOf(given)) })
  },
}

const key = new Uint8Array(Buffer.from('product/0'))

const wordBytes = () => {
  const word = new Uint32Array(1)
  return { word, bytes: new Uint8Array(word.buffer) }
}

// Long enough for the other thread to come in between, on one core too.
const pause = new Int32Array(new SharedArrayBuffer(4))
const rest = () => Atomics.wait(pause, 0, 0, 1)
