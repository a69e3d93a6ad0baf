/**
 * A byte line is a stream between two threads, over a message port: what one end writes the other reads.
 *
 * It stands in for a socket where a request must reach the core's thread as it comes: uploads without an
 * end in sight, answers that go on for hours, and connections that become WebSockets. Nobody else can
 * dial it, and it ends when either thread does.
 *
 * One chunk is under way at a time in each direction: the next is sent when the reader has taken it, so
 * that a slow reader holds up the writer instead of filling the memory.
 */

import { Duplex } from 'node:stream'
import type { MessagePort } from 'node:worker_threads'

const taken = 0
const ended = 1

export interface ByteLine extends Duplex {
  /** Where the client is, as a socket would tell. */
  remoteAddress?: string
}

export const createByteLine = (port: MessagePort, remoteAddress?: string): ByteLine => {
  let goOn: ((error?: Error) => void) | undefined
  let owesTaken = false
  let isEnded = false

  const send = (bytes: Uint8Array, done: (error?: Error | null) => void): void => {
    goOn = done
    // A copy with memory of its own: a slice of Node's pool would take its neighbours along.
    const copy = new Uint8Array(bytes)
    port.postMessage(copy, [copy.buffer])
  }

  const line: ByteLine = new Duplex({
    read: () => {
      if (!owesTaken) return
      owesTaken = false
      port.postMessage(taken, [])
    },
    write: (chunk: Buffer, _encoding, done) => send(chunk, done),
    writev: (chunks, done) => send(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done),
    final: (done) => {
      port.postMessage(ended, [])
      done()
    },
    destroy: (error, done) => {
      port.close()
      goOn?.(error ?? undefined)
      goOn = undefined
      done(error)
    },
  })
  port.on('message', (message: Uint8Array | typeof taken | typeof ended) => {
    if (message === ended) {
      isEnded = true
      line.push(null)
    } else if (message === taken) {
      const done = goOn
      goOn = undefined
      done?.()
    } else if (line.push(Buffer.from(message.buffer as ArrayBuffer))) port.postMessage(taken, [])
    else owesTaken = true
  })
  port.on('close', () => {
    // What came before the end may still have to be read; without an end the other side broke off.
    if (!isEnded) line.destroy()
    else goOn?.(new Error('The other end is gone'))
  })
  // What HTTP asks of its sockets. How long silence may last is for the worker's socket to say.
  return Object.assign(line, {
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
    setTimeout: () => line,
    setNoDelay: () => line,
    setKeepAlive: () => line,
  })
}
