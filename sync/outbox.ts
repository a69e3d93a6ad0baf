/**
 * What a session sends: our log from the peer's vector on, as fast as the peer acknowledges it.
 *
 * The log is read by position and the peer's progress is counted in bytes, as TCP counts it, so the
 * state has one size however much is under way. A restart (`want`) only moves the position; the
 * bytes of the run before stay counted until the peer has passed over them.
 */

import { bottom, counterOf, isWithin, join, type VersionVector } from '../crdt/version-vector.ts'
import type { Dot, ReplicaId } from '../crdt/dot.ts'
import type { LogEntry, LogSlice } from './change-log.ts'
import type { Changes } from './frame.ts'
import { linkBytes } from './frame-fields.ts'
import * as limits from './limits.ts'

export interface Outbox {
  readonly run: number
  /** Where to read on; undefined until the peer has said what it has and the place was found. */
  readonly cursor: number | undefined
  /** Whether a read was asked for and not yet answered. One at a time keeps the order. */
  readonly reading: boolean
  /** Whether the log goes on after the cursor. */
  readonly behind: boolean
  /** Whether the peer lacks some of what we have folded: nothing is sent before it has pulled. */
  readonly isWithheld: boolean
  /** Bytes of changes sent in this session, and of these how many the peer has dealt with. */
  readonly sentBytes: number
  readonly settledBytes: number
  /** What the peer last said that it has, durably. */
  readonly durable: VersionVector
  /** What it has sent us since: it has that, too, and need not get it back. */
  readonly heard: VersionVector
}

export const empty: Outbox = {
  run: 0,
  cursor: undefined,
  reading: false,
  behind: false,
  isWithheld: false,
  sentBytes: 0,
  settledBytes: 0,
  durable: bottom,
  heard: bottom,
}

export interface ReadRequest {
  readonly position: number
  readonly bytesMax: number
}

/** The next read, if the log has more, none is under way and a whole frame still fits the window. */
export const nextRead = (outbox: Outbox): ReadRequest | undefined => {
  const inFlightBytes = outbox.sentBytes - outbox.settledBytes
  return outbox.cursor !== undefined &&
    outbox.behind &&
    !outbox.reading &&
    inFlightBytes + limits.frameBytesMax <= limits.inFlightBytesMax
    ? { position: outbox.cursor, bytesMax: limits.readBytesMax }
    : undefined
}

/** Whether the peer has dealt with all that our log held when we last looked. */
export const isSettled = (outbox: Outbox): boolean =>
  outbox.cursor !== undefined &&
  !outbox.behind &&
  !outbox.reading &&
  outbox.sentBytes === outbox.settledBytes

/** Whether the peer has dealt with all that was sent and still lacks some of what is below `floor`. */
export const lacks = (outbox: Outbox, floor: VersionVector): boolean =>
  outbox.cursor !== undefined &&
  !outbox.reading &&
  outbox.sentBytes === outbox.settledBytes &&
  mayLack(outbox, floor)

/** Whether the peer has not said to have all that is below `floor`; it may still be on the way to it. */
export const mayLack = ({ durable, heard }: Outbox, floor: VersionVector): boolean =>
  !isWithin(floor, join(durable, heard))

/** Sends nothing until the peer wants the stream to start anew. */
export const withhold = (outbox: Outbox): Outbox => ({
  ...outbox,
  cursor: undefined,
  behind: false,
  isWithheld: true,
})

/** What the peer has now. It is newer than all that the peer sent before it. */
export const learn = (outbox: Outbox, durable: VersionVector): Outbox => ({
  ...outbox,
  durable,
  heard: bottom,
})

/** The peer sent these changes, so it has them; `dots` are in log order, so each replica's rise. */
export const hear = (outbox: Outbox, dots: readonly Dot[]): Outbox => {
  const heard = new Map(outbox.heard)
  for (const { replica, counter } of dots) {
    if (counter > counterOf(heard, replica)) heard.set(replica, counter)
  }
  return { ...outbox, heard }
}

/** The peer says to have these, besides what it said before. */
export const learnMore = (outbox: Outbox, vector: VersionVector): Outbox => ({
  ...outbox,
  heard: join(outbox.heard, vector),
})

/** Forgets where it was, to be sought anew from what the peer has. */
export const restart = (outbox: Outbox, run: number, durable: VersionVector): Outbox => ({
  ...learn(outbox, durable),
  run,
  cursor: undefined,
  behind: false,
  isWithheld: false,
  reading: false,
})

export interface Parcel {
  readonly outbox: Outbox
  readonly frames: readonly Changes[]
  readonly changeCount: number
  /** Changes that no frame can carry. Their replicas must not be sent on, or a gap would open. */
  readonly unsendable: readonly Dot[]
}

export interface Packing {
  readonly end: number
  readonly quarantined: ReadonlySet<ReplicaId>
  /** Whether frames say what their changes continue. */
  readonly hasLinks: boolean
}

/** The frames that a slice of the log makes, without what the peer has and what is quarantined. */
export const pack = (
  outbox: Outbox,
  { entries, next, continued }: LogSlice,
  { end, quarantined, hasLinks }: Packing,
): Parcel => {
  const frames: Changes[] = []
  const unsendable = new Map<ReplicaId, Dot>()
  let sentBytes = outbox.sentBytes
  let changeCount = 0
  let changes: Uint8Array[] = []
  let links = new Map<ReplicaId, Uint8Array>()
  /** Whose changes are in the frame: only the first of each says what it continues. */
  let writers = new Set<ReplicaId>()
  let frameBytes = 0
  const seal = (): void => {
    if (changes.length === 0) return
    const { run } = outbox
    const said = hasLinks ? links : undefined
    frames.push({ kind: 'changes', run, offset: sentBytes, continued: said, changes })
    for (const change of changes) sentBytes += change.length
    changeCount += changes.length
    changes = []
    links = new Map()
    writers = new Set()
    frameBytes = 0
  }
  /** The link at which each replica's chain stands before the entry that is looked at. */
  const chain = new Map(continued)
  for (const { dot, bytes, hash } of entries) {
    const { replica, counter } = dot
    const before = chain.get(replica)
    chain.set(replica, hash)
    if (isKnown(outbox, dot) || quarantined.has(replica) || unsendable.has(replica)) continue
    if (bytes.length > limits.changeBytesMax) {
      unsendable.set(replica, dot)
      continue
    }
    const itemBytes = bytes.length + lengthBytesMax + linkBytes
    if (frameBytes + itemBytes > changesBytesMax) seal()
    if (before && counter > 1 && !writers.has(replica)) {
      links.set(replica, before)
      frameBytes += linkBytes
    }
    writers.add(replica)
    changes.push(bytes)
    frameBytes += bytes.length + lengthBytesMax
  }
  seal()
  return {
    outbox: { ...outbox, cursor: next, reading: false, behind: next < end, sentBytes },
    frames,
    changeCount,
    unsendable: [...unsendable.values()],
  }
}

// The length before each change takes at most this in a frame of 256 KiB.
const lengthBytesMax = 3

// A change of the largest size fits with its length and its link; the frame's head has room of its own.
const changesBytesMax = limits.changeBytesMax + lengthBytesMax + linkBytes

const isKnown = ({ durable, heard }: Outbox, { replica, counter }: LogEntry['dot']): boolean =>
  counter <= counterOf(durable, replica) || counter <= counterOf(heard, replica)
