/**
 * Publishes to RabbitMQ: topic exchanges, the type as routing key, and the broker's confirmation before
 * anything counts as published. The mark is the one message of a queue that holds no more than one; it
 * is compared whenever a connection is new, and now and then.
 */

import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib'
import { Fault } from '../../fault.ts'
import type { Outlet } from '../bus.ts'
import { streamsOf } from '../catalogue.ts'
import type { DomainEvent } from '../event.ts'
import { exchangeOfStream } from '../exchanges.ts'
import { answerMsMax, connectMsMax } from '../limits.ts'
import { writeEvent } from '../message.ts'
import type { Timers } from '../../../sync/surroundings.ts'
import { within } from '../within.ts'
import { declareExchanges, declareQueues } from './topology.ts'

export interface RabbitOutletOptions {
  readonly url: string
  readonly publisher: string
  /** Before the names of exchanges and queues; nothing by default. */
  readonly prefix?: string
  readonly timers: Timers
}

export const marksPrefix = 'event_marks.'

export const createRabbitOutlet = (options: RabbitOutletOptions): Outlet => {
  const { url, publisher, prefix = '', timers } = options
  const markQueue = `${prefix}${marksPrefix}${publisher}`
  let connection: ChannelModel | undefined
  let channel: ConfirmChannel | undefined
  let isCompared = false
  let isClosed = false

  const open = async (): Promise<ConfirmChannel> => {
    if (channel) return channel
    if (isClosed) throw new Fault('shutting_down', 'The publisher is closed')
    await drop()
    isCompared = false
    const made = await connect(url, { timeout: connectMsMax })
    connection = made
    // Without listeners the process would end with the connection.
    made.on('error', () => undefined)
    made.on('close', forget)
    const opened = await made.createConfirmChannel()
    opened.on('error', () => undefined)
    opened.on('close', forget)
    await declareExchanges(opened, prefix)
    await declareQueues(opened, prefix)
    await opened.assertQueue(markQueue, {
      durable: true,
      arguments: { 'x-max-length': 1, 'x-overflow': 'drop-head' },
    })
    channel = opened
    return opened
  }
  const forget = (): void => {
    channel = undefined
  }
  const drop = async (): Promise<void> => {
    const old = connection
    connection = undefined
    channel = undefined
    // One that is gone already has nothing left to close.
    await old?.close().catch(() => undefined)
  }

  const answered = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await within(timers, answerMsMax, work())
    } catch (error) {
      await drop()
      throw error
    }
  }

  const readMark = async (on: ConfirmChannel): Promise<number | undefined> => {
    const message = await on.get(markQueue, { noAck: false })
    if (message === false) return undefined
    on.nack(message, false, true)
    const mark = Number(message.content.toString())
    return Number.isSafeInteger(mark) && mark >= 0 ? mark : undefined
  }

  const send = (on: ConfirmChannel, event: DomainEvent): void => {
    const content = Buffer.from(writeEvent(event))
    for (const stream of streamsOf(event.type)) {
      on.publish(prefix + exchangeOfStream(stream), event.type, content, {
        persistent: true,
        messageId: event.id,
        type: event.type,
        contentType: 'application/cloudevents+json',
        timestamp: Math.floor(Date.parse(event.time) / 1_000),
      })
    }
  }

  return {
    mark: () => answered(async () => readMark(await open())),
    publish: ({ events, expected, mark }) =>
      answered(async () => {
        const on = await open()
        if (!isCompared) {
          const stands = await readMark(on)
          isCompared = true
          if (stands !== expected) return { done: false, mark: stands }
        }
        for (const event of events) send(on, event)
        await on.waitForConfirms()
        on.sendToQueue(markQueue, Buffer.from(String(mark)), { persistent: true })
        await on.waitForConfirms()
        return { done: true }
      }),
    close: async () => {
      isClosed = true
      await drop()
    },
  }
}
