/** The events' documentation, AsyncAPI 3, made of the same schemas that the events are checked against. */

import { z } from 'zod'
import {
  consumerGroups,
  documentOf,
  eventTypes,
  streams,
  streamsOf,
  type EventType,
} from './catalogue.ts'
import { exchangeOf, queues } from './exchanges.ts'

const laterNote = 'Produced by a later release: nothing publishes it yet.'

/** What consumers may expect of every event, whichever way it comes. */
const promise = `Every event is a CloudEvent 1.0 in JSON, derived from a durable change. It is published \
at least once, and its \`id\` is the same each time: a consumer that inserts the id in the transaction of \
its effect has each effect once. Events of one replica come in the order of its changes.`

export const describeEvents = (): object => ({
  asyncapi: '3.0.0',
  info: { title: 'Atoll events', version: '1', description: promise },
  defaultContentType: 'application/json',
  channels: {
    ...Object.fromEntries(streams.map((stream) => [stream, redisChannel(stream)])),
    ...Object.fromEntries(
      exchanges().map(([exchange, types]) => [exchange, amqpChannel(exchange, types)]),
    ),
    ...Object.fromEntries(queues.map((queue) => [queue.name, queueChannel(queue)])),
  },
  operations: Object.fromEntries(streams.map((stream) => [`follow_${stream}`, following(stream)])),
  components: { messages: Object.fromEntries(eventTypes.map((type) => [type, message(type)])) },
})

const refsOf = (types: readonly EventType[]) =>
  Object.fromEntries(types.map((type) => [type, { $ref: `#/components/messages/${type}` }]))

const redisChannel = (stream: (typeof streams)[number]) => ({
  address: stream,
  title: `Redis stream ${stream}`,
  description: `Fields of an entry: \`id\`, \`type\` and \`event\`, the event's JSON. Groups: ${consumerGroups.join(', ')}.`,
  messages: refsOf(eventTypes.filter((type) => streamsOf(type).includes(stream))),
})

const exchanges = (): readonly (readonly [string, readonly EventType[]])[] => [
  ...Map.groupBy(eventTypes, (type) => exchangeOf(type)),
]

const amqpChannel = (exchange: string, types: readonly EventType[]) => ({
  address: exchange,
  title: `RabbitMQ topic exchange ${exchange}`,
  description: "The routing key is the event's type.",
  messages: refsOf(types),
  bindings: {
    amqp: { is: 'routingKey', exchange: { name: exchange, type: 'topic', durable: true } },
  },
})

const queueChannel = ({ name, bindings }: (typeof queues)[number]) => ({
  address: name,
  title: `RabbitMQ queue ${name}`,
  description: bindings.map(({ exchange, key }) => `${exchange} by ${key}`).join('; '),
  messages: refsOf(
    eventTypes.filter((type) =>
      bindings.some(
        ({ exchange, key }) => exchange === exchangeOf(type) && (key === '#' || key === type),
      ),
    ),
  ),
  bindings: {
    amqp: { is: 'queue', queue: { name, durable: true, exclusive: false, autoDelete: false } },
  },
})

const following = (stream: string) => ({
  action: 'send',
  channel: { $ref: `#/channels/${stream}` },
  summary: `Events that a node writes to ${stream}`,
})

const message = (type: EventType) => {
  const { summary, data, release } = documentOf(type)
  return {
    name: type,
    title: type,
    summary,
    ...(release === 'later' ? { description: laterNote, 'x-release': 'later' } : {}),
    contentType: 'application/cloudevents+json',
    payload: {
      type: 'object',
      required: ['specversion', 'id', 'source', 'type', 'subject', 'time', 'hlc', 'actor', 'data'],
      properties: {
        specversion: { const: '1.0' },
        id: {
          type: 'string',
          description: 'The dot of the change, with a number if it says several things.',
        },
        source: { type: 'string', description: 'The replica whose change it was.' },
        type: { const: type },
        subject: { type: 'string' },
        time: { type: 'string', format: 'date-time' },
        hlc: {
          type: 'string',
          description: "The change's timestamp: it orders events of different replicas.",
        },
        actor: { type: 'string' },
        data: schemaOf(data),
      },
    },
  }
}

/** A schema as JSON Schema, without the address of the dialect, which AsyncAPI implies. */
export const schemaOf = (schema: z.ZodType): object => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7' })
  return rest
}
