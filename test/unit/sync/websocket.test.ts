/** The WebSocket edge, over real loopback sockets. */

import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createMesh, type Mesh } from '../../../sync/mesh.ts'
import type { Clock, Timers } from '../../../sync/surroundings.ts'
import { createSyncServer, dialWebSocket, path, subprotocol } from '../../../sync/websocket.ts'
import { createMemoryLog, replicaOf, type MemoryLog } from './memory-log.ts'

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
const timers: Timers = {
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

interface Station {
  readonly mesh: Mesh
  readonly store: MemoryLog
  readonly port: number
}

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })

const start = async (name: string, number: number, dials: readonly number[]): Promise<Station> => {
  const store = createMemoryLog({ clock, timers })
  const mesh = createMesh({
    name,
    replica: () => replicaOf(number),
    clusterKey: new Uint8Array(32).fill(3),
    addresses: dials.map((port) => `ws://127.0.0.1:${port}`),
    schemaVersions: new Map(),
    log: store.log,
    intake: store.intake,
    exchange: store.exchange,
    clock,
    timers,
    random: (count) => randomBytes(count),
    dial: dialWebSocket,
    logger: { info: () => undefined, warn: () => undefined },
  })
  const sync = createSyncServer((connection) => mesh.accept(connection))
  const server = createServer()
  server.on('upgrade', (request, socket, head) => sync.upgrade(request, socket, head))
  const port = await listen(server)
  closers.push(() => {
    mesh.close()
    sync.close()
    server.close()
    server.closeAllConnections()
  })
  return { mesh, store, port }
}

describe('over real sockets', () => {
  test('two nodes exchange what they have and what comes later', async () => {
    const alice = await start('alice', 1, [])
    alice.store.write(replicaOf(1), 5_000, { bytes: 200 })
    const bob = await start('bob', 2, [alice.port])
    bob.store.write(replicaOf(2), 100)
    await vi.waitFor(() => expect(bob.store.log.end()).toBe(5_100), { timeout: 10_000 })
    await vi.waitFor(() => expect(alice.store.log.digest()).toBe(bob.store.log.digest()))
    alice.store.write(replicaOf(1), 1)
    alice.mesh.notifyLogGrew()
    await vi.waitFor(() => expect(bob.store.log.end()).toBe(5_101))
    expect(bob.mesh.peers()).toMatchObject([{ name: 'alice', state: 'live' }])
  })

  test('what a peer says before anybody listens is heard all the same', async () => {
    const server = createServer()
    const hasty = new WebSocketServer({ server })
    hasty.on('connection', (socket) => socket.send(Uint8Array.of(7)))
    closers.push(() => {
      hasty.close()
      server.close()
    })
    const connection = dialWebSocket(`ws://127.0.0.1:${await listen(server)}`)
    // So long that the answer to the upgrade is here, with the message right behind it.
    await new Promise((resolve) => setTimeout(resolve, 200))
    const heard: Uint8Array[] = []
    let opened = 0
    connection.listen({
      opened: () => opened++,
      received: (bytes) => heard.push(new Uint8Array(bytes)),
      drained: () => undefined,
      closed: () => undefined,
    })
    await vi.waitFor(() => expect(heard).toEqual([Uint8Array.of(7)]))
    expect(opened).toBe(1)
    connection.close()
  })

  test('a broken frame ends its connection and not the process', async () => {
    const alice = await start('alice', 1, [])
    const socket = connect(alice.port, '127.0.0.1')
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n` +
        `Sec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`,
    )
    await new Promise((resolve) => socket.once('data', resolve))
    // A reserved bit is set.
    socket.write(Uint8Array.from([0xf2, 0x80, 0, 0, 0, 0]))
    await new Promise((resolve) => socket.once('close', resolve))
    const bob = await start('bob', 2, [alice.port])
    await vi.waitFor(() => expect(bob.mesh.peers()).toMatchObject([{ state: 'live' }]), 5_000)
  })

  test.each([
    ['without the subprotocol', [], {}, 400],
    ['with an origin', [subprotocol], { origin: 'https://shop.example' }, 403],
  ])('an upgrade %s is refused', async (_, protocols, options, status) => {
    const alice = await start('alice', 1, [])
    const socket = new WebSocket(`ws://127.0.0.1:${alice.port}${path}`, protocols, options)
    const answer = await new Promise<number | undefined>((resolve) => {
      socket.on('error', () => undefined)
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
      socket.on('open', () => resolve(101))
    })
    expect(answer).toBe(status)
    socket.terminate()
  })

  test('a text message or one that is too long ends the session', async () => {
    const alice = await start('alice', 1, [])
    for (const message of ['hello', Buffer.alloc(300 * 1024)]) {
      const socket = new WebSocket(`ws://127.0.0.1:${alice.port}${path}`, subprotocol)
      socket.on('error', () => undefined)
      socket.on('open', () => socket.send(message))
      const code = await new Promise<number>((resolve) => socket.on('close', resolve))
      expect([1003, 1009]).toContain(code)
    }
  })
})
