/**
 * The events of capabilities that a later release brings. Their schemas stand here so that consumers
 * can be written; nothing publishes them yet, and their documentation says so.
 */

import { z } from 'zod'
import { Id, later, Money, Name } from './words.ts'

const UserId = Id.nullable().describe('The account; null for a guest.')

const Notice = z.object({ notificationId: Id, userId: Id, template: Name })

export const notificationEvents = {
  'notification.email': later('notification_events', 'An e-mail is to be sent', Notice),
  'notification.sms': later('notification_events', 'A text message is to be sent', Notice),
  'notification.push': later('notification_events', 'A push message is to be sent', Notice),
  'notification.in_app': later('notification_events', 'A message is to be shown', Notice),
} as const

export const searchEvents = {
  'search.query': later(
    'search_events',
    'Somebody searched',
    z.object({ query: Name, results: z.int(), userId: UserId }),
  ),
  'search.result.clicked': later(
    'search_events',
    'A result was chosen',
    z.object({ query: Name, productId: Id, rank: z.int(), userId: UserId }),
  ),
  'search.index.updated': later(
    'search_events',
    'A product was indexed',
    z.object({ productId: Id }),
  ),
} as const

export const analyticsEvents = {
  'analytics.page_view': later(
    'analytics_events',
    'A page was looked at',
    z.object({ page: Name, userId: UserId }),
  ),
  'analytics.user_event': later(
    'analytics_events',
    'Somebody did something that is counted',
    z.object({ name: Name, userId: UserId }),
  ),
  'analytics.sale': later(
    'analytics_events',
    'A sale was counted',
    z.object({ orderId: Id, value: Money }),
  ),
  'analytics.conversion': later(
    'analytics_events',
    'A visit became an order',
    z.object({ orderId: Id, cartId: Id.nullable(), userId: UserId }),
  ),
} as const

const Recommendation = z.object({ recommendationId: Id, userId: UserId, productId: Id })

export const recommendationEvents = {
  'recommendation.generated': later(
    'recommendation_events',
    'Products were recommended',
    z.object({ recommendationId: Id, userId: UserId, products: z.array(Id) }),
  ),
  'recommendation.clicked': later(
    'recommendation_events',
    'A recommendation was looked at',
    Recommendation,
  ),
  'recommendation.purchased': later(
    'recommendation_events',
    'What was recommended was bought',
    Recommendation,
  ),
} as const
