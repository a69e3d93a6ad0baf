/** The exchanges and queues of the shop in RabbitMQ; all of them outlive a restart of the broker. */

import type { Channel } from 'amqplib'
import { exchanges, queues } from '../exchanges.ts'
import { deadLettersMax, streamLengthMax } from '../limits.ts'

/** Where messages go that nobody could handle; a queue of the same name keeps them. */
export const deadExchange = 'events.dead'
export const deadQueue = 'events.dead.letters'

/** Quorum queues count how often a message was handed over, and survive the loss of a broker. */
export const queueOptions = {
  durable: true,
  arguments: { 'x-queue-type': 'quorum', 'x-max-length': streamLengthMax },
}

export const declareExchanges = async (channel: Channel, prefix: string): Promise<void> => {
  for (const name of [...exchanges, deadExchange]) {
    await channel.assertExchange(prefix + name, 'topic', { durable: true })
  }
  await channel.assertQueue(prefix + deadQueue, {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-max-length': deadLettersMax },
  })
  await channel.bindQueue(prefix + deadQueue, prefix + deadExchange, '#')
}

/** The queues that the requirements name: what is published before their consumers come is kept. */
export const declareQueues = async (channel: Channel, prefix: string): Promise<void> => {
  for (const { name, bindings } of queues) {
    await channel.assertQueue(prefix + name, queueOptions)
    for (const { exchange, key } of bindings) {
      await channel.bindQueue(prefix + name, prefix + exchange, key)
    }
  }
}
