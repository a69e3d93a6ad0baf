/**
 * The bus as the node sees it: a place to publish to, and streams to follow. Three are built: the log
 * itself, Redis Streams, and RabbitMQ; one suite of tests holds for all of them.
 */

import type { Handle } from './consumer.ts'
import type { Stream } from './catalogue.ts'
import type { DomainEvent } from './event.ts'

/**
 * Where a publisher's events go. A bus keeps a mark for each publisher: how far it has come, as the bus
 * itself remembers. So a bus that was wiped, or lost its last second, is found out and filled again.
 */
export interface Outlet {
  /** The mark that the bus has for this publisher; undefined if it has none. */
  mark(): Promise<number | undefined>
  /**
   * Publishes the events and moves the mark, when the bus says that it has them. Or publishes nothing
   * and answers with the mark that stands there, if it is not the expected one.
   */
  publish(batch: Batch): Promise<Published>
  close(): Promise<void>
}

export interface Batch {
  readonly events: readonly DomainEvent[]
  readonly expected: number | undefined
  readonly mark: number
}

export type Published =
  { readonly done: true } | { readonly done: false; readonly mark: number | undefined }

export interface Subscription {
  /** The group's name: of several processes that follow as one group each event goes to one. */
  readonly group: string
  readonly streams: readonly Stream[]
  readonly handle: Handle
  readonly observe?: (counts: FollowCounts) => void
}

/** What became of messages since the last call. */
export interface FollowCounts {
  readonly handled?: number
  readonly failed?: number
  readonly deadLettered?: number
  /** Messages that are no event of ours. */
  readonly garbage?: number
  /** Messages that the bus dropped before they were handled. */
  readonly trimmed?: number
}

/** A subscription that goes on until it is closed; it survives the bus being away. */
export interface Follower {
  close(): Promise<void>
}
