/** Peers that do not read, that talk nonsense, and crowds that never come to the point: the node serves on. */

import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import * as changes from '../../sync/change.ts'
import * as frames from '../../sync/frame.ts'
import type { Frame } from '../../sync/frame.ts'
import { frameBytesMax, inFlightBytesMax } from '../../sync/limits.ts'
import { seededRandom, type Random } from '../crash-points/random.ts'
import { dial, helloOf, meet, type HostilePeer } from './hostile-peer.ts'
import {
  cleanUpProcesses,
  freePort,
  newDataDir,
  pause,
  request,
  residentMB,
  runCommand,
  signIn,
  startProcess,
  type NodeProcess,
} from './node-process.ts'
import { eventually, productBody, type Body } from './node-under-test.ts'
import { seedFor } from './seed.ts'

const isFull = process.env['ATOLL_TEST_SIZE'] === 'full'

let alice: NodeProcess
let headers: Readonly<Record<string, string>>

beforeAll(async () => {
  alice = await startProcess({ name: 'alice', port: await freePort(), dataDir: newDataDir() })
  headers = await signIn(alice.url)
})

afterAll(cleanUpProcesses)

/** Products with long descriptions: some twenty kilobytes of change each. */
const fillLog = async (megabytes: number): Promise<void> => {
  const linesPerBatch = 500
  const lines = megabytes * 50
  for (let first = 0; first < lines; first += linesPerBatch) {
    const text = Array.from({ length: Math.min(linesPerBatch, lines - first) }, (_, at) =>
      JSON.stringify({
        sku: `LONG-${first + at}`,
        name: 'Long',
        price: 1,
        description: 'x'.repeat(20_000),
      }),
    ).join('\n')
    const answer = await fetch(`${alice.url}/api/v1/products:batch`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-ndjson' },
      body: text,
    })
    await answer.text()
    expect(answer.status).toBe(200)
  }
}

/** How long each of `count` reads takes, in ms; all of them must be answered. */
const timeReads = async (path: string, count: number): Promise<readonly number[]> => {
  const times: number[] = []
  for (let at = 0; at < count; at++) {
    const startMs = performance.now()
    const { status } = await request(alice.url, 'GET', path)
    expect(status).toBe(200)
    times.push(performance.now() - startMs)
    await pause(5)
  }
  return times
}

const peerOf = ({ peers }: Body, wanted: string) => peers.find(({ name }) => name === wanted)

const p99 = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? Number.NaN

const beat = (settled: number): Frame => ({
  kind: 'beat',
  run: 0,
  offset: 0,
  settled,
  vector: new Map(),
  digest: '',
})

/** What we state in `docs/assumptions.md`: 16 MiB in flight, the socket's buffers, and what is not yet collected. */
const growthMBMax = 64

describe('a peer', () => {
  test(
    'that talks nonsense is shown out, whatever it says and however well it greeted',
    { timeout: 300_000 },
    async () => {
      const sessions = isFull ? 2_000 : 150
      const random = seededRandom(seedFor('nonsense'))
      const { body: product } = await request(alice.url, 'POST', '/api/v1/products', {
        headers,
        body: productBody(),
      })
      await strangeGreetings(random, sessions)
      const beforeMB = residentMB(alice.pid)
      let ended = 0
      const times: number[] = []
      for (let at = 0; at < sessions; at++) {
        const mallory = await meet({ port: alice.port })
        for (let sent = 0; sent < 3 && !mallory.isClosed(); sent++) {
          mallory.send(nonsense(mallory, random))
          await Promise.race([mallory.closed, pause(2)])
        }
        if (mallory.isClosed()) ended++
        mallory.end()
        const startMs = performance.now()
        const { status } = await request(alice.url, 'GET', `/api/v1/products/${product.id}`)
        expect(status).toBe(200)
        times.push(performance.now() - startMs)
      }
      const grownMB = residentMB(alice.pid) - beforeMB
      process.stdout.write(
        `a peer that talks nonsense: ${sessions} sessions, ${ended} ended by the node; ` +
          `memory grew by ${grownMB.toFixed(0)} MB; a read meanwhile takes p99 ${p99(times).toFixed(1)} ms\n`,
      )
      expect(ended).toBeGreaterThan(sessions / 2)
      expect(grownMB).toBeLessThan(growthMBMax)
      const { body } = await request(alice.url, 'GET', `/api/v1/products/${product.id}`)
      expect(body).toMatchObject({ name: product.name, price: product.price })
    },
  )
})

describe('a crowd of connections that never come to the point', () => {
  const each = 2_000

  const openSocket = (port: number): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(socket))
      socket.on('error', reject)
    })

  const upgrade =
    'GET /sync/peers HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
    'Sec-WebSocket-Protocol: atoll.sync.v1\r\n\r\n'

  test(
    `${each} that never say hello and ${each} that dawdle cost little, and shoppers are served`,
    { timeout: 120_000 },
    async () => {
      const { body: product } = await request(alice.url, 'POST', '/api/v1/products', {
        headers,
        body: productBody(),
      })
      const path = `/api/v1/products/${product.id}`
      const idle = await timeReads(path, 200)
      const beforeMB = residentMB(alice.pid)
      const silent: Socket[] = []
      const dawdling: Socket[] = []
      const begin = async (sockets: Socket[], text: string): Promise<void> => {
        const socket = await openSocket(alice.port).catch(() => undefined)
        if (!socket) return
        socket.on('error', () => undefined)
        // Who does not read is not told that he was shown out.
        socket.on('data', () => undefined)
        socket.write(text)
        sockets.push(socket)
      }
      const served = timeReads(path, 300)
      for (let at = 0; at < each; at += 50) {
        await Promise.all(
          Array.from({ length: 50 }, async () => {
            await begin(silent, upgrade)
            await begin(dawdling, 'GET / HTTP/1.1\r\nHost: a\r\nX-')
          }),
        )
        // A byte now and then, as somebody does who hopes not to be noticed.
        if (at % 500 === 0) for (const socket of dawdling) if (socket.writable) socket.write('x')
        await pause(10)
      }
      const crowded = [...(await served), ...(await timeReads(path, 200))]
      const grownMB = residentMB(alice.pid) - beforeMB
      const opened = silent.length + dawdling.length
      process.stdout.write(
        `a crowd of ${opened} connections: memory grew by ${grownMB.toFixed(0)} MB; ` +
          `a shopper's read takes p99 ${p99(crowded).toFixed(1)} ms, before it ${p99(idle).toFixed(1)} ms\n`,
      )
      expect(grownMB).toBeLessThan(256)
      expect(p99(crowded)).toBeLessThan(500)
      expect(opened).toBe(2 * each)
      // Who has not greeted in 5 s is shown out; who has not asked in 10 s, too, a little later.
      for (const sockets of isFull ? [silent, dawdling] : [silent]) {
        await eventually(async () => {
          expect(sockets.filter(({ readyState }) => readyState === 'open').length).toBe(0)
        })
      }
      for (const socket of [...silent, ...dawdling]) socket.destroy()
      // A node that means it still gets in.
      const friend = await meet({ port: alice.port, name: 'friend' })
      friend.end()
    },
  )
})

describe('a slow peer', () => {
  // Started anew, so that memory that was used before and is free again is not taken for nothing.
  beforeAll(async () => {
    await fillLog(isFull ? 160 : 24)
    await alice.stop()
    alice = await startProcess(alice)
  }, 120_000)

  test(
    'that stops reading costs a bounded amount, and nobody else waits',
    { timeout: 120_000 },
    async () => {
      const bob = await startProcess({
        name: 'bob',
        port: await freePort(),
        dataDir: newDataDir(),
        peers: [alice.port],
      })
      await eventually(async () => {
        const { body } = await request(alice.url, 'GET', '/api/v1/admin/replication', { headers })
        expect(peerOf(body, 'bob')).toMatchObject({ state: 'live', lagChanges: 0 })
      })
      const idle = await timeReads('/api/v1/products?limit=1', 100)
      const beforeMB = residentMB(alice.pid)

      const mallory = await meet({ port: alice.port, isForgetful: true })
      mallory.stopReading()
      let peakMB = beforeMB
      const seen: number[] = []
      for (let at = 0; at < 60; at++) {
        // It says that it lives, or it would be taken for gone.
        if (at % 20 === 0) mallory.send(frames.encode(beat(0)))
        const { body } = await request(alice.url, 'POST', '/api/v1/products', {
          headers,
          body: productBody(),
        })
        const startMs = performance.now()
        while ((await request(bob.url, 'GET', `/api/v1/products/${body.id}`)).status !== 200);
        seen.push(performance.now() - startMs)
        peakMB = Math.max(peakMB, residentMB(alice.pid))
        await pause(20)
      }
      const stalled = await timeReads('/api/v1/products?limit=1', 100)
      expect(mallory.isClosed()).toBe(false)
      const { body } = await request(alice.url, 'GET', '/api/v1/admin/replication', { headers })
      const sentMiB = Number(peerOf(body, 'mallory')?.bytesSent) / 2 ** 20
      process.stdout.write(
        `a peer that stops reading: ${sentMiB.toFixed(1)} MiB sent, memory grew by ${(peakMB - beforeMB).toFixed(0)} MB; ` +
          `a change is seen at another peer after p99 ${p99(seen).toFixed(0)} ms; ` +
          `a read takes p99 ${p99(stalled).toFixed(1)} ms, before it ${p99(idle).toFixed(1)} ms\n`,
      )
      expect(peakMB - beforeMB).toBeLessThan(growthMBMax)
      expect(p99(seen)).toBeLessThan(2_000)
      mallory.end()
      await bob.stop()
    },
  )

  test(
    'that reads and never acknowledges is sent 16 MiB and no more',
    { timeout: 120_000 },
    async () => {
      const beforeMB = residentMB(alice.pid)
      const mallory = await meet({ port: alice.port, isForgetful: true })
      let last = -1
      while (mallory.bytesReceived() !== last) {
        last = mallory.bytesReceived()
        mallory.send(frames.encode(beat(0)))
        await pause(500)
      }
      const grownMB = residentMB(alice.pid) - beforeMB
      process.stdout.write(
        `a peer that never acknowledges: ${(last / 1_048_576).toFixed(1)} MiB sent, ` +
          `memory grew by ${grownMB.toFixed(0)} MB\n`,
      )
      expect(last).toBeGreaterThan(inFlightBytesMax - 2 * frameBytesMax)
      // The heads of frames are not counted, and there is a beat now and then.
      expect(last).toBeLessThan(inFlightBytesMax + frameBytesMax)
      expect(grownMB).toBeLessThan(growthMBMax)
      mallory.end()
    },
  )
})

test('after all that it is the same process, it answers, and its directory is proven', async () => {
  expect((await request(alice.url, 'GET', '/live')).status).toBe(200)
  expect(await alice.stop()).toBe(0)
  const { status, output } = await runCommand(['verify', alice.dataDir])
  expect({ status, output }).toMatchObject({ status: 0 })
})

/** Nonsense before anything is proven: random bytes, texts, hellos with something wrong. */
const strangeGreetings = async (random: Random, count: number): Promise<void> => {
  for (let at = 0; at < count; at++) {
    const socket = dial(alice.port)
    await new Promise((resolve) => {
      socket.once('open', resolve)
      socket.once('close', resolve)
    })
    const hello = helloOf('mallory', '00000000000000aa' as Parameters<typeof helloOf>[1])
    const words = [randomBytesOf(random, 1 + random.below(2_000)), mutated(hello, random)]
    if (socket.readyState === WebSocket.OPEN) socket.send(random.pick(words))
    if (at % 10 === 0 && socket.readyState === WebSocket.OPEN) socket.send('text')
    await Promise.race([pause(2), new Promise((resolve) => socket.once('close', resolve))])
    socket.terminate()
  }
}

const randomBytesOf = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => random.below(256))

/** The same bytes with a few of them changed, taken out or put in. */
const mutated = (bytes: Uint8Array, random: Random): Uint8Array => {
  const made = [...bytes]
  for (let times = 1 + random.below(4); times > 0; times--) {
    const at = random.below(made.length + 1)
    const act = random.below(4)
    if (act === 0) made.splice(at, 1 + random.below(8))
    else if (act === 1) made.splice(at, 0, ...randomBytesOf(random, 1 + random.below(8)))
    else if (act === 2) made.length = at
    else if (at < made.length) made[at] = random.below(256)
  }
  return Uint8Array.from(made)
}

const nonsense = (peer: HostilePeer, random: Random): Uint8Array => {
  switch (random.below(4)) {
    case 0:
      return randomBytesOf(random, 1 + random.below(4_096))
    case 1:
      return mutated(frames.encode(properFrame(peer, random)), random)
    case 2:
      return frames.encode(lyingFrame(peer, random))
    default:
      return mutated(frames.encode(lyingFrame(peer, random)), random)
  }
}

const vectorOf = ({ replica }: HostilePeer) => new Map([[replica, 3]])

const properFrame = (peer: HostilePeer, random: Random): Frame =>
  random.pick<Frame>([
    beat(0),
    { kind: 'ack', offset: 0, vector: vectorOf(peer) },
    { kind: 'want', run: 1 + random.below(9), vector: vectorOf(peer) },
    {
      kind: 'changes',
      run: 0,
      offset: 0,
      continued: new Map(),
      changes: [changeOf(peer, random, new Uint8Array())],
    },
    { kind: 'peers', peers: [{ name: 'nobody', address: 'ws://127.0.0.1:1' }] },
    { kind: 'fork', dot: { replica: peer.replica, counter: 1 } },
    ...peer.heard.slice(0, 3),
  ])

/** Well formed, and not true: acks of what was never sent, changes with nonsense in them. */
const lyingFrame = (peer: HostilePeer, random: Random): Frame =>
  random.pick<Frame>([
    { kind: 'ack', offset: random.below(1e9), vector: vectorOf(peer) },
    { ...beat(random.below(1e9)), kind: 'beat' } as Frame,
    { kind: 'want', run: random.below(1e6) + 1, vector: vectorOf(peer) },
    {
      kind: 'changes',
      run: random.below(3),
      offset: random.below(1_000),
      continued: new Map([[peer.replica, randomBytesOf(random, 32)]]),
      changes: [changeOf(peer, random, randomBytesOf(random, random.below(200)))],
    },
    {
      kind: 'changes',
      run: 0,
      offset: 0,
      continued: new Map(),
      changes: [randomBytesOf(random, 1 + random.below(500))],
    },
  ])

/** A change with a right checksum; what it says of a product may be anything. */
const changeOf = ({ replica }: HostilePeer, random: Random, delta: Uint8Array): Uint8Array =>
  changes.encode({
    dot: { replica, counter: 1 + random.below(2) },
    time: { wallMs: Date.now() + random.below(200_000) - 100_000, logical: 0 },
    actor: 'admin/mallory',
    type: 'product.changed',
    requests: [],
    details: null,
    deltas:
      delta.length === 0 ? [] : [{ kind: 'product', id: 'aaaaaaaaaaaaaaaaaaaa', bytes: delta }],
  })
