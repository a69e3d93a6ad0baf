/**
 * Follows exchanges of RabbitMQ by a queue of the group's: several processes of one group share it. A
 * message that fails is given back after a while, and put aside as a dead letter after some tries; those
 * behind it are handled meanwhile. The connection is made anew whenever it is lost.
 */

import { connect, type ChannelModel, type ConfirmChannel, type ConsumeMessage } from 'amqplib'
import type { Follower, Subscription } from '../bus.ts'
import type { DomainEvent } from '../event.ts'
import { exchangeOfStream } from '../exchanges.ts'
import {
  claimIdleMs,
  connectMsMax,
  deliveriesMax,
  handleEventsMax,
  retryMsMax,
  retryMsMin,
} from '../limits.ts'
import { waitMs } from '../back-off.ts'
import { readEvent } from '../message.ts'
import type { Timers } from '../../../sync/surroundings.ts'
import { deadExchange, declareExchanges, queueOptions } from './topology.ts'

export interface RabbitFollowDeps {
  readonly url: string
  readonly prefix?: string
  readonly timers: Timers
  /** From 0 up to 1. */
  readonly chance: () => number
  readonly failed: (error: unknown) => void
}

export interface RabbitFollowOptions extends Subscription {
  readonly idleMs?: number
  readonly deliveries?: number
}

export const followRabbit = (deps: RabbitFollowDeps, options: RabbitFollowOptions): Follower => {
  const { url, prefix = '', timers, failed } = deps
  let isClosed = false
  let connection: ChannelModel | undefined

  const attend = async (): Promise<void> => {
    const opened = await connect(url, { timeout: connectMsMax })
    connection = opened
    opened.on('error', failed)
    const closed = new Promise<void>((resolve) => opened.on('close', () => resolve()))
    const channel = await opened.createConfirmChannel()
    channel.on('error', failed)
    channel.on('close', () => void opened.close().catch(() => undefined))
    await channel.prefetch(handleEventsMax)
    await declareExchanges(channel, prefix)
    const queue = prefix + options.group
    await channel.assertQueue(queue, queueOptions)
    for (const stream of options.streams) {
      await channel.bindQueue(queue, prefix + exchangeOfStream(stream), '#')
    }
    const desk = createDesk({ channel, prefix, timers, failed }, options)
    await channel.consume(queue, (message) => {
      if (message) desk.take(message)
      // The queue was deleted under us: it is made again with the connection.
      else void opened.close().catch(() => undefined)
    })
    failures = 0
    await closed
  }

  let failures = 0
  const run = async (): Promise<void> => {
    for (;;) {
      if (isClosed) return
      try {
        await attend()
      } catch (error) {
        failed(error)
        await connection?.close().catch(() => undefined)
      }
      if (isClosed) return
      const ms = waitMs(++failures, { min: retryMsMin, max: retryMsMax }, deps.chance())
      await new Promise<void>((resolve) => timers.after(ms, resolve))
    }
  }
  const running = run()

  return {
    close: async () => {
      isClosed = true
      await connection?.close().catch(() => undefined)
      await running
    },
  }
}

interface DeskDeps {
  readonly channel: ConfirmChannel
  readonly prefix: string
  readonly timers: Timers
  readonly failed: (error: unknown) => void
}

/** Hands over what came in, a batch at a time, and tells the broker what became of it. */
const createDesk = (deps: DeskDeps, options: RabbitFollowOptions) => {
  const { channel, prefix, timers, failed } = deps
  const { group, handle, observe } = options
  const idleMs = options.idleMs ?? claimIdleMs
  const deliveries = options.deliveries ?? deliveriesMax
  let waiting: ConsumeMessage[] = []
  let isBusy = false
  let isOver = false
  channel.on('close', () => {
    isOver = true
  })

  // Confirmed before the message is acknowledged: it is in one queue or the other at any moment.
  const putAside = async (message: ConsumeMessage, reason: string): Promise<void> => {
    const { properties, content, fields } = message
    const headers = { group, reason, deliveries: timesOf(message), exchange: fields.exchange }
    const { messageId, type, contentType } = properties
    channel.publish(prefix + deadExchange, fields.routingKey, content, {
      persistent: true,
      headers,
      messageId,
      type,
      contentType,
    })
    await channel.waitForConfirms()
    channel.ack(message)
    observe?.({ deadLettered: 1 })
  }

  const giveBack = (message: ConsumeMessage): void => {
    timers.after(idleMs, () => {
      if (!isOver) channel.nack(message, false, true)
    })
  }

  const handOver = async (messages: readonly ConsumeMessage[]): Promise<void> => {
    const events: DomainEvent[] = []
    const messagesById = new Map<string, ConsumeMessage[]>()
    for (const message of messages) {
      const read = readEvent(message.content.toString())
      if ('garbage' in read) {
        observe?.({ garbage: 1 })
        await putAside(message, read.garbage)
      } else if (timesOf(message) > deliveries) {
        await putAside(message, 'Its consumers ended without a word')
      } else {
        const own = messagesById.get(read.event.id)
        if (own) own.push(message)
        else {
          messagesById.set(read.event.id, [message])
          events.push(read.event)
        }
      }
    }
    if (events.length === 0) return
    const failures = new Map((await handle(events)).map(({ id, error }) => [id, error]))
    for (const [id, own] of messagesById) {
      for (const message of own) {
        if (!failures.has(id)) channel.ack(message)
        else if (timesOf(message) < deliveries) giveBack(message)
        else {
          const error = failures.get(id)
          await putAside(message, error instanceof Error ? error.message : String(error))
        }
      }
    }
    observe?.({ handled: events.length - failures.size, failed: failures.size })
  }

  const work = async (): Promise<void> => {
    isBusy = true
    try {
      for (;;) {
        if (waiting.length === 0 || isOver) break
        const messages = waiting
        waiting = []
        await handOver(messages)
      }
    } catch (error) {
      // What is not acknowledged comes again with the next connection.
      failed(error)
      await channel.close().catch(() => undefined)
    } finally {
      isBusy = false
    }
  }

  return {
    take: (message: ConsumeMessage): void => {
      waiting.push(message)
      // What comes in the same moment is one batch.
      if (!isBusy) {
        isBusy = true
        timers.after(0, () => void work())
      }
    },
  }
}

/** How often the message was handed over, this time included. */
const timesOf = ({ properties, fields }: ConsumeMessage): number => {
  const before: unknown = properties.headers?.['x-delivery-count']
  return typeof before === 'number' ? before + 1 : fields.redelivered ? 2 : 1
}
