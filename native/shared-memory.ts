/** The C++ module behind the interface of `memory.ts`. Thin: what can go wrong is told by the module. */

import type { Addon } from './addon.ts'
import { nativeFault } from './fault.ts'
import { valueBytesMax } from './limits.ts'
import type { Bell, ByteMap, Gates, Held, Maker, Memory, Queue } from './memory.ts'
import type { TokenBuckets, UnboundedQueue } from './memory.ts'
import { readEntries } from './scan-page.ts'

export const createSharedMemory = (addon: Addon): Memory => ({
  isShared: true,
  queues: makerOf(addon, {
    create: ({ capacity }: { readonly capacity: number }) => addon.createQueue(capacity),
    open: addon.openQueue,
    face: queueAt,
  }),
  unboundedQueues: makerOf(addon, {
    create: addon.createUnbounded,
    open: addon.openUnbounded,
    face: unboundedAt,
  }),
  maps: makerOf(addon, {
    create: ({ expected }: { readonly expected: number }) => addon.createMap(expected),
    open: addon.openMap,
    face: mapAt,
  }),
  gates: makerOf(addon, {
    create: ({ count }: { readonly count: number }) => addon.createGates(count),
    open: addon.openGates,
    face: gatesAt,
  }),
  tokenBuckets: makerOf(addon, {
    create: ({ count, burst, perSecond }) => addon.createBuckets(count, burst, perSecond),
    open: addon.openBuckets,
    face: bucketsAt,
  }),
  bells: makerOf(addon, { create: addon.createBell, open: addon.openBell, face: bellAt }),
  usage: () => {
    const figures = new Float64Array(3)
    addon.poolStats(figures)
    const [askedBytes = 0, usedBytes = 0, reservedBytes = 0] = figures
    return { askedBytes, usedBytes, reservedBytes }
  },
  limit: (bytesMax) => addon.limitPool(bytesMax),
  collect: () => addon.collect(),
})

interface Making<Structure, Options> {
  readonly create: (options: Options) => number
  readonly open: (id: number) => number
  readonly face: (addon: Addon, place: number, held: Held) => Structure
}

const makerOf = <Structure, Options>(
  addon: Addon,
  { create, open, face }: Making<Structure, Options>,
): Maker<Structure, Options> => {
  const hold = (place: number) =>
    face(addon, place, { id: addon.idOf(place), close: () => void addon.letGo(place) })
  return { create: (options) => hold(create(options)), open: (id) => hold(open(id)) }
}

const queueAt = (addon: Addon, place: number, held: Held): Queue => ({
  ...held,
  capacity: addon.capacityOf(place),
  push: (bytes, length) => {
    const outcome = addon.push(place, bytes, length)
    if (outcome === 2) throw noMemory()
    return outcome === 0
  },
  popMany: (target, lengths) => addon.popMany(place, target, lengths),
  nextLength: () => found(addon.nextLength(place)),
  size: () => addon.queueSize(place),
  awaitItem: (spinUs) => addon.awaitItem(place, spinUs),
})

const unboundedAt = (addon: Addon, place: number, held: Held): UnboundedQueue => ({
  ...held,
  push: (bytes, length) => {
    if (addon.pushUnbounded(place, bytes, length) !== 0) throw noMemory()
  },
  pop: (target) => {
    const length = addon.popUnbounded(place, target)
    if (length < -1) throw nativeFault('too_long', `The item needs ${-1 - length} bytes more`)
    return found(length)
  },
  size: () => addon.unboundedSize(place),
})

const mapAt = (addon: Addon, place: number, held: Held): ByteMap => ({
  ...held,
  get: (key, target) => found(addon.get(place, key, target)),
  set: (key, value) => {
    const outcome = addon.set(place, key, value)
    if (outcome === 2) throw noMemory()
    return outcome === 0
  },
  remove: (key) => addon.remove(place, key),
  size: () => addon.mapSize(place),
  bytes: () => addon.mapBytes(place),
  scan: (visit) => {
    const cursor = new BigUint64Array(2)
    let page = new Uint8Array(scanPageBytes)
    for (;;) {
      const count = addon.scan(place, cursor, page)
      if (count === -1) return
      if (count < -1) page = new Uint8Array(Math.min(-count, valueBytesMax * 2))
      else readEntries(page, count, visit)
    }
  },
})

// A few hundred entries at once: a call for each would cost more than the copying.
const scanPageBytes = 64 * 1_024

const gatesAt = (addon: Addon, place: number, held: Held): Gates => ({
  ...held,
  count: addon.gateCount(place),
  take: (gate, units) => found(addon.takeUnits(place, gate, units)),
  refill: (gate, units) => {
    const now = addon.refillUnits(place, gate, units)
    if (now < 0) throw nativeFault('bad_argument', 'A gate cannot hold as many units')
    return now
  },
  set: (gate, units) => void addon.setUnits(place, gate, units),
  read: (gate) => addon.readUnits(place, gate, 0),
})

const bucketsAt = (addon: Addon, place: number, held: Held): TokenBuckets => ({
  ...held,
  count: addon.bucketCount(place),
  take: (bucket, nowMs) => addon.takeToken(place, bucket, nowMs),
})

const bellAt = (addon: Addon, place: number, held: Held): Bell => ({
  ...held,
  listen: (wake) => addon.listen(place, wake),
  stopListening: () => void addon.stopListening(place),
  sleep: () => addon.sleep(place),
  stayAwake: () => addon.stayAwake(place),
  ring: () => addon.ring(place),
})

/** The module says -1 for nothing, so that no object is made to say it. */
const found = (length: number): number | undefined => (length < 0 ? undefined : length)

const noMemory = () =>
  nativeFault('no_memory', 'The pool is at its limit: raise it, or give back what is not needed')
