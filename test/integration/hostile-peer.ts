/**
 * A peer that knows the cluster key and the protocol's words, and means no good: it greets as a node
 * does, and then does what the test tells it to.
 */

import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import { replicaIdOf, type ReplicaId } from '../../crdt/dot.ts'
import { prove, proofKeysOf } from '../../sync/auth.ts'
import * as frames from '../../sync/frame.ts'
import type { Frame } from '../../sync/frame.ts'
import { path, subprotocol } from '../../sync/websocket.ts'
import { clusterKey } from './node-under-test.ts'

export interface HostilePeer {
  readonly replica: ReplicaId
  /** The frames that the node has sent since the greeting. */
  readonly heard: readonly Frame[]
  bytesReceived(): number
  send(bytes: Uint8Array): void
  /** From here on nothing is taken out of the socket. */
  stopReading(): void
  /** Whether the node has ended it. */
  isClosed(): boolean
  readonly closed: Promise<void>
  end(): void
}

export interface HostileOptions {
  readonly port: number
  readonly name?: string
  /** Keeps no frames, only counts their bytes. */
  readonly isForgetful?: boolean
}

/** A connection that has not said anything yet. */
export const dial = (port: number): WebSocket => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, subprotocol, {
    perMessageDeflate: false,
  })
  socket.on('error', () => undefined)
  return socket
}

export const helloOf = (name: string, replica: ReplicaId): Uint8Array =>
  frames.encode({
    kind: 'hello',
    versions: { from: 1, to: 2 },
    capabilities: [],
    name,
    replica,
    nonce: new Uint8Array(randomBytes(frames.nonceBytes)),
    addresses: [],
  })

/** Greets the node and resolves when both are live; rejects if it will not have us. */
export const meet = async ({
  port,
  name = 'mallory',
  isForgetful = false,
}: HostileOptions): Promise<HostilePeer> => {
  const replica = replicaIdOf(new Uint8Array(randomBytes(8)))
  const keys = proofKeysOf(clusterKey)
  const hello = helloOf(name, replica)
  const socket = dial(port)
  const heard: Frame[] = []
  let bytesReceived = 0
  let isClosed = false
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isClosed = true
      resolve()
    })
  })
  const send = (bytes: Uint8Array): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(bytes)
  }
  const live = new Promise<void>((resolve, reject) => {
    socket.on('open', () => send(hello))
    socket.on('message', (data) => {
      const bytes = data as Buffer
      bytesReceived += bytes.length
      const frame = isForgetful && bytes.length > 1_024 ? undefined : frames.decode(bytes)
      if (frame?.kind === 'hello') {
        const hellos = { initiator: hello, acceptor: new Uint8Array(bytes) }
        send(frames.encode({ kind: 'prove', proof: prove(keys, 'initiator', hellos) }))
      } else if (frame?.kind === 'prove') {
        send(frames.encode(readyWithNothing))
      } else if (frame?.kind === 'refuse') {
        reject(new Error(`Refused: ${frame.code} ${frame.sentence}`))
      } else {
        resolve()
        if (frame && !isForgetful) heard.push(frame)
      }
    })
    void closed.then(() => reject(new Error('Closed before the greeting was over')))
  })
  await live
  return {
    replica,
    heard,
    send,
    closed,
    bytesReceived: () => bytesReceived,
    stopReading: () => socket.pause(),
    isClosed: () => isClosed,
    end: () => socket.terminate(),
  }
}

const readyWithNothing: Frame = {
  kind: 'ready',
  heads: new Map(),
  floor: new Map(),
  digest: '',
  schemas: new Map(),
}
