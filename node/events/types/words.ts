/** The words that the schemas of all events share. */

import { z } from 'zod'

export const Id = z.string().min(1).max(255)
export const Name = z.string().max(1_000)
export const Units = z.int()
export const Minor = z.int().describe("Minor units of the order's currency.")
export const Money = z.object({
  amount: z.int().describe('Minor units.'),
  currency: z.string().length(3),
})

export type Stream =
  | 'user_events'
  | 'product_events'
  | 'order_events'
  | 'payment_events'
  | 'notification_events'
  | 'cart_events'
  | 'search_events'
  | 'analytics_events'
  | 'recommendation_events'

/** One type of event. */
export interface EventDocument<Data extends z.ZodType = z.ZodType> {
  readonly summary: string
  /** The streams that it is published to. */
  readonly streams: readonly [Stream, ...Stream[]]
  readonly data: Data
  /** `later`: the capability that it comes from is of a later release, and nothing publishes it yet. */
  readonly release: 'this' | 'later'
}

export const published = <Data extends z.ZodType>(
  stream: Stream,
  summary: string,
  data: Data,
  more: readonly Stream[] = [],
): EventDocument<Data> => ({ summary, streams: [stream, ...more], data, release: 'this' })

export const later = <Data extends z.ZodType>(
  stream: Stream,
  summary: string,
  data: Data,
): EventDocument<Data> => ({ summary, streams: [stream], data, release: 'later' })
