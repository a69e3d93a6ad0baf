/** A connection carries whole messages between two nodes, in order, until it closes: a WebSocket, or a simulated one. */

export interface Connection {
  /** Starts the events. `opened` comes at once, before `listen` returns, if the connection is open already. */
  listen(listener: ConnectionListener): void
  /** Queues one message; before the opening and after the close it is dropped. The bytes must not change afterwards. */
  send(bytes: Uint8Array): void
  /** Bytes that were queued and have not yet left this process. */
  bufferedBytes(): number
  /** Stops receiving; a few messages that arrived already may still be delivered. */
  pause(): void
  resume(): void
  /** Lets what was queued leave, then closes. Safe to call twice. */
  close(): void
}

export interface ConnectionListener {
  opened(): void
  received(bytes: Uint8Array): void
  /** Some of what was queued has left. */
  drained(): void
  /** Called once, also if the connection never opened. */
  closed(reason: string): void
}

/** Begins a connection to the node at `address`, `ws://host:port` or `wss://host:port`. */
export type Dial = (address: string) => Connection
