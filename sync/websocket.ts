/** Connections over WebSockets: the thin edge between the protocol and the network, for both sides of a call. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { Connection, ConnectionListener, Dial } from './connection.ts'
import * as limits from './limits.ts'

export const subprotocol = 'atoll.sync.v1'

/** Where a node takes calls from other nodes. */
export const path = '/sync/peers'

// Compression would let a small frame become a large one; changes are compact already.
const options = {
  perMessageDeflate: false,
  maxPayload: limits.frameBytesMax,
  // A frame is sent as one fragment; a network that cuts it into packets still needs this many.
  maxFragments: 16,
  maxBufferedChunks: 1024,
} as const

/** Dials the node at an address that `isAddress` has approved. */
export const dialWebSocket: Dial = (address) =>
  connectionOf(
    new WebSocket(new URL(path, address), subprotocol, {
      ...options,
      handshakeTimeout: limits.greetingMsMax,
      followRedirects: false,
    }),
  )

export interface SyncServer {
  /** Takes over an HTTP upgrade for `path`; refuses it with an HTTP answer if it is not a node's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): void
}

/** Turns upgrades into connections, which go to `accept`. */
export const createSyncServer = (accept: (connection: Connection) => void): SyncServer => {
  const server = new WebSocketServer({
    ...options,
    noServer: true,
    clientTracking: false,
    handleProtocols: () => subprotocol,
  })
  return {
    upgrade: (request, socket, head) => {
      const refusal = refusalOf(request)
      if (refusal) {
        socket.on('error', ignore)
        socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
        return
      }
      server.handleUpgrade(request, socket, head, (webSocket) => accept(connectionOf(webSocket)))
    },
    close: () => server.close(),
  }
}

const refusalOf = ({ headers }: IncomingMessage): string | undefined => {
  // Browsers always send an origin and nodes never do: no page may talk to this door.
  if (headers.origin !== undefined) return '403 Forbidden'
  const offered = headers['sec-websocket-protocol'] ?? ''
  const speaks = offered.split(',').some((protocol) => protocol.trim() === subprotocol)
  return speaks ? undefined : '400 Bad Request'
}

const ignore = (): void => undefined

const connectionOf = (webSocket: WebSocket): Connection => {
  let reason = ''
  let isClosing = false
  // From the first moment: an error without a listener ends the process.
  webSocket.on('error', (error) => {
    reason ||= error.message
  })
  const listen = (listener: ConnectionListener): void => {
    drained = () => listener.drained()
    webSocket.on('message', (data, isBinary) => {
      if (isBinary && data instanceof Uint8Array) listener.received(data)
      else webSocket.close(1003, 'binary only')
    })
    webSocket.on('close', (code, text) =>
      listener.closed(reason || `Closed with ${code} ${text.toString()}`.trim()),
    )
    if (webSocket.readyState === WebSocket.OPEN) listener.opened()
    else if (webSocket.readyState === WebSocket.CONNECTING) {
      webSocket.on('open', () => {
        if (webSocket.protocol === subprotocol) listener.opened()
        else webSocket.close(1002, 'subprotocol')
      })
    } else listener.closed(reason || 'Closed before it was used')
  }
  let drained = ignore
  // What arrives before anyone listens waits in the socket; one that is being dialled can be paused only
  // when it is open, and the peer's first frame may come with the answer that opens it.
  let isHeard = false
  webSocket.pause()
  webSocket.on('open', () => {
    if (!isHeard) webSocket.pause()
  })
  return {
    listen: (listener) => {
      isHeard = true
      listen(listener)
      webSocket.resume()
    },
    send: (bytes) => {
      if (webSocket.readyState === WebSocket.OPEN) webSocket.send(bytes, () => drained())
    },
    bufferedBytes: () => webSocket.bufferedAmount,
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    close: () => {
      if (isClosing) return
      isClosing = true
      // A paused socket would not see the answer to its close.
      webSocket.resume()
      webSocket.close(1000)
      // A peer that does not answer is not waited for.
      setTimeout(() => webSocket.terminate(), lingerMs).unref()
    },
  }
}

const lingerMs = 1_000
