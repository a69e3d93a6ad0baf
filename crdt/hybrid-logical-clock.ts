/**
 * A clock that never runs backwards, follows what it hears from others, and stays near physical time.
 *
 * A timestamp is the largest physical time its replica knew of, a logical counter for events within
 * one millisecond, and the replica as the last tie-break, so that any two timestamps differ.
 *
 * Why not let the clock follow any timestamp it receives? One node with a wrong clock, or an attacker,
 * could then win every register for years. A timestamp too far ahead of our physical clock is refused
 * and leaves the clock where it was.
 *
 * Source: Kulkarni et al., "Logical Physical Clocks", OPODIS 2014.
 */

import { isReplicaId, type ReplicaId } from './dot.ts'

export interface Timestamp {
  /** Physical milliseconds since 1970. */
  readonly wallMs: number
  /** Orders events of one millisecond, 0 to 65,535. */
  readonly logical: number
  readonly replica: ReplicaId
}

/** The clock's memory: the last reading it gave or took. */
export interface Clock {
  readonly wallMs: number
  readonly logical: number
}

export const bottom: Clock = { wallMs: 0, logical: 0 }

/** How far ahead of our physical clock a timestamp may be: the drift of a badly kept machine, with room. */
export const driftMsMax = 60_000

/** A millisecond with more events than this borrows from the next one. */
export const logicalMax = 0xffff

/** The last millisecond that a timestamp can name: the end of the year 9999, so that its text sorts. */
export const wallMsMax = 253_402_300_799_999

/** The clock's next reading; always greater than every reading and receipt before it. */
export const tick = (clock: Clock, nowMs: number): Clock => {
  if (nowMs > clock.wallMs) return { wallMs: nowMs, logical: 0 }
  return clock.logical < logicalMax
    ? { wallMs: clock.wallMs, logical: clock.logical + 1 }
    : { wallMs: clock.wallMs + 1, logical: 0 }
}

/** Whether a timestamp is too far ahead of `nowMs` to be trusted. */
export const isTooFarAhead = (stamp: Pick<Timestamp, 'wallMs'>, nowMs: number): boolean =>
  stamp.wallMs > nowMs + driftMsMax

/** The clock after it has heard of `stamp`; a stamp that is too far ahead leaves it unmoved. */
export const receive = (clock: Clock, stamp: Timestamp, nowMs: number): Clock =>
  isTooFarAhead(stamp, nowMs) || compareReadings(stamp, clock) <= 0
    ? clock
    : { wallMs: stamp.wallMs, logical: stamp.logical }

/** The later of two readings. */
export const later = (a: Clock, b: Clock): Clock => (compareReadings(a, b) < 0 ? b : a)

/** The earlier of two readings. */
export const earlier = (a: Clock, b: Clock): Clock => (compareReadings(a, b) < 0 ? a : b)

const compareReadings = (a: Clock, b: Clock): number => a.wallMs - b.wallMs || a.logical - b.logical

/** A total order that agrees with causality. */
export const compare = (a: Timestamp, b: Timestamp): number =>
  compareReadings(a, b) || (a.replica < b.replica ? -1 : a.replica > b.replica ? 1 : 0)

/** `2026-01-31T12:00:00.000Z-0000-<replica>`: text that sorts as `compare` does. */
export const format = ({ wallMs, logical, replica }: Timestamp): string =>
  `${new Date(wallMs).toISOString()}-${logical.toString(16).padStart(4, '0')}-${replica}`

/** The timestamp written as `text`, or undefined if it is none. */
export const parse = (text: string): Timestamp | undefined => {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)-([0-9a-f]{4})-([0-9a-f]{16})$/.exec(text)
  const [, iso = '', logical = '', replica = ''] = match ?? []
  const wallMs = Date.parse(iso)
  if (!Number.isFinite(wallMs) || wallMs < 0 || !isReplicaId(replica)) return undefined
  const stamp = { wallMs, logical: Number.parseInt(logical, 16), replica }
  // Date takes the 31st of February for a day in March: such a text would not sort where it belongs.
  return format(stamp) === text ? stamp : undefined
}
