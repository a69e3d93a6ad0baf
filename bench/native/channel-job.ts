/** What is done over a channel between two threads, and what it tells. */

import type { ChannelIds } from '../../node/workers/channel.ts'

export type Way = 'channel' | 'postMessage'

export interface ChannelJob {
  readonly way: Way
  /**
   * `stream`: commands one way, as fast as they go. `hot`: there and back, one after the other.
   * `parked`: there and back, when both threads have slept for a while.
   */
  readonly what: 'stream' | 'hot' | 'parked'
  readonly count: number
}

/** What a worker thread is told: the channels there and back, by their ids. */
export interface PeerStart extends ChannelJob {
  readonly there: ChannelIds
  readonly back: ChannelIds
  readonly spinUs: number
}

export interface ChannelReport {
  readonly perSecond: number
  readonly p50Us: number
  readonly p99Us: number
  /** The share of a core that both threads took while nothing was sent for a second. */
  readonly idleShare: number
}

export const commandBytes = 200

/** Of what may be under way at once, so that a fast sender fills no memory. */
export const window = 1_024

/** How long both threads sleep before a `parked` round trip. */
export const parkedMs = 2
