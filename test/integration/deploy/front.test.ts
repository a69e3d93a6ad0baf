/** The nginx in front of the nodes: what it lets through, to whom, and what it does when a node is gone. */

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import {
  cleanUpProcesses,
  freePort,
  newDataDir,
  request,
  signIn,
  startProcess,
  type NodeProcess,
} from '../node-process.ts'
import { eventually, productBody, variantIdOf } from '../node-under-test.ts'
import { isMissing } from '../services.ts'
import { prepareFront, whyNoFront, type Front } from './front.ts'

const skip = isMissing('front', whyNoFront())

describe.skipIf(skip)('the front', () => {
  let front: Front
  let nodes: readonly NodeProcess[]

  beforeAll(async () => {
    const ports = [await freePort(), await freePort()]
    const nobodysPort = await freePort()
    nodes = await Promise.all(
      ['eu', 'us'].map((name, index) =>
        startProcess({
          name,
          port: ports[index] ?? 0,
          dataDir: newDataDir(),
          peers: ports.filter((_, other) => other !== index),
          env: { ATOLL_TRUSTED_PROXIES: '1' },
        }),
      ),
    )
    front = await prepareFront([...ports, nobodysPort])
    await front.start()
  })

  afterAll(async () => {
    await front.close()
    await cleanUpProcesses()
  })

  test('is a configuration that nginx takes, with TLS', () => {
    const { status, output } = front.examine()
    expect(output).toContain('syntax is ok')
    expect(output).not.toContain('[warn]')
    expect(status).toBe(0)
  })

  test('sells through whichever nodes are there: one address was never there, and one goes away', async () => {
    const headers = await signIn(front.url)
    const product = await request(front.url, 'POST', '/api/v1/products', {
      headers,
      body: productBody({ sku: 'FRONT-1' }),
    })
    expect(product.status).toBe(201)
    const cart = await request(front.url, 'POST', '/api/v1/carts', { body: {} })
    expect(cart.status).toBe(201)
    const shopper = { 'x-cart-token': cart.body.token }
    const path = `/api/v1/carts/${cart.body.id}`
    const add = await request(front.url, 'POST', `${path}/intents`, {
      headers: shopper,
      body: {
        intents: [{ id: 'i1', type: 'add', variantId: variantIdOf(product.body), quantity: 2 }],
      },
    })
    expect(add.status).toBe(200)
    const quantityAt = async (url: string) => {
      const { status, text } = await request(url, 'GET', path, { headers: shopper })
      return status === 200
        ? (JSON.parse(text) as { lines: { quantity: number }[] }).lines[0]?.quantity
        : status
    }
    for (const { url } of nodes) {
      await eventually(async () => expect(await quantityAt(url)).toBe(2))
    }

    for (const node of nodes) {
      await node.stop()
      const seen = new Set<unknown>()
      for (let round = 0; round < 20; round += 1) seen.add(await quantityAt(front.url))
      expect([...seen]).toEqual([2])
      await startProcess({
        name: node.name,
        port: node.port,
        dataDir: node.dataDir,
        peers: nodes.filter((other) => other !== node).map(({ port }) => port),
      })
      const comesBack = `"node":"127.0.0.1:${node.port}"`
      const before = front.log().length
      await eventually(async () => {
        await request(front.url, 'GET', '/api/v1/products', {
          headers: { 'x-cart-token': `shopper-${performance.now()}` },
        })
        expect(front.log().slice(before)).toContain(comesBack)
      })
    }
  })

  test('keeps from shoppers what is for operators and for nodes', async () => {
    expect((await request(front.url, 'GET', '/metrics')).status).toBe(404)
    expect((await request(front.url, 'GET', '/sync/peers')).status).toBe(404)
    expect((await request(nodes[0]?.url ?? '', 'GET', '/metrics')).status).toBe(200)
  })

  test('speaks TLS 1.3, and nothing older', async () => {
    const handshake = (options: ConnectionOptions): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(
          { port: front.tlsPort, host: '127.0.0.1', rejectUnauthorized: false, ...options },
          () => {
            resolve(socket.getProtocol() ?? '')
            socket.destroy()
          },
        )
        socket.once('error', (error: Error & { readonly code?: string }) =>
          resolve(error.code ?? error.message),
        )
      })
    expect(await handshake({})).toBe('TLSv1.3')
    expect(await handshake({ maxVersion: 'TLSv1.2' })).toMatch(/PROTOCOL_VERSION/)
  })
})

describe.skipIf(skip)('what passes the front', () => {
  let front: Front
  const seen: IncomingMessage[] = []
  const behind = createServer((incoming, answer) => {
    seen.push(incoming)
    if (incoming.url !== '/sse/price-changes') {
      incoming.resume().on('end', () => answer.end(JSON.stringify(incoming.headers)))
      return
    }
    answer.writeHead(200, { 'content-type': 'text/event-stream' })
    answer.write('data: first\n\n')
  })
  const sockets = new WebSocketServer({ server: behind })
  sockets.on('connection', (socket, { url }) => {
    socket.on('error', () => socket.terminate())
    socket.on('message', (data: Buffer, isBinary) =>
      socket.send(isBinary ? data : `${url} ${data.toString()}`),
    )
  })

  beforeAll(async () => {
    await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve))
    front = await prepareFront([(behind.address() as AddressInfo).port])
    await front.start()
  })

  afterAll(async () => {
    await front.close()
    sockets.close()
    behind.closeAllConnections()
    behind.close()
  })

  test.each(['/ws/orders', '/sync/carts/c1?token=t1'])(
    'a WebSocket at %s, both ways',
    async (path) => {
      const socket = new WebSocket(`${front.url.replace('http', 'ws')}${path}`)
      const messages: (string | Buffer)[] = []
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.once('open', () => {
          socket.send('hello')
          socket.send(Buffer.from([0, 255, 7]))
        })
        socket.on('message', (data: Buffer, isBinary) => {
          messages.push(isBinary ? data : data.toString())
          if (messages.length === 2) resolve()
        })
      })
      expect(messages).toEqual([`${path} hello`, Buffer.from([0, 255, 7])])
      socket.terminate()
    },
  )

  test("the client's address, and not what the client says it is", async () => {
    const answer = await request(front.url, 'GET', '/api/v1/products', {
      headers: { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'gopher' },
    })
    expect(JSON.parse(answer.text)).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      host: '127.0.0.1',
    })
  })

  test('an event as soon as it happens, long before the stream ends', async () => {
    const answer = await fetch(`${front.url}/sse/price-changes`)
    const reader = answer.body?.getReader()
    const first = await reader?.read()
    expect(Buffer.from(first?.value ?? []).toString()).toBe('data: first\n\n')
    await reader?.cancel()
  })

  test('a catalog of any length, and no other body beyond two megabytes', async () => {
    const body = 'x'.repeat(3 * 1024 * 1024)
    const post = (path: string) =>
      fetch(`${front.url}${path}`, { method: 'POST', body }).then(({ status }) => status)
    expect(await post('/api/v1/products:batch')).toBe(200)
    expect(await post('/api/v1/products')).toBe(413)
  })

  test("its log without a cart's token", async () => {
    await request(front.url, 'GET', '/api/v1/carts/c1?token=s3cret')
    await eventually(async () => expect(front.log()).toContain('/api/v1/carts/c1'))
    expect(front.log()).not.toContain('s3cret')
    for (const line of front.log().trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
  })
})
