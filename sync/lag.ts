/** How far a peer is behind us: in changes, and in the age of the oldest one it lacks. */

import { countMissing, has, type VersionVector } from '../crdt/version-vector.ts'
import type { ChangeLog } from './change-log.ts'

export interface Lag {
  /** Changes of our log that the peer has not said to have. */
  readonly changes: number
  /** The age of the first of them in our log; 0 if there is none. */
  readonly ms: number
}

/** The lag of a peer that has said to have `durable`, at `nowMs` since 1970. */
export const lagOf = (log: ChangeLog, durable: VersionVector, nowMs: number): Lag => {
  const changes = countMissing(log.vector(), durable)
  return { changes, ms: changes === 0 ? 0 : ageOfFirstMissing(log, durable, nowMs) }
}

// A position for a vector may lie before the first missing change. The search is bounded, because
// an operator's look at a peer must not hold up the shop; what lies beyond is near enough.
const ageOfFirstMissing = (log: ChangeLog, durable: VersionVector, nowMs: number): number => {
  let position = log.positionFor(durable)
  let ageMs = 0
  for (let read = 0; read < readsMax; read++) {
    const { entries, next } = log.read(position, readBytes)
    for (const { dot, wallMs } of entries) {
      ageMs = Math.max(0, nowMs - wallMs)
      if (!has(durable, dot)) return ageMs
    }
    if (entries.length === 0 || next === position) break
    position = next
  }
  return ageMs
}

const readsMax = 8
const readBytes = 16 * 1024
