/**
 * A domain event: one thing that happened, said in the shop's words to whoever follows it.
 *
 * It is a CloudEvent (1.0, JSON). Its id is the dot of the change that it was derived from, with a
 * number if the change says several things: whoever derives it, wherever and how often, gives it the
 * same id, by which a consumer knows that it had it before.
 */

import type { DataOf, EventType } from './catalogue.ts'

export interface DomainEvent<T extends EventType = EventType> {
  readonly specversion: '1.0'
  /** `<replica>:<counter>` for the first event of a change, `<replica>:<counter>/<n>` for the others. */
  readonly id: string
  /** `/replicas/<replica>`: whose change it was. */
  readonly source: string
  readonly type: T
  /** What it is about: `orders/…`, `products/…`. */
  readonly subject: string
  /** When the change was made. */
  readonly time: string
  /** The change's timestamp, which orders events of different replicas. */
  readonly hlc: string
  /** Who did it: `account/…`, `cart/…`, `node/…`. */
  readonly actor: string
  readonly data: DataOf<T>
}

/** What a deriver says of a change; the rest of the event follows from the change. */
export type Fact = {
  readonly [T in EventType]: {
    readonly type: T
    readonly subject: string
    readonly data: DataOf<T>
  }
}[EventType]

/** The id of the `index`-th event of a change; a later release adds at the end, so that ids stay. */
export const eventId = (dot: string, index: number): string =>
  index === 0 ? dot : `${dot}/${index}`

/** Whether a text can be an event's id. */
export const isEventId = (text: string): boolean =>
  /^[0-9a-f]{16}:[1-9][0-9]{0,15}(\/[1-9][0-9]{0,3})?$/.test(text)
