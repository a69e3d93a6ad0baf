/** Every type of event there is, with its schema, the streams that carry it, and who follows them. */

import type { z } from 'zod'
import {
  analyticsEvents,
  notificationEvents,
  recommendationEvents,
  searchEvents,
} from './types/later.ts'
import { cartEvents, orderEvents, paymentEvents, productEvents, userEvents } from './types/shop.ts'
import type { EventDocument, Stream } from './types/words.ts'

export type { Stream } from './types/words.ts'

export const catalogue = {
  ...userEvents,
  ...productEvents,
  ...orderEvents,
  ...paymentEvents,
  ...cartEvents,
  ...notificationEvents,
  ...searchEvents,
  ...analyticsEvents,
  ...recommendationEvents,
} as const satisfies Readonly<Record<string, EventDocument>>

export type EventType = keyof typeof catalogue
export type DataOf<T extends EventType> = Readonly<z.infer<(typeof catalogue)[T]['data']>>

export const isEventType = (text: string): text is EventType => Object.hasOwn(catalogue, text)

export const eventTypes = Object.keys(catalogue) as readonly EventType[]

export const documentOf = (type: EventType): EventDocument => catalogue[type]

export const streams = [
  'user_events',
  'product_events',
  'order_events',
  'payment_events',
  'notification_events',
  'cart_events',
  'search_events',
  'analytics_events',
  'recommendation_events',
] as const satisfies readonly Stream[]

/** The streams that a type is published to, its own first. */
export const streamsOf = (type: EventType): readonly Stream[] => catalogue[type].streams

/** The groups that follow the streams, by the capability that brings each. */
export const consumerGroups = [
  'notification_consumer',
  'analytics_consumer',
  'search_consumer',
  'recommendation_consumer',
  'audit_consumer',
] as const
