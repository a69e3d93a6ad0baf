/**
 * A channel carries byte strings from any number of threads to one: a queue in memory that they share,
 * and a bell for when the receiver sleeps.
 *
 * Who sends pays for a wake-up only if the receiver has said that it sleeps, so that a burst costs one.
 * Who receives may stay awake for some microseconds when its queue is empty (`spinUs`): waking a thread
 * takes some fifty, and a receiver that waits a little for the next item saves them. It keeps its core
 * meanwhile, and its event loop, so that is for threads with nothing else to do.
 */

import type { Memory } from '../../native/memory.ts'
import { drainBytes, drainItems } from './limits.ts'

/** What another thread needs in order to send. */
export interface ChannelIds {
  readonly queue: number
  readonly bell: number
}

export interface Sender {
  /** Whether it was sent; false if the queue is full. */
  send(bytes: Uint8Array, length?: number): boolean
  close(): void
}

export interface Receiver {
  /** How many items wait. */
  waiting(): number
  close(): void
}

export interface ReceiverOptions {
  /** How long to stay awake when there is nothing; 0 is not at all. */
  readonly spinUs?: number
  /** The bytes are used again when it returns. */
  readonly received: (bytes: Buffer) => void
  /** Runs what it is given when other events had their turn: `setImmediate`. */
  readonly soon: (work: () => void) => void
}

/** A channel that nobody receives from yet. It is there until this is closed and both ends are. */
export const createChannel = (memory: Memory, capacity: number) => {
  const queue = memory.queues.create({ capacity })
  const bell = memory.bells.create()
  return {
    ids: { queue: queue.id, bell: bell.id } satisfies ChannelIds,
    close: () => {
      bell.close()
      queue.close()
    },
  }
}

/** Receives from a channel. Throws if that has been closed, or somebody receives from it already. */
export const openReceiver = (
  memory: Memory,
  { queue: queueId, bell: bellId }: ChannelIds,
  options: ReceiverOptions,
): Receiver => {
  const { spinUs = 0, received, soon } = options
  const queue = memory.queues.open(queueId)
  const bell = memory.bells.open(bellId)
  const lengths = new Uint32Array(drainItems)
  let target = Buffer.allocUnsafeSlow(drainBytes)
  let isClosed = false

  /** Receives what there is and fits; whether there was anything. */
  const receive = (): boolean => {
    const count = queue.popMany(target, lengths)
    if (count === 0) {
      const next = queue.nextLength()
      if (next === undefined || next <= target.length) return false
      target = Buffer.allocUnsafeSlow(next)
      return receive()
    }
    let at = 0
    for (let item = 0; item < count; item++) {
      const end = at + (lengths[item] ?? 0)
      received(target.subarray(at, end))
      at = end
    }
    return true
  }

  const wake = (): void => {
    if (isClosed) return
    const received = receive()
    if (isClosed) return
    if (received || queue.size() > 0) {
      // Others of this thread's events come first; what arrives meanwhile rings nobody.
      soon(wake)
      return
    }
    if (spinUs > 0 && queue.awaitItem(spinUs)) {
      wake()
      return
    }
    bell.sleep()
    // Between the last look and falling asleep something may have come, and rung for nobody.
    if (queue.size() > 0) {
      bell.stayAwake()
      soon(wake)
    }
  }

  bell.listen(wake)
  // Something may have been sent before anybody received.
  wake()
  return {
    waiting: () => queue.size(),
    close: () => {
      if (isClosed) return
      isClosed = true
      bell.stopListening()
      bell.close()
      queue.close()
    },
  }
}

/** Sends into the channel of another thread. Throws if that has been closed. */
export const openSender = (
  memory: Memory,
  { queue: queueId, bell: bellId }: ChannelIds,
): Sender => {
  const queue = memory.queues.open(queueId)
  const bell = memory.bells.open(bellId)
  return {
    send: (bytes, length = bytes.length) => {
      if (!queue.push(bytes, length)) return false
      bell.ring()
      return true
    },
    close: () => {
      bell.close()
      queue.close()
    },
  }
}
