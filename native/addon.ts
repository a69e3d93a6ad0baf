/** The C++ module as it is exported: numbers and typed arrays in, numbers out. `shared-memory.ts` gives it a face. */

import { createRequire } from 'node:module'

/** What is made or opened is told by its place in this thread; `idOf` is what other threads open it by. */
export interface Addon {
  createQueue(capacity: number): number
  openQueue(id: number): number
  push(place: number, bytes: Uint8Array, length: number | undefined): 0 | 1 | 2
  popMany(place: number, target: Uint8Array, lengths: Uint32Array): number
  nextLength(place: number): number
  queueSize(place: number): number
  awaitItem(place: number, spinUs: number): boolean

  createUnbounded(): number
  openUnbounded(id: number): number
  pushUnbounded(place: number, bytes: Uint8Array, length: number | undefined): 0 | 2
  popUnbounded(place: number, target: Uint8Array): number
  unboundedSize(place: number): number

  createMap(expected: number): number
  openMap(id: number): number
  get(place: number, key: Uint8Array, target: Uint8Array): number
  set(place: number, key: Uint8Array, value: Uint8Array): 0 | 1 | 2
  remove(place: number, key: Uint8Array): boolean
  mapSize(place: number): number
  mapBytes(place: number): number
  scan(place: number, cursor: BigUint64Array, target: Uint8Array): number

  createGates(count: number): number
  openGates(id: number): number
  gateCount(place: number): number
  takeUnits(place: number, gate: number, units: number): number
  /** -1: there would be more than a gate holds. */
  refillUnits(place: number, gate: number, units: number): number
  setUnits(place: number, gate: number, units: number): number
  readUnits(place: number, gate: number, none: 0): number

  createBuckets(count: number, burst: number, perSecond: number): number
  openBuckets(id: number): number
  bucketCount(place: number): number
  takeToken(place: number, bucket: number, nowMs: number): number

  createBell(): number
  openBell(id: number): number
  listen(place: number, wake: () => void): void
  stopListening(place: number): boolean
  ring(place: number): boolean
  sleep(place: number): void
  stayAwake(place: number): void

  letGo(place: number): boolean
  idOf(place: number): number
  capacityOf(place: number): number
  poolStats(target: Float64Array): void
  limitPool(bytesMax: number): void
  /** Frees what this thread retired and nobody can read any more, and gives slabs that are free back. */
  collect(): void
}

/** The module, if it was built on this machine; else why it cannot be used. */
export const loadAddon = (
  path = './build/Release/lagoon.node',
): Addon | { readonly missing: string } => {
  try {
    return createRequire(import.meta.url)(path) as Addon
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) }
  }
}
