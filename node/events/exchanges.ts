/** Where an event goes in RabbitMQ: the exchange of its family, and the queues that are made for a start. */

import { documentOf, streams, type EventType, type Stream } from './catalogue.ts'

export const exchangeOfStream = (stream: Stream): string => stream.replace('_', '.')

/** `order.created` goes to `order.events`; its type is the routing key. */
export const exchangeOf = (type: EventType): string => exchangeOfStream(documentOf(type).streams[0])

export const exchanges: readonly string[] = streams.map(exchangeOfStream)

export interface QueueRoute {
  readonly name: string
  readonly bindings: readonly { readonly exchange: string; readonly key: string }[]
}

/** The queues that the requirements name; a node declares them, so that nothing is lost before a consumer comes. */
export const queues: readonly QueueRoute[] = [
  { name: 'auth.user.created', bindings: [{ exchange: 'user.events', key: 'user.created' }] },
  {
    name: 'notifications.order.created',
    bindings: [{ exchange: 'order.events', key: 'order.created' }],
  },
  {
    name: 'analytics.all.events',
    bindings: exchanges.map((exchange) => ({ exchange, key: '#' })),
  },
]
